import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Detection } from '../shared/detection.ts'
import { startTestCore } from '../main/core-test-support.ts'
import { writeConnection } from '../main/profile.ts'
import { demoOrganization, loadDemoSigner } from '../main/sample/demo.ts'
import { scenario } from '../main/sample/scenario.ts'
import { send } from '../main/sample/send.ts'
import { pageOf } from '../main/store/test-support.ts'
import { runTocsin, script, type Ran } from './cli-test-support.ts'

let profile: string
beforeEach(() => void (profile = mkdtempSync(join(tmpdir(), 'tocsin-cli-'))))
afterEach(() => rmSync(profile, { recursive: true, force: true }))

const here = (...args: string[]): Promise<Ran> => runTocsin([...args, '--user-data', profile])

/** The app without its window, on this profile. */
async function runningApp() {
  const app = await startTestCore({ profile })
  onTestFinished(() => app.stop())
  return app
}

describe('simulate', () => {
  test('without a running app says what to do, sends nothing and makes nothing', async () => {
    const ran = await here('simulate')
    expect(ran).toMatchObject({ code: 1, out: '' })
    expect(ran.err).toContain('npm start')
    expect(readdirSync(profile)).toEqual([])
  })

  test('brings the demo organization and its detections into a running app, marked as such', async () => {
    const app = await runningApp()
    const ran = await here('simulate', '--count', '20', '--seed', 'one')
    expect(ran).toEqual({ code: 0, out: 'sent 20, acknowledged 20, refused 0\n', err: '' })
    const deliveries = [...scenario({ seed: 'one', count: 20, startAt: Date.now() })]
    const ids = new Set(deliveries.map((delivery) => delivery.detectionId))
    const { detections, total } = pageOf(await app.desk.page({ text: '', before: null, limit: 100 }))
    expect(new Set(detections.map((detection) => detection.id))).toEqual(ids)
    expect(total).toBe(ids.size)
    for (const detection of detections)
      expect(detection).toMatchObject({ demo: true, trust: 'verified', organizationId: demoOrganization.id })
    expect(app.health().counters).toMatchObject({ kept: 20, unreadable: 0, otherTrigger: 0 })
  })

  test('run again with its seed updates the same detections', async () => {
    const app = await runningApp()
    await here('simulate', '--count', '12', '--seed', 'again')
    const before = pageOf(await app.desk.page({ text: '', before: null, limit: 100 })).total
    expect(await here('simulate', '--count', '12', '--seed', 'again')).toMatchObject({ code: 0 })
    expect(pageOf(await app.desk.page({ text: '', before: null, limit: 100 })).total).toBe(before)
    expect(app.health().counters).toMatchObject({ kept: 24, duplicate: 0 })
  })

  test('with a new key, after the old one was lost, is believed again', async () => {
    const app = await runningApp()
    await here('simulate', '--count', '1')
    rmSync(join(profile, 'demo-key.json'))
    expect(await here('simulate', '--count', '3')).toMatchObject({ code: 0, out: 'sent 3, acknowledged 3, refused 0\n' })
    expect(app.health().counters.kept).toBe(4)
  })

  test('exits 1 unless all were acknowledged', async () => {
    const server = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(503).end('{}'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    writeConnection(profile, { url: `http://127.0.0.1:${port}/in/AAECAwQFBgcICQoLDA0ODw`, pid: process.pid })
    const ran = await here('simulate', '--count', '4')
    expect(ran).toMatchObject({ code: 1, out: 'sent 4, acknowledged 0, refused 4\n' })
    expect(ran.err).toContain('4 were refused')
    expect(ran.err).not.toContain('AAECAwQFBgc')
  })
})

describe('query', () => {
  test('before there is a history says so, and --json prints nothing', async () => {
    expect(await here('query', '--json')).toMatchObject({ code: 0, out: '', err: expect.stringContaining('No detections yet') })
    expect(readdirSync(profile)).toEqual([])
  })

  test('--json prints one detection a line, newest first, exactly as the app has it', async () => {
    const app = await runningApp()
    await here('simulate', '--count', '30')
    const ran = await here('query', '--json')
    expect(ran.code).toBe(0)
    const printed = ran.out.trimEnd().split('\n')
    const expected = pageOf(await app.desk.page({ text: '', before: null, limit: 500 })).detections
    expect(printed.map((line) => JSON.parse(line) as Detection)).toEqual(expected)
    const limited = await here('query', '--json', '--limit', '2')
    expect(limited.out).toBe(`${printed.slice(0, 2).join('\n')}\n`)
    const found = await here('query', 'MissingMFA', '--json')
    expect(found.out.split('\n').filter(Boolean).length).toBe(
      pageOf(await app.desk.page({ text: 'MissingMFA', before: null, limit: 500 })).detections.length,
    )
  })

  test('beyond the bounds of a search says so in words', async () => {
    await here('org', 'add', '--id', 'org-1', '--issuer', 'https://api.slashid.com')
    expect(await here('query', 'x'.repeat(1_001))).toMatchObject({ code: 2, out: '', err: expect.stringContaining('Shorten it') as string })
    const wrong = await here('query', 'is:unread', '-kind:thread')
    expect(wrong).toMatchObject({ code: 2, out: '' })
    expect(wrong.err.split('\n').slice(0, 3)).toEqual([
      'kind is threat or posture.',
      '  is:unread -kind:thread',
      '                  ^^^^^^',
    ])
  })

  test('shows hostile fields as text that no terminal obeys', async () => {
    const app = await runningApp()
    await here('simulate', '--count', '1')
    const [delivery] = scenario({ seed: 'hostile', count: 1, startAt: Date.now() })
    const details = delivery!.claims['trigger_content'] as object
    const type = '\u001b[2J\u202egnihtoN\u009b31m\r\nFAKE'
    const claims = { ...delivery!.claims, trigger_content: { ...details, type, entity_id: `${type}\u2066` } }
    expect(await send(app.receiverUrl()!, loadDemoSigner(profile).sign(claims))).toMatchObject({ status: 200 })

    const forPeople = await here('query')
    expect(forPeople.out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(forPeople.out.split('\n')).toHaveLength(4)
    expect(forPeople.out).toContain('\\u{1b}[2J\\u{202e}gnihtoN')
    const json = await here('query', '--json')
    expect(json.out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    const detections = json.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Detection)
    expect(detections.map((detection) => detection.type)).toContain(type)
  })

  test('stops in peace when its reader has seen enough', async () => {
    await runningApp()
    await here('simulate', '--count', '200')
    const child = spawn(process.execPath, [script, 'query', '--json', '--user-data', profile], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    let err = ''
    child.stderr.on('data', (part: Buffer) => (err += part.toString()))
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0)
    expect(err).toBe('')
  })

  test('a search beyond its bounds is refused in words', async () => {
    await runningApp()
    const ran = await here('query', 'x'.repeat(2_000))
    expect(ran).toMatchObject({ code: 2, out: '' })
    expect(ran.err).toMatch(/search/i)
  })
})

describe('org', () => {
  const issuer = 'https://api.slashid.com'

  test('add and list, with the issuer in its one form and a profile for this user only', async () => {
    const added = await here('org', 'add', '--id', 'org-1', '--issuer', 'HTTPS://API.slashid.com:443/', '--name', 'Prod')
    expect(added).toMatchObject({ code: 0, out: '' })
    const listed = await here('org', 'list')
    expect(listed.out.split('\n')[1]).toMatch(/^org-1 +Prod +https:\/\/api\.slashid\.com +0 +0 +fetched +- +never$/)
    if (process.platform !== 'win32') {
      expect(statSync(profile).mode & 0o777).toBe(0o700)
      for (const file of readdirSync(profile)) expect(statSync(join(profile, file)).mode & 0o777).toBe(0o600)
    }
  })

  test('with --jwks pins its keys, and a running app believes it within a second', async () => {
    const app = await runningApp()
    const signer = loadDemoSigner(mkdtempSync(join(profile, 'keys-')))
    const jwks = join(profile, 'jwks.json')
    writeFileSync(jwks, JSON.stringify(signer.jwks))
    const [delivery] = scenario({ seed: 's', count: 1, startAt: Date.now() })
    const token = (): string => signer.sign({ ...delivery!.claims, aud: 'org-1', iss: issuer })
    expect(await send(app.receiverUrl()!, token())).toMatchObject({ status: 401 })
    expect(await here('org', 'add', '--id', 'org-1', '--issuer', issuer, '--jwks', jwks)).toMatchObject({ code: 0 })
    const addedAt = performance.now()
    while (app.organizations().length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(performance.now() - addedAt).toBeLessThan(1_000)
    expect(await send(app.receiverUrl()!, token())).toMatchObject({ status: 200 })
    expect(pageOf(await app.desk.page({ text: '', before: null, limit: 1 })).detections[0]).toMatchObject({
      organizationId: 'org-1',
      demo: false,
    })
  })

  test.each([
    [['--id', 'o', '--issuer', 'http://api.slashid.com'], 2, 'https'],
    [['--issuer', issuer], 2, '--id'],
    [['--id', 'o', '--issuer', issuer, '--jwks', '/nowhere/jwks.json'], 1, 'cannot be read'],
    [['--id', 'o', '--issuer', issuer, '--jwks', '/dev/zero'], 1, '64 KiB'],
    [['--id', 'o', '--issuer', issuer, '--jwks', fileURLToPath(import.meta.url)], 2, 'JWK'],
  ])('add %j is refused in words and changes nothing', async (args, code, words) => {
    const ran = await here('org', 'add', ...args)
    expect(ran).toMatchObject({ code, out: '' })
    expect(ran.err).toContain(words)
    expect(readdirSync(profile)).toEqual([])
  })

  test('the demo organization cannot be taken over', async () => {
    await runningApp()
    await here('simulate', '--count', '1')
    const ran = await here('org', 'add', '--id', demoOrganization.id, '--issuer', issuer)
    expect(ran.code).toBe(1)
    expect((await here('org', 'list')).out).toMatch(/\(demo\) +https:\S+ +1 +1 +pinned/)
  })

  test('list before there is a history says so', async () => {
    expect(await here('org', 'list')).toMatchObject({ code: 0, out: '', err: expect.stringContaining('No organizations yet') })
  })
})

describe('the command line', () => {
  test('takes --user-data before the command as well', async () => {
    await here('org', 'add', '--id', 'org-1', '--issuer', 'https://api.slashid.com')
    expect((await runTocsin(['--user-data', profile, 'org', 'list'])).out).toContain('org-1')
  })

  test.each([[['simulate', '--count', '0']], [['query', '--unknown']], [['simulate', 'extra']], [['org']], [[]]])(
    '%j is not understood: exit code 2, words, nothing on stdout',
    async (args) => {
      const ran = await here(...args)
      expect(ran).toMatchObject({ code: 2, out: '' })
      expect(ran.err).not.toBe('')
      expect(ran.err).not.toMatch(/^\s+at /m)
    },
  )

  test('help is a success', async () => {
    const ran = await runTocsin(['--help'])
    expect(ran.code).toBe(0)
    for (const command of ['org', 'simulate', 'query']) expect(ran.out).toContain(command)
  })

  test.skipIf(process.platform === 'win32')('a profile that cannot be made is said in words', async () => {
    chmodSync(profile, 0o500)
    // Permissions do not stop root; no folder can be made in /proc by anyone.
    const below = process.getuid?.() === 0 ? '/proc/below' : join(profile, 'below')
    const ran = await runTocsin(['org', 'add', '--id', 'o', '--issuer', 'https://api.slashid.com', '--user-data', below])
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining('cannot be used') })
  })

  test('a history of something else is left as it is, in words', async () => {
    const file = join(profile, 'history.sqlite')
    writeFileSync(file, 'not a database, but long enough to be looked at '.repeat(20))
    const before = readFileSync(file)
    for (const args of [['query'], ['org', 'list'], ['org', 'add', '--id', 'o', '--issuer', 'https://api.slashid.com']]) {
      const ran = await here(...args)
      expect(ran).toMatchObject({ code: 1, out: '' })
      expect(ran.err).not.toMatch(/^\s+at /m)
    }
    expect(readFileSync(file).equals(before)).toBe(true)
  })
})
