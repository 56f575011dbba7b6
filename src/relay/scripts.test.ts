import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startLocalRelay, type RelayConfiguration } from './local.ts'
import { connectReader, hashOf } from './test-support.ts'

const root = join(import.meta.dirname, '..', '..')

/** Plays wrangler: it knows what was deployed, and writes down how it was called. */
const standIn = `#!/usr/bin/env node
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs')
const folder = process.env.STAND_IN
const args = process.argv.slice(2)
appendFileSync(folder + '/calls', JSON.stringify({ args, env: Object.keys(process.env).map((name) => name + '=' + process.env[name]) }) + '\\n')
const hashes = existsSync(folder + '/hashes') ? JSON.parse(readFileSync(folder + '/hashes', 'utf8')) : null
if (args[0] === 'secret') {
  if (hashes === null) { console.error('This Worker does not exist on your account. [code: 10007]'); process.exit(1) }
  console.log(JSON.stringify(Object.keys(hashes).map((name) => ({ name, type: 'secret_text' }))))
} else {
  if (process.env.STAND_IN_FAILS) process.exit(1)
  const given = JSON.parse(readFileSync(args[args.indexOf('--secrets-file') + 1], 'utf8'))
  writeFileSync(folder + '/given', JSON.stringify(given))
  writeFileSync(folder + '/hashes.new', JSON.stringify({ ...hashes, ...given }))
  require('node:fs').renameSync(folder + '/hashes.new', folder + '/hashes')
  writeFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, JSON.stringify({ type: 'wrangler-session' }) + '\\n' + JSON.stringify({ type: 'deploy', targets: [process.env.STAND_IN_ORIGIN] }) + '\\n')
}
`

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function cloud() {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-relay-scripts-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'wrangler'), standIn)
  chmodSync(join(folder, 'wrangler'), 0o755)
  const port = await freePort()
  const env = {
    ...process.env,
    PATH: `${folder}${delimiter}${process.env.PATH}`,
    XDG_CONFIG_HOME: join(folder, 'config'),
    STAND_IN: folder,
    STAND_IN_ORIGIN: `http://127.0.0.1:${port}`,
  }
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return {
    folder,
    port,
    read,
    hashes: (): RelayConfiguration => JSON.parse(read('hashes')) as RelayConfiguration,
    given: (): Record<string, string> => JSON.parse(read('given')) as Record<string, string>,
    state: join(folder, 'config', 'tocsin-relay', 'tocsin-relay.json'),
    run(args: readonly string[], more: Record<string, string> = {}): Promise<{ code: number | null; out: string; error: string }> {
      return new Promise((resolve) => {
        const child = spawn(process.execPath, [join(root, 'scripts', 'relay.mjs'), ...args], { env: { ...env, ...more } })
        let [out, error] = ['', '']
        child.stdout.on('data', (part: Buffer) => (out += part.toString()))
        child.stderr.on('data', (part: Buffer) => (error += part.toString()))
        child.on('close', (code) => resolve({ code, out, error }))
      })
    },
    /** The Worker answers only once it was deployed. */
    async serve(): Promise<void> {
      while (!existsSync(join(folder, 'hashes'))) await new Promise((resolve) => setTimeout(resolve, 50))
      const relay = await startLocalRelay({ folder: join(folder, 'kept'), port, configuration: this.hashes() })
      onTestFinished(() => relay.stop())
    },
  }
}

const find = (text: string, form: RegExp): string => form.exec(text)?.[1] ?? `nothing like ${form} in:\n${text}`

