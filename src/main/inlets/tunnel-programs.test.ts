import { describe, expect, it } from 'vitest'
import type { TunnelSetUp } from '../../shared/inlets.ts'
import { programOf } from './tunnel-programs.ts'
import { readTunnel } from './tunnel-set-up.ts'

const ssh = { kind: 'ssh', destination: 'me@bastion', remotePort: 8080, origin: 'https://in.example.net' } as const
const addresses = (setUp: TunnelSetUp, output: string): readonly string[] =>
  output
    .split('\n')
    .map(programOf(setUp, 4711).originOf)
    .filter((one): one is string => one !== null)
const words = (setUp: TunnelSetUp, output: string): readonly (string | null)[] => output.split('\n').map(programOf(setUp, 4711).wordsOf)

describe('cloudflared', () => {
  const setUp = { kind: 'cloudflared' } as const
  it('is run without updating itself', () => {
    expect(programOf(setUp, 4711).arguments).toEqual(['tunnel', '--no-autoupdate', '--url', 'http://127.0.0.1:4711'])
  })

  it('tells its address in a box, and neither terms nor the service nor a stranger’s request is taken for it', () => {
    const output = `2025-01-02T03:04:05Z INF Thank you for trying Cloudflare Tunnel. … (https://www.cloudflare.com/website-terms/), and … https://developers.cloudflare.com/cloudflare-one/connections/connect-apps
2025-01-02T03:04:05Z INF Requesting new quick Tunnel on trycloudflare.com...
2025-01-02T03:04:08Z INF +--------------------------------------------------------------------------------------------+
2025-01-02T03:04:08Z INF |  Your quick Tunnel has been created! Visit it at (it may take some time to be reachable):  |
2025-01-02T03:04:08Z INF |  https://some-random-words-here.trycloudflare.com                                          |
2025-01-02T03:04:08Z INF +--------------------------------------------------------------------------------------------+
2025-01-02T03:04:09Z INF |  https://api.trycloudflare.com  |
2025-01-02T03:05:00Z ERR Request failed error="Unable to reach the origin service" dest=https://some-random-words-here.trycloudflare.com/in/x?https://evil.trycloudflare.com event=0 type=http`
    expect(addresses(setUp, output)).toEqual(['https://some-random-words-here.trycloudflare.com'])
  })

  it('is quoted without its clock and its chatter', () => {
    const output = `2025-01-02T03:04:05Z INF Requesting new quick Tunnel on trycloudflare.com...
2025-01-02T03:04:06Z ERR failed to connect error="no route"
failed to request quick Tunnel: Post "https://api.trycloudflare.com/tunnel": dial tcp: lookup api.trycloudflare.com: no such host`
    expect(words(setUp, output)).toEqual([
      null,
      'failed to connect error="no route"',
      'failed to request quick Tunnel: Post "https://api.trycloudflare.com/tunnel": dial tcp: lookup api.trycloudflare.com: no such host',
    ])
    expect(addresses(setUp, output)).toEqual([])
  })
})

describe('ngrok', () => {
  const setUp = { kind: 'ngrok', domain: 'mine.ngrok.app' } as const
  it('is asked for a log that can be read, and for a domain where there is one', () => {
    const plain = ['http', '127.0.0.1:4711', '--log', 'stdout', '--log-format', 'json']
    expect(programOf({ kind: 'ngrok', domain: null }, 4711).arguments).toEqual(plain)
    expect(programOf(setUp, 4711).arguments).toEqual([...plain, '--url', 'https://mine.ngrok.app'])
  })

  it('tells its address in the entry of a started tunnel only', () => {
    const output = `{"lvl":"info","msg":"starting web service","obj":"web","addr":"127.0.0.1:4040","allow_hosts":null}
{"lvl":"info","msg":"client session established","obj":"csess","url":"https://ngrok.com/docs"}
not json at all
{"addr":"http://127.0.0.1:4711","lvl":"info","msg":"started tunnel","name":"command_line","obj":"tunnels","t":"2025-01-02T03:04:05Z","url":"https://ab12-203-0-113-7.ngrok-free.app"}
{"lvl":"info","msg":"started tunnel","url":"http://plain.ngrok-free.app"}
{"lvl":"info","msg":"started tunnel","url":7}
null`
    expect(addresses(setUp, output)).toEqual(['https://ab12-203-0-113-7.ngrok-free.app'])
  })

  it('is quoted with its errors and nothing else', () => {
    const output = `{"lvl":"info","msg":"open config file","path":"/x","err":null}
{"err":"authentication failed: Usage of ngrok requires a verified account.\\n\\r\\nERR_NGROK_4018\\r\\n","lvl":"eror","msg":"failed to auth"}
{"lvl":"crit","msg":"command failed"}
ERROR:  ERR_NGROK_4018`
    expect(words(setUp, output)).toEqual([
      null,
      'authentication failed: Usage of ngrok requires a verified account. ERR_NGROK_4018 ',
      'command failed',
      'ERR_NGROK_4018',
    ])
  })
})

describe('Tailscale Funnel', () => {
  it('tells its address on a line of its own, and the page where Funnel is switched on is none', () => {
    const setUp = { kind: 'tailscale' } as const
    const output = `Funnel is not enabled on your tailnet.
To enable, visit:

         https://login.tailscale.com/f/funnel?node=nAbCdEf

Available on the internet:

https://desk.tail1a2b3.ts.net/
|-- proxy http://127.0.0.1:4711

Press Ctrl+C to exit.`
    expect(programOf(setUp, 4711).arguments).toEqual(['funnel', '4711'])
    expect(addresses(setUp, output)).toEqual(['https://desk.tail1a2b3.ts.net'])
    expect(addresses(setUp, 'https://desk.tail1a2b3.ts.net:8443/')).toEqual(['https://desk.tail1a2b3.ts.net:8443'])
  })
})

