import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { TunnelSetUp, TunnelState } from '../../shared/inlets.ts'
import { schedule as realSchedule } from '../schedule.ts'
import { createTestClock } from '../test-clock.ts'
import { until } from './test-support.ts'
import { createTunnel, type TunnelParts } from './tunnel.ts'

/** What a stand-in for a tunnel program may begin with. */
const tools = `
const { appendFileSync } = require('node:fs')
const { spawn } = require('node:child_process')
const say = (line) => process.stdout.write(line + '\\n')
const complain = (line) => process.stderr.write(line + '\\n')
const stay = () => setInterval(() => {}, 1e6)
const ignore = () => process.on('SIGTERM', () => {})
`

function bench() {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-tunnel-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const mark = randomUUID()
  const env = { PATH: folder, STAND_IN_MARK: mark }
  return {
    folder,
    env,
    /** Writes a program that a tunnel can be told to run. */
    program(name: string, text: string): string {
      const path = join(folder, name)
      writeFileSync(path, `#!${process.execPath}\n${tools}\n${text}`)
      chmodSync(path, 0o755)
      return path
    },
    /** Every living process that descends from this bench, guards included. */
    processes: () => processesWith(`STAND_IN_MARK=${mark}`),
  }
}

function processesWith(mark: string): readonly { readonly pid: number; readonly command: string }[] {
  const found: { pid: number; command: string }[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    try {
      // Nothing can be read of a zombie: it is gone, whoever has to bury it.
      if (!readFileSync(`/proc/${name}/environ`, 'utf8').includes(mark)) continue
      found.push({ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8') })
    } catch {
      // It ended while we looked.
    }
  }
  return found
}

function supervised(parts: Pick<TunnelParts, 'setUp' | 'env'> & Partial<TunnelParts>) {
  const states: TunnelState[] = []
  const time = createTestClock(Date.UTC(2025, 0, 2, 3, 4, 5))
  const tunnel = createTunnel({
    port: 4711,
    now: time.now,
    schedule: time.schedule,
    random: () => 0,
    ...parts,
    onState: (state) => states.push(state),
  })
  onTestFinished(() => tunnel.stop())
  const kinds = (): readonly string[] => states.map(({ kind }) => kind)
  return {
    tunnel,
    states,
    kinds,
    time,
    last: () => states.at(-1),
    /** Once so many states of a kind were told. */
    reached: (kind: TunnelState['kind'], times = 1) => until(() => kinds().filter((one) => one === kind).length >= times),
  }
}

const command = (...argv: string[]): TunnelSetUp => ({ kind: 'command', command: argv, origin: null })
const detailOf = (state: TunnelState | undefined): string => (state && 'detail' in state ? state.detail : '')

describe('a supervised tunnel', () => {
  it('finds the address that is printed late, among links that are none, and keeps the first', async () => {
    const { program, env } = bench()
    const path = program(
      'tunnel',
      `complain('terms: https://www.cloudflare.com/website-terms/ and https://github.com, https://localhost, https://10.0.0.1')
       setTimeout(() => { say('\\u001b[32mforwarding https://first.example.net/ -> 127.0.0.1\\u001b[0m'); say('https://second.example.net'); say('done') }, 50)
       stay()`,
    )
    const { tunnel, states, reached } = supervised({ setUp: command(path), env })
    tunnel.start()
    await reached('running')
    await tunnel.stop()
    expect(states).toEqual([
      { kind: 'starting' },
      { kind: 'running', origin: 'https://first.example.net', since: '2025-01-02T03:04:05.000Z' },
      { kind: 'off' },
    ])
  })

  it('starts it again after a wait that grows, from the shortest again after ten seconds up, and says why it ended', async () => {
    const { folder, program, env, processes } = bench()
    const path = program('tunnel', `say('https://a.example.net'); complain('the far end hung up'); setTimeout(() => process.exit(3), 40)`)
    const { tunnel, states, kinds, time, reached, last } = supervised({ setUp: command(path), env })
    tunnel.start()
    await reached('waiting')
    expect(detailOf(last())).toBe(
      `${folder}/tunnel ended with exit code 3 after 0 s. It said: “https://a.example.net · the far end hung up”. It is started again by itself.`,
    )
    expect(last()).toMatchObject({ retryAt: '2025-01-02T03:04:05.500Z' })
    time.pass(500)
    await reached('waiting', 2)
    expect(time.waits()).toEqual([1_000])
    time.pass(1_000)
    await reached('running', 3)
    time.pass(10_000)
    await reached('waiting', 3)
    expect(time.waits()).toEqual([500])
    expect(kinds()).toEqual(['starting', 'running', 'waiting', 'starting', 'running', 'waiting', 'starting', 'running', 'waiting'])
    expect(states).toHaveLength(9)
    await tunnel.stop()
    expect(processes()).toEqual([])
  })

  it('gives up after eight ends without ever having stayed up, until somebody asks', async () => {
    const { program, env } = bench()
    const path = program('tunnel', `complain('wrong token'); process.exit(1)`)
    const { tunnel, kinds, time, reached, last } = supervised({ setUp: command(path), env })
    tunnel.start()
    const waits: number[] = []
    for (let i = 1; i < 8; i++) {
      await reached('waiting', i)
      waits.push(...time.waits())
      time.pass(waits.at(-1) ?? 0)
    }
    await reached('given-up')
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000])
    expect(detailOf(last())).toMatch(/ended with exit code 1 after 0 s\. It said: “wrong token”. It was tried 8 times and never stayed up/)
    expect(time.waits()).toEqual([])
    tunnel.tryNow()
    await reached('waiting', 8)
    expect(kinds().slice(-3)).toEqual(['given-up', 'starting', 'waiting'])
  })

  it('ends one that runs and never tells an address', async () => {
    const { program, env, processes } = bench()
    const path = program('tunnel', `say('To enable, visit https://login.tailscale.com/f/funnel?node=x'); stay()`)
    const { tunnel, time, reached, last } = supervised({ setUp: command(path), env })
    tunnel.start()
    await until(() => processes().length === 2)
    expect(time.waits()).toEqual([30_000])
    time.pass(30_000)
    await reached('waiting')
    expect(processes()).toEqual([])
    expect(detailOf(last())).toMatch(/ran for 30 seconds and told no public address, so it was ended\./)
  })

  it('stays small while a program prints two hundred megabytes, half of them in one line', async () => {
    const { program, env } = bench()
    const path = program(
      'tunnel',
      `const piece = Buffer.alloc(1 << 20, 'x'), lines = Buffer.alloc(1 << 20, 'debug https://github.com/x y\\n')
       let left = 200
       const next = () => left-- > 0 ? process.stdout.write(left >= 100 ? piece : lines, next) : say('\\nhttps://late.example.net')
       next(); stay()`,
    )
    const { tunnel, reached } = supervised({ setUp: command(path), env })
    const rest = process.memoryUsage().rss
    let most = 0
    const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage().rss - rest)), 5)
    tunnel.start()
    await reached('running')
    clearInterval(sampling)
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThan(64 * 1024 * 1024)
  })

  it('kills one that ignores being asked, with what it started, and leaves nothing', async () => {
    const { program, env, processes } = bench()
    const path = program(
      'tunnel',
      `ignore(); spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6)'], { stdio: 'inherit' })
       say('https://stubborn.example.net'); stay()`,
    )
    const { tunnel, reached, last } = supervised({ setUp: command(path), env })
    tunnel.start()
    await reached('running')
    await until(() => processes().length === 3)
    const startedAt = performance.now()
    await tunnel.stop()
    expect(processes()).toEqual([])
    expect(performance.now() - startedAt).toBeGreaterThan(2_900)
    expect(last()).toEqual({ kind: 'off' })
  })

  it('ends what left the group of the program for a session of its own, and what that started', async () => {
    const { program, env, processes } = bench()
    const stubborn = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1e6)'
    const path = program(
      'tunnel',
      `const inner = ${JSON.stringify(`require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(stubborn)}], { detached: true }); ${stubborn}`)}
       spawn(process.execPath, ['-e', inner], { detached: true, stdio: 'ignore' })
       say('https://a.example.net'); stay()`,
    )
    const { tunnel, reached } = supervised({ setUp: command(path), env })
    tunnel.start()
    await reached('running')
    await until(() => processes().length === 4)
    await tunnel.stop()
    expect(processes()).toEqual([])
  })

  it('ends what a program left behind when it died', async () => {
    const { program, env, processes } = bench()
    const path = program(
      'tunnel',
      `const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); console.log("https://a.example.net"); setInterval(() => {}, 1e6)'], { stdio: 'inherit' })
       child.on('spawn', () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), 200))`,
    )
    const { tunnel, reached, last } = supervised({ setUp: command(path), env })
    tunnel.start()
    await reached('waiting')
    expect(processes()).toEqual([])
    expect(detailOf(last())).toMatch(/was ended by SIGKILL/)
  })

  it('leaves no tunnel behind when the supervising process is killed', async () => {
    const { folder, program, env, processes } = bench()
    const path = program(
      'tunnel',
      `ignore(); spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' }); say('https://a.example.net'); stay()`,
    )
    const script = join(folder, 'supervisor.ts')
    writeFileSync(
      script,
      `import { createTunnel } from ${JSON.stringify(new URL('./tunnel.ts', import.meta.url).href)}
       import { schedule } from ${JSON.stringify(new URL('../schedule.ts', import.meta.url).href)}
       createTunnel({ setUp: { kind: 'command', command: [${JSON.stringify(path)}], origin: null }, port: 1, now: Date.now,
         random: Math.random, schedule, env: process.env, onState: (state) => console.log(state.kind) }).start()`,
    )
    const supervisor = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    for await (const line of createInterface(supervisor.stdout)) if (line === 'running') break
    await until(() => processes().length === 4)
    supervisor.kill('SIGKILL')
    await once(supervisor, 'exit')
    await until(() => processes().length === 0)
  })

  it('ends the program when its guard is killed, and starts both again', async () => {
    const { program, env, processes } = bench()
    const path = program('tunnel', `say('https://a.example.net'); stay()`)
    const { tunnel, time, reached, last } = supervised({ setUp: command(path), env })
    tunnel.start()
    await reached('running')
    const guard = processes().find((one) => one.command.startsWith('tocsin tunnel guard'))
    process.kill(guard?.pid ?? 0, 'SIGKILL')
    await reached('waiting')
    await until(() => processes().length === 0)
    expect(detailOf(last())).toMatch(/the process that watches over it was killed/)
    time.pass(500)
    await reached('running', 2)
  })

  it('says what to install where the program is missing, and runs it once it is there', async () => {
    const { program, env } = bench()
    const { tunnel, states, kinds, reached } = supervised({ setUp: command('no-such-tunnel'), env })
    tunnel.start()
    await reached('missing')
    expect(states.at(-1)).toMatchObject({ program: 'no-such-tunnel', detail: expect.stringMatching(/not on this computer.*Install it/) })
    program('no-such-tunnel', `say('https://a.example.net'); stay()`)
    tunnel.tryNow()
    await reached('running')
    expect(kinds()).toEqual(['starting', 'missing', 'starting', 'running'])
  })

  it('begins anew when asked to, and leaves alone what runs when only the network came back', async () => {
    const { program, env, processes } = bench()
    const path = program('tunnel', `say('https://n' + process.pid + '.example.net'); stay()`)
    const { tunnel, kinds, reached } = supervised({ setUp: command(path), env })
    tunnel.start()
    await reached('running')
    const before = processes()
    tunnel.tryNow()
    expect(processes()).toEqual(before)
    tunnel.restart()
    await reached('running', 2)
    expect(kinds()).toEqual(['starting', 'running', 'starting', 'running'])
    expect(processes()).toHaveLength(2)
  })

  it('can be stopped at any moment of its start', async () => {
    const { program, env, processes } = bench()
    const path = program('tunnel', `stay()`)
    for (const waitMs of [0, 1, 20, 60, 120]) {
      const { tunnel, last } = supervised({ setUp: command(path), env })
      tunnel.start()
      await new Promise((resolve) => setTimeout(resolve, waitMs))
      await tunnel.stop()
      expect(last()).toEqual({ kind: 'off' })
      expect(processes()).toEqual([])
    }
  })

  it('runs no shell, hands over the arguments as they are, and nothing that is for Tocsin alone', async () => {
    const { folder, program, env } = bench()
    const path = program(
      'tunnel',
      `require('node:fs').writeFileSync(process.env.PATH + '/seen', JSON.stringify({ argv: process.argv.slice(2), env: process.env })); say('https://a.example.net'); stay()`,
    )
    const setUp = command(path, '--to=127.0.0.1:{port}', `$(touch ${folder}/pwned); {port}`, '-e', '')
    const { tunnel, reached } = supervised({ setUp, env: { ...env, TOCSIN_DEVTOOLS: '1', ELECTRON_RUN_AS_NODE: '1', HOME: '/home/a' } })
    tunnel.start()
    await reached('running')
    const seen = JSON.parse(readFileSync(join(folder, 'seen'), 'utf8')) as { argv: string[]; env: Record<string, string> }
    expect(seen.argv).toEqual(['--to=127.0.0.1:4711', `$(touch ${folder}/pwned); 4711`, '-e', ''])
    expect(seen.env).toEqual({ ...env, HOME: '/home/a', TOCSIN_TUNNEL: expect.stringMatching(/^[\w-]{36}$/) as string })
    expect(existsSync(join(folder, 'pwned'))).toBe(false)
  })

  it('never repeats a secret that a program prints', async () => {
    const { program, env } = bench()
    const path = program(
      'tunnel',
      `complain('authtoken: 2abcDEFghiJKLmnoPQRstu_5vwxYZ0123456789abcd refused')
       complain('failed POST https://x.example.net/in/AAECAwQFBgcICQoLDA0ODw with Bearer abc.def-ghi123')
       complain(process.env.TUNNEL_TOKEN + ' / ' + process.argv[3] + '\\u202e\\u0007 / ' + process.env.MY_PIN); process.exit(1)`,
    )
    const { tunnel, reached, last } = supervised({
      setUp: command(path, '--secret', 'swordfish'),
      env: { ...env, TUNNEL_TOKEN: 'plain words', MY_PIN: 'hunter22secret' },
    })
    tunnel.start()
    await reached('waiting')
    expect(detailOf(last())).toContain(
      'authtoken: ••• refused · failed POST https://x.example.net/in/••• with Bearer ••• · ••• / •••  / •••',
    )
    expect(detailOf(last())).not.toMatch(/2abc|AAEC|def-ghi|plain words|swordfish|hunter22|\p{C}/u)
  })

  it('counts ssh as up when it says so, and a command whose address is known once it has run a while', async () => {
    const { program, env } = bench()
    program('ssh', `setTimeout(() => complain('debug1: remote forward success for: listen 8080, connect 127.0.0.1:4711'), 30); stay()`)
    const ssh = supervised({ setUp: { kind: 'ssh', destination: 'me@host', remotePort: 8080, origin: 'https://host.example.net' }, env })
    ssh.tunnel.start()
    await ssh.reached('running')
    expect(ssh.last()).toMatchObject({ origin: 'https://host.example.net' })

    const quiet = supervised({
      setUp: { kind: 'command', command: [program('quiet', 'stay()')], origin: 'https://known.example.net' },
      env,
    })
    quiet.tunnel.start()
    await until(() => quiet.time.waits().length === 1)
    quiet.time.pass(2_999)
    expect(quiet.kinds()).toEqual(['starting'])
    quiet.time.pass(1)
    expect(quiet.last()).toMatchObject({ kind: 'running', origin: 'https://known.example.net' })
  })

  it('works with real time, too', async () => {
    const { program, env } = bench()
    program('cloudflared', `complain('2025-01-02T03:04:05Z INF |  https://four-words-in-here.trycloudflare.com   |'); stay()`)
    const { tunnel, reached, last } = supervised({ setUp: { kind: 'cloudflared' }, env, now: Date.now, schedule: realSchedule })
    tunnel.start()
    await reached('running')
    expect(last()).toMatchObject({ origin: 'https://four-words-in-here.trycloudflare.com' })
  })
})