test('relay:deploy makes a relay that works with what it printed, and wrangler sees hashes only', { timeout: 60_000 }, async () => {
  const there = await cloud()
  const [{ code, out, error }] = await Promise.all([there.run(['deploy', '--secret-header']), there.serve()])
  expect({ code, error }).toEqual({ code: 0, error: '' })
  const secret = find(out, /\/in\/([\w-]{22})\n/)
  const header = find(out, /X-Tocsin-Secret: (\S+)/)
  const token = find(out, /reader token +([\w-]{43})\n/)
  const { admin, origin } = JSON.parse(readFileSync(there.state, 'utf8')) as { admin: string; origin: string }
  expect(there.hashes()).toEqual({ MAILBOX_SHA256: hashOf(secret), SECRET_HEADER_SHA256: hashOf(header), ADMIN_SHA256: hashOf(admin) })
  for (const one of [secret, header, token, admin]) expect(there.read('calls')).not.toContain(one)
  expect(out).not.toContain(admin)
  expect(readFileSync(there.state, 'utf8')).not.toContain(secret)
  expect(statSync(there.state).mode & 0o077).toBe(0)
  const secretsFile = find(there.read('calls'), /--secrets-file","([^"]+)"/)
  expect(secretsFile).toContain('hashes.json')
  expect(existsSync(secretsFile)).toBe(false)

  const posted = await fetch(`${origin}/in/${secret}`, { method: 'POST', body: 'a.b.c', headers: { 'X-Tocsin-Secret': header } })
  expect(posted.status).toBe(200)
  const reader = await connectReader(origin, token)
  reader.say({ after: 0 })
  await reader.next()
  expect(await reader.nextEntry()).toEqual({ seq: 1, body: 'a.b.c' })

  // A token of another computer, from its making to its end.
  expect(await there.run(['token', 'add', 'first'])).toMatchObject({ code: 1, error: expect.stringContaining('already') })
  const added = await there.run(['token', 'add', 'other'])
  const other = await connectReader(origin, find(added.out, /reader token +([\w-]{43})\n/))
  expect((await there.run(['token', 'list'])).out).toMatch(/^first {2}connected, 1 waiting.*\nother {2}connected, 1 waiting/)
  expect((await there.run(['token', 'revoke', 'other'])).code).toBe(0)
  expect(await other.closed).toBe(4003)
  expect(await there.run(['token', 'revoke', 'other'])).toMatchObject({ code: 1, error: expect.stringContaining('no reader other') })
  const wrong = { TOCSIN_RELAY_URL: origin, TOCSIN_RELAY_ADMIN_TOKEN: token }
  expect(await there.run(['token', 'list'], wrong)).toMatchObject({ code: 1, out: '', error: expect.stringContaining('404') })

  // Once more: the newest code, and nothing else changes.
  const again = await there.run(['deploy'])
  expect(again.code).toBe(0)
  expect(again.out).not.toMatch(/\/in\//)
  expect(there.given()).toEqual({ ADMIN_SHA256: hashOf(admin) })
})

test('relay:deploy changes nothing where another computer deployed, unless told to take over', async () => {
  const there = await cloud()
  writeFileSync(join(there.folder, 'hashes'), JSON.stringify({ MAILBOX_SHA256: 'a', ADMIN_SHA256: 'b' }))
  expect(await there.run(['deploy'])).toMatchObject({ code: 1, error: expect.stringContaining('--take-over') })
  expect(existsSync(there.state)).toBe(false)
  expect(existsSync(join(there.folder, 'given'))).toBe(false)
  const taken = await there.run(['deploy', '--take-over'])
  expect(taken.code).toBe(0)
  expect(Object.keys(there.given())).toEqual(['ADMIN_SHA256'])
  const moved = await there.run(['deploy', '--new-address'])
  expect(there.given()).toMatchObject({ MAILBOX_SHA256: hashOf(find(moved.out, /\/in\/([\w-]{22})\n/)) })
  expect(moved.out).toContain('change the target URL')
})

test('relay:deploy does not touch a Worker of that name that is something else', async () => {
  const there = await cloud()
  writeFileSync(join(there.folder, 'hashes'), JSON.stringify({ API_KEY: 'a' }))
  expect(await there.run(['deploy', '--take-over'])).toMatchObject({ code: 1, error: expect.stringContaining('--name') })
  expect(existsSync(join(there.folder, 'given'))).toBe(false)
})

test('relay:deploy that fails leaves everything as it was, and says so', async () => {
  const there = await cloud()
  const failed = await there.run(['deploy'], { STAND_IN_FAILS: '1' })
  expect(failed).toMatchObject({ code: 1, error: expect.stringContaining('nothing new to register') })
  expect(failed.out).not.toContain('/in/')
  expect(existsSync(there.state)).toBe(false)
})

test('relay:token refuses to send its token in the clear', async () => {
  const there = await cloud()
  const clear = { TOCSIN_RELAY_URL: 'http://relay.example', TOCSIN_RELAY_ADMIN_TOKEN: 'x' }
  expect(await there.run(['token', 'list'], clear)).toMatchObject({ code: 1, error: expect.stringContaining('https://') })
  expect(await there.run(['token', 'list'])).toMatchObject({ code: 1, error: expect.stringContaining('relay:deploy') })
})

test('relay:dev prints an address and a token that work, and keeps what it had over a restart', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-relay-dev-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const env = { ...process.env, XDG_CONFIG_HOME: folder }
  for (const round of [1, 2]) {
    const child = spawn(process.execPath, [join(root, 'scripts', 'relay.mjs'), 'dev', '--port', '0'], { env })
    let out = ''
    const ended = new Promise((resolve) => child.on('close', resolve))
    onTestFinished(() => void child.kill('SIGKILL'))
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (part: Buffer) => {
        out += part.toString()
        if (out.includes('Ctrl+C')) resolve()
      })
    })
    const origin = find(out, /relay +(http\S+)/)
    expect((await fetch(find(out, /post to +(http\S+)/), { method: 'POST', body: `round ${round}` })).status).toBe(200)
    const reader = await connectReader(origin, find(out, /reader token +(\S+)/))
    reader.say({ after: 0 })
    await reader.next()
    for (let seq = 1; seq <= round; seq++) expect(await reader.nextEntry()).toEqual({ seq, body: `round ${seq}` })
    child.kill('SIGTERM')
    await ended
  }
})

test('what wrangler would deploy is whole: it bundles, with its mailbox', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-relay-bundle-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const args = ['deploy', '--dry-run', '--outdir', folder, '--config', join(root, 'resources', 'relay', 'wrangler.jsonc')]
  const env = { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: folder }
  const script = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const output = await new Promise<string>((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { env })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (out += part.toString()))
    child.on('close', (code) => resolve(`${out}\ncode ${code}`))
  })
  expect(output).toMatch(/env\.MAILBOX \(Mailbox\)[\s\S]*code 0$/)
  expect(readFileSync(join(folder, 'index.js'), 'utf8')).toMatch(/export \{[^}]*Mailbox/)
})