describe('ssh', () => {
  it('is asked to fail where the port is taken, never to ask for a password, and not to share a connection', () => {
    const { arguments: given } = programOf(ssh, 4711)
    expect(given.slice(-4)).toEqual(['-R', '8080:127.0.0.1:4711', '--', 'me@bastion'])
    for (const option of [
      'BatchMode=yes',
      'ExitOnForwardFailure=yes',
      'ServerAliveInterval=15',
      'ServerAliveCountMax=2',
      'ControlPath=none',
    ]) {
      expect(given[given.indexOf(option) - 1]).toBe('-o')
    }
  })

  it('is up when the far end has taken the port, and is quoted without what it says for debugging', () => {
    const output = `OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.19 27 Jan 2026
debug1: Reading configuration data /etc/ssh/ssh_config
debug1: remote forward failure for: listen 8080, connect 127.0.0.1:4711
Error: remote port forwarding failed for listen port 8080`
    expect(addresses(ssh, output)).toEqual([])
    expect(words(ssh, output).filter((one) => one !== null)).toEqual(['Error: remote port forwarding failed for listen port 8080'])
    expect(addresses(ssh, 'debug1: remote forward success for: listen 8080, connect 127.0.0.1:4711')).toEqual([ssh.origin])
  })
})

describe('a command', () => {
  const setUp = { kind: 'command', command: ['mine'], origin: null } as const
  const told = 'https://real.mytunnel.dev'

  it.each([
    told,
    `  -> ${told}/ <-`,
    `url: ${told}`,
    `{"level":"info","url":"${told}"}`,
    `time=1 msg=started url=${told}`,
    `your url is: ${told}`,
    `Forwarding HTTP traffic from ${told}`,
    `forwarding ${told}/ -> 127.0.0.1`,
    `real.mytunnel.dev tunneled with tls termination, ${told}`,
    `Your app is available at ${told}.`,
  ])('tells its address: %s', (line) => {
    expect(addresses(setUp, line)).toEqual([told])
  })

  it.each([
    'See docs at https://docs.mytunnel.dev or help https://community.example.net',
    'Read more on https://mytunnel.dev and https://example.net',
    'update available! see https://mytunnel.dev',
    'https://docs.mytunnel.dev',
    'GET /?x=https://evil.example.net 200',
    'terms of service: https://mytunnel.dev',
    'url: https://mytunnel.dev/terms',
  ])('mentions others besides: %s', (line) => {
    expect(addresses(setUp, line)).toEqual([])
  })
})

describe('what the user types for a tunnel', () => {
  it.each<[TunnelSetUp, TunnelSetUp]>([
    [{ kind: 'cloudflared' }, { kind: 'cloudflared' }],
    [{ kind: 'tailscale' }, { kind: 'tailscale' }],
    [
      { kind: 'ngrok', domain: ' Mine.ngrok.app ' },
      { kind: 'ngrok', domain: 'mine.ngrok.app' },
    ],
    [
      { kind: 'ngrok', domain: '' },
      { kind: 'ngrok', domain: null },
    ],
    [{ ...ssh, origin: 'https://IN.example.net/' }, ssh],
    [
      { ...ssh, destination: 'my_alias' },
      { ...ssh, destination: 'my_alias' },
    ],
    [
      { kind: 'command', command: ['bore', 'local', '{port}'], origin: '' },
      { kind: 'command', command: ['bore', 'local', '{port}'], origin: null },
    ],
    [
      { kind: 'command', command: ['/opt/my tunnel/run', ''], origin: 'https://a.example.net/' },
      { kind: 'command', command: ['/opt/my tunnel/run', ''], origin: 'https://a.example.net' },
    ],
  ])('%j is kept', (draft, setUp) => {
    expect(readTunnel(draft)).toEqual({ kind: 'read', setUp })
  })

  it.each<TunnelSetUp>([
    { kind: 'ngrok', domain: 'https://mine.ngrok.app' },
    { kind: 'ngrok', domain: '--config=/tmp/x' },
    { kind: 'ngrok', domain: '127.0.0.1' },
    { ...ssh, destination: '-oProxyCommand=touch /tmp/x' },
    { ...ssh, destination: 'me@-oProxyCommand=x' },
    { ...ssh, destination: 'me@host -v' },
    { ...ssh, destination: '$(id)@host' },
    { ...ssh, destination: '' },
    { ...ssh, remotePort: 0 },
    { ...ssh, remotePort: 70_000 },
    { ...ssh, remotePort: 1.5 },
    { ...ssh, origin: 'http://in.example.net' },
    { ...ssh, origin: 'https://127.0.0.1' },
    { ...ssh, origin: 'https://app.localhost' },
    { kind: 'command', command: [], origin: null },
    { kind: 'command', command: [' '], origin: null },
    { kind: 'command', command: ['./tunnel'], origin: null },
    { kind: 'command', command: ['-x'], origin: null },
    { kind: 'command', command: ['a', 'b\0c'], origin: null },
    { kind: 'command', command: Array<string>(33).fill('a'), origin: null },
    { kind: 'command', command: ['a', 'b'.repeat(1_025)], origin: null },
    { kind: 'command', command: ['a'], origin: 'https://a.example.net/in' },
  ])('%j is refused in words', (draft) => {
    const read = readTunnel(draft)
    expect(read.kind === 'refused' && read.detail).toMatch(/ Nothing was changed\.$/)
  })
})
