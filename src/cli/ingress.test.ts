import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { operate, startNats } from '../main/inlets/nats-test-support.ts'

const script = fileURLToPath(new URL('./index.ts', import.meta.url))

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-ingress-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** `tocsin ingress` as a process of its own, killed after the test. */
function spawnIngress(args: readonly string[], nodeArgs: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const child: ChildProcess = spawn(process.execPath, [...nodeArgs, script, 'ingress', '--listen', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let out = ''
  let err = ''
  const waiting = new Set<() => void>()
  const heard = (): void => waiting.forEach((look) => look())
  child.stdout!.setEncoding('utf8').on('data', (part: string) => {
    out += part
    heard()
  })
  child.stderr!.setEncoding('utf8').on('data', (part: string) => {
    err += part
    heard()
  })
  const ended = new Promise<number | null>((done) => child.on('close', (code) => (heard(), done(code))))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  /** Resolves when what it said holds this. */
  const says = (words: string, times = 1): Promise<void> =>
    new Promise((done) => {
      const look = (): void => {
        if (`${out}\n${err}`.split(words).length <= times) return
        waiting.delete(look)
        done()
      }
      waiting.add(look)
      look()
    })
  return { child, ended, says, out: () => out, err: () => err }
}

async function listening(args: readonly string[], nodeArgs: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const ingress = spawnIngress(args, nodeArgs, env)
  await Promise.race([ingress.says('/in/'), ingress.ended.then(() => Promise.reject(new Error(ingress.err())))])
  const url = ingress.out().trim()
  return { ...ingress, url, health: new URL('/healthz', url).href }
}

type Answer = { readonly status: number; readonly text: string; readonly afterMs: number }

function send(url: string, body: string | Uint8Array | null, headers: Record<string, string> = {}, method = 'POST'): Promise<Answer> {
  const startedAt = performance.now()
  return new Promise((done, failed) => {
    const sent = request(url, { method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => done({ status: response.statusCode ?? 0, text, afterMs: performance.now() - startedAt }))
    })
    sent.on('error', failed).end(body ?? undefined)
  })
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((again) => setTimeout(again, 20))
}

describe('what is posted', () => {
  test('is in the stream before it is answered 200, with its bytes, headers and name; repeated it is kept once', async () => {
    const server = await startNats()
    const { url, says } = await listening(['--nats', server.url])
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/in\/[A-Za-z0-9_-]{22}$/)
    await says('Connected')
    const before = Date.now()
    expect(await send(url, 'aaa.bbb.ccc', { 'X-Request-Id': '7', Authorization: 'Bearer x' })).toMatchObject({ status: 200, text: '{}' })
    expect(await send(url, 'aaa.bbb.ccd')).toMatchObject({ status: 200 })
    const { manager } = await operate(server.url)
    expect((await manager.streams.info('TOCSIN')).state.messages).toBe(1)
    const message = await manager.streams.getMessage('TOCSIN', { seq: 1 })
    expect(message?.subject).toBe('tocsin.deliveries')
    expect(message?.string()).toBe('aaa.bbb.ccc')
    expect(message?.header.get('Nats-Msg-Id')).toBe(createHash('sha256').update('aaa.bbb').digest('hex'))
    expect(Date.parse(message?.header.get('Tocsin-Received-At') ?? '')).toBeGreaterThanOrEqual(before)
    expect(message?.header.get('Http-x-request-id')).toBe('7')
    const all = message?.header.keys().flatMap((key) => [key, ...(message.header.values(key) ?? [])]) ?? []
    expect(all.join(' ')).not.toMatch(/Bearer|authorization/i)
    expect(all.join(' ')).not.toContain(url.slice(url.lastIndexOf('/') + 1))
  })

  test('what is none, or comes as it should not, is turned away as the receiver does', async () => {
    const server = await startNats()
    const { url, says, err } = await listening(['--nats', server.url, '--host', 'hooks.example.com'])
    expect(url).toMatch(/^https:\/\/hooks\.example\.com\/in\//)
    await says('Connected')
    const port = /127\.0\.0\.1:(\d+)/.exec(err())?.[1]
    const secretPath = new URL(url).pathname
    const at = (path: string): string => `http://127.0.0.1:${port}${path}`
    const host = { Host: 'hooks.example.com' }
    expect(await send(at(secretPath), 'a.b.c', host)).toMatchObject({ status: 200 })
    for (const [status, body, headers, method, path] of [
      [401, 'no token', host],
      [401, 'a.b', host],
      [401, 'a.b.c=', host],
      [401, 'a.b.c\n', host],
      [401, '', host],
      [413, Buffer.alloc(257 * 1024, 'a'), host],
      [415, 'a.b.c', { ...host, 'Content-Encoding': 'gzip' }],
      [404, 'a.b.c', { Host: 'evil.example' }],
      [404, 'a.b.c', { ...host, Origin: 'https://evil.example' }],
      [404, 'a.b.c', host, 'POST', '/in/AAAAAAAAAAAAAAAAAAAAAA'],
      [404, null, host, 'GET', '/'],
      [405, null, host, 'GET', secretPath],
      [404, 'a.b.c', host, 'POST', '/healthz'],
    ] as const) {
      expect(
        await send(at(path ?? secretPath), body, headers, method ?? 'POST'),
        `${method} ${path} ${String(body).slice(0, 10)}`,
      ).toMatchObject({ status })
    }
    const { manager } = await operate(server.url)
    expect((await manager.streams.info('TOCSIN')).state.messages).toBe(1)
  })

  test('under load with the server killed, no 200 is given without a stored message, and the rest is answered 503 within 2 s', async () => {
    const server = await startNats()
    const { url, says, health } = await listening(['--nats', server.url])
    await says('Connected')
    const answered = new Map<string, Answer>()
    let next = 0
    let isOver = false
    const sender = async (): Promise<void> => {
      while (!isOver) {
        const body = `load.${next++}.x`
        answered.set(body, await send(url, body))
      }
    }
    const senders = Array.from({ length: 16 }, sender)
    await until(() => Promise.resolve(answered.size > 300))
    await server.stop('SIGKILL')
    await until(async () => (await send(health, null, {}, 'GET')).status === 503)
    await until(() => Promise.resolve([...answered.values()].filter(({ status }) => status === 503).length > 50))
    expect(JSON.parse((await send(health, null, {}, 'GET')).text)).toEqual({ status: 'unavailable', reason: 'not connected to NATS' })
    await server.start()
    await says('Connected', 2)
    await until(async () => (await send(health, null, {}, 'GET')).status === 200)
    const before = next
    await until(() => Promise.resolve(answered.has(`load.${before + 100}.x`)))
    isOver = true
    await Promise.all(senders)

    const { manager } = await operate(server.url)
    const { state } = await manager.streams.info('TOCSIN')
    const stored = new Set<string>()
    for (let seq = state.first_seq; seq <= state.last_seq; seq++)
      stored.add((await manager.streams.getMessage('TOCSIN', { seq }))?.string() ?? '')
    const accepted = [...answered].filter(([, { status }]) => status === 200).map(([body]) => body)
    expect(accepted.length).toBeGreaterThan(400)
    expect(accepted.filter((body) => !stored.has(body))).toEqual([])
    expect(new Set([...answered.values()].map(({ status }) => status))).toEqual(new Set([200, 503]))
    expect(Math.max(...[...answered.values()].map(({ afterMs }) => afterMs))).toBeLessThan(2_000)
    console.log(`${answered.size} posted, ${accepted.length} answered 200, ${stored.size} stored`)
  }, 40_000)

  test('a server that is frozen, or never there, means 503 within 2 s', async () => {
    const server = await startNats()
    const { url, says } = await listening(['--nats', server.url])
    await says('Connected')
    process.kill(server.pid(), 'SIGSTOP')
    const frozen = await send(url, 'a.b.c')
    process.kill(server.pid(), 'SIGCONT')
    expect(frozen).toMatchObject({ status: 503 })
    expect(frozen.afterMs).toBeLessThan(2_000)
    const alone = await listening(['--nats', 'nats://127.0.0.1:1'])
    await alone.says('Not connected')
    expect(await send(alone.url, 'a.b.c')).toMatchObject({ status: 503 })
    expect(await send(alone.health, null, {}, 'GET')).toMatchObject({ status: 503 })
    expect(alone.err()).toContain('refuses connections')
  })

  test('a stream that takes no more is said once, and the health says so until it takes deliveries again', async () => {
    const server = await startNats()
    const { manager } = await operate(server.url)
    await manager.streams.add({ name: 'TOCSIN', subjects: ['tocsin.deliveries'], max_msgs: 1, discard: 'new' })
    const { url, health, says, err } = await listening(['--nats', server.url])
    await says('Connected')
    expect(await send(url, 'a.1.c')).toMatchObject({ status: 200 })
    for (let i = 2; i <= 3; i++) expect(await send(url, `a.${i}.c`)).toMatchObject({ status: 503 })
    expect(await send(health, null, {}, 'GET')).toMatchObject({ status: 200 })
    expect(await send(url, 'a.4.c')).toMatchObject({ status: 503 })
    const sick = await send(health, null, {}, 'GET')
    expect(sick.status).toBe(503)
    expect(JSON.parse(sick.text)).toEqual({ status: 'unavailable', reason: 'NATS does not keep deliveries' })
    expect(err().split('Not kept: ')).toHaveLength(2)
    expect(err()).toMatch(/Not kept: The NATS server at 127\.0\.0\.1:\d+ says: maximum messages exceeded\./)
    await manager.streams.purge('TOCSIN')
    expect(await send(url, 'a.5.c')).toMatchObject({ status: 200 })
    await says('Deliveries are kept again')
    expect(await send(health, null, {}, 'GET')).toMatchObject({ status: 200 })
  })

  test('what is turned away is counted in a line, with its reasons', async () => {
    const server = await startNats()
    const { url, says, child, err, ended } = await listening(['--nats', server.url])
    await says('Connected')
    await send(url, 'no token')
    for (let i = 0; i < 3; i++) await send(new URL('/in/wrong', url).href, 'a.b.c')
    child.kill('SIGTERM')
    await ended
    expect(err()).toContain('Turned away: 4 (path 3, not-a-token 1).')
  })

  test('SIGTERM lets what is in flight be answered, then it ends with 0', async () => {
    const server = await startNats()
    const { url, says, child, ended } = await listening(['--nats', server.url])
    await says('Connected')
    process.kill(server.pid(), 'SIGSTOP')
    const inFlight = send(url, 'in.flight.x')
    await new Promise((sent) => setTimeout(sent, 150))
    child.kill('SIGTERM')
    await says('Stopping')
    process.kill(server.pid(), 'SIGCONT')
    expect(await inFlight).toMatchObject({ status: 200 })
    expect(await ended).toBe(0)
    const { manager } = await operate(server.url)
    expect((await manager.streams.info('TOCSIN')).state.messages).toBe(1)
  })
})

describe('secrets', () => {
  test('with a file the address stays; without one it is fresh at each start, and that is said', async () => {
    const file = join(temporaryFolder(), 'secret')
    const nats = ['--nats', 'nats://127.0.0.1:1']
    const pathOf = async (...args: string[]): Promise<string> => {
      const one = await listening([...nats, ...args])
      one.child.kill('SIGTERM')
      await one.ended
      if (args.length === 0) expect(one.err()).toContain('until the next start')
      return new URL(one.url).pathname
    }
    const first = await pathOf('--secret-file', file)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'utf8').trim()).toBe(first.slice('/in/'.length))
    expect(await pathOf('--secret-file', file)).toBe(first)
    expect(await pathOf()).not.toBe(await pathOf())
    writeFileSync(file, 'something of another program')
    const refused = spawnIngress([...nats, '--secret-file', file])
    expect(await refused.ended).toBe(1)
    expect(refused.err()).toContain('left as it is')
    expect(readFileSync(file, 'utf8')).toBe('something of another program')
  })

  test('a crash while the secret is being written leaves nothing that is refused at the next start', async () => {
    const folder = temporaryFolder()
    const [file, hook] = [join(folder, 'secret'), join(folder, 'hook.mjs')]
    writeFileSync(
      hook,
      `import fs from 'node:fs'
       import { syncBuiltinESMExports } from 'node:module'
       fs.writeSync = () => process.kill(process.pid, 'SIGKILL')
       syncBuiltinESMExports()`,
    )
    const args = ['--nats', 'nats://127.0.0.1:1', '--secret-file', file]
    expect(await spawnIngress(args, ['--import', hook]).ended).toBe(null)
    const { url } = await listening(args)
    expect(readFileSync(file, 'utf8').trim()).toBe(new URL(url).pathname.slice('/in/'.length))
    expect(statSync(file)).toMatchObject({ nlink: 1 })
  })

  test('credentials come from a file or a variable; wrong ones are said in words, and tried again only slowly', async () => {
    const server = await startNats('authorization { user: tocsin, password: "right one" }')
    const file = join(temporaryFolder(), 'password')
    writeFileSync(file, 'right one\n')
    const byFile = await listening(['--nats', server.url, '--user', 'tocsin', '--password-from', `file:${file}`])
    await byFile.says('Connected')
    const byVariable = await listening(['--nats', server.url, '--user', 'tocsin', '--password-from', 'env:NATS_PASSWORD'], [], {
      NATS_PASSWORD: 'wrong one',
    })
    await byVariable.says('does not accept the credentials')
    expect(await send(byVariable.health, null, {}, 'GET')).toMatchObject({ status: 503 })
    expect(byVariable.err()).not.toContain('wrong one')
  })

  test('a user who may publish and nothing else is enough where the stream is there', async () => {
    const server = await startNats(
      'authorization { users: [{ user: all, password: p }, { user: few, password: p, permissions: { publish: ["tocsin.deliveries"], subscribe: ["_INBOX.>"] } }] }',
    )
    const { manager } = await operate(server.url, { kind: 'password', user: 'all' }, 'p')
    await manager.streams.add({ name: 'TOCSIN', subjects: ['tocsin.deliveries'] })
    const { url, says } = await listening(['--nats', server.url, '--user', 'few', '--password-from', 'env:P'], [], { P: 'p' })
    await says('Connected')
    expect(await send(url, 'a.b.c')).toMatchObject({ status: 200 })
    expect((await manager.streams.info('TOCSIN')).state.messages).toBe(1)
  })

  test.each([
    [['--nats', 'nats://user:password@127.0.0.1'], 'no place'],
    [['--nats', 'http://127.0.0.1'], 'tls://'],
    [['--nats', 'nats://127.0.0.1', '--password-from', 'file:x'], 'belong together'],
    [['--nats', 'nats://127.0.0.1', '--token-from', 'the token itself'], 'never written itself'],
    [['--nats', 'nats://127.0.0.1', '--token-from', 'env:A', '--creds', 'b'], 'Only one'],
    [['--nats', 'nats://127.0.0.1', '--listen', '0.0.0.0:0'], '--host'],
    [['--nats', 'nats://127.0.0.1', '--listen', 'example.com:80'], 'ADDRESS:PORT'],
    [['--nats', 'nats://127.0.0.1', '--host', 'https://hooks.example.com/in'], 'without https://'],
    [['--nats', 'nats://127.0.0.1', '--subject', 'all.>'], 'without wildcards'],
  ])('%j is not understood, in words, and nothing listens', async (args, words) => {
    const ran = spawnIngress(args)
    expect(await ran.ended).toBe(2)
    expect(ran.out()).toBe('')
    expect(ran.err().replace(/\s+/g, ' ')).toContain(words)
    expect(ran.err()).not.toMatch(/^\s+at /m)
  })
})
