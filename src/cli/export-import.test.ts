import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepAll } from '../main/archive-test-support.ts'
import { keepUnsigned, signer } from '../main/proof/evidence-test-support.ts'
import { importLimits } from '../main/import-history.ts'
import { contentOf } from '../main/ingest/content-of.ts'
import { issuer, noon, pinned } from '../main/ingest/test-support.ts'
import { thumbprint } from '../main/ingest/key-set.ts'
import { historyFile, prepareProfile } from '../main/profile.ts'
import { openStore } from '../main/store/store.ts'
import { runTocsin, type Ran } from './cli-test-support.ts'
import { limitsOf } from './import.ts'
import { queryDetections } from './query.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tocsin-cli-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const tocsin = (profile: string, ...args: string[]): Promise<Ran> => runTocsin(['--user-data', join(folder, profile), ...args])

/** A profile with two detections, written as the app would. */
function profileWithTwo(name: string): void {
  prepareProfile(join(folder, name))
  const opened = openStore({ file: historyFile(join(folder, name)), contentOf, now: () => noon })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const { publicKey } = signer
  const key = { kid: publicKey.kid, thumbprint: thumbprint(publicKey), jwk: publicKey }
  opened.store.organizations.add({ id: pinned, issuer, name: 'Pinned', demo: false, pinned: [key] })
  keepAll(opened.store, [
    { id: 'one', status: 'ongoing', iat: noon / 1000 - 20 },
    { id: 'two', status: 'resolved', iat: noon / 1000 - 10 },
  ])
  opened.store.close()
}

test('what one profile exports, another one imports, checks and keeps; the second time nothing is new', async () => {
  profileWithTwo('a')
  const archive = join(folder, 'a.ndjson')
  expect(await tocsin('a', 'export', '--format', 'ndjson', '--out', archive)).toEqual({
    code: 0,
    out: '',
    err: `2 detections exported to ${archive}.\n`,
  })
  const jwks = join(folder, 'jwks.json')
  writeFileSync(jwks, JSON.stringify({ keys: [{ ...signer.publicKey, alg: 'ES256' }] }))

  const stranger = await tocsin('b', 'import', archive)
  expect(stranger).toMatchObject({ code: 1, err: expect.stringContaining('tocsin org add') as string })
  expect(stranger.out).toMatch(/refused +2/)

  expect(await tocsin('b', 'org', 'add', '--id', pinned, '--issuer', issuer, '--jwks', jwks)).toMatchObject({ code: 0 })
  const first = await tocsin('b', 'import', archive)
  expect(first).toMatchObject({ code: 0, err: '' })
  expect(first.out).toMatch(/new +2\n/)
  expect((await tocsin('b', 'import', archive)).out).toMatch(/new +0\nhere already +2\n/)

  const shown = (await tocsin('b', 'query', '--json')).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object)
  expect(shown).toMatchObject([
    { id: 'two', trust: 'verified', imported: true },
    { id: 'one', trust: 'verified', imported: true },
  ])
  expect(await tocsin('b', 'verify')).toMatchObject({ code: 0 })
})

test('export writes to a pipe what it would write to a file, and takes a search', async () => {
  profileWithTwo('a')
  const file = join(folder, 'resolved.csv')
  await tocsin('a', 'export', 'status:resolved', '--format', 'csv', '--out', file)
  const piped = await tocsin('a', 'export', 'status:resolved', '--format', 'csv', '--out', '-')
  expect(piped).toMatchObject({ code: 0, out: readFileSync(file, 'utf8'), err: expect.stringContaining('1 detection exported') as string })
  expect(piped.out.trim().split('\r\n')).toHaveLength(2)
  for (const format of ['ocsf', 'ecs', 'splunk-hec', 'navigator']) {
    const ran = await tocsin('a', 'export', '--format', format, '--out', '-')
    expect(ran.code).toBe(0)
    expect(() => JSON.parse(ran.out.split(format === 'navigator' ? '\u0000' : '\n')[0]!) as unknown).not.toThrow()
  }
})

test('what cannot be meant, or must not be overwritten, is refused in words and nothing is written', async () => {
  profileWithTwo('a')
  const file = join(folder, 'out.csv')
  expect(await tocsin('a', 'export', '--format', 'xml', '--out', file)).toMatchObject({ code: 2 })
  expect(await tocsin('a', 'export', 'entitty:x', '--format', 'csv', '--out', file)).toMatchObject({ code: 2, out: '' })
  expect(await tocsin('nowhere', 'export', '--format', 'csv', '--out', file)).toMatchObject({ code: 1 })
  expect(readdirSync(folder)).toEqual(['a'])
  writeFileSync(file, 'mine')
  expect(await tocsin('a', 'export', '--format', 'csv', '--out', file)).toMatchObject({
    code: 1,
    err: expect.stringContaining('is there already') as string,
  })
  expect(readFileSync(file, 'utf8')).toBe('mine')
  expect(await tocsin('a', 'import', join(folder, 'none'))).toMatchObject({ code: 1, err: expect.stringContaining('none') as string })
  expect(await tocsin('a', 'import')).toMatchObject({ code: 2 })
})

test('what nobody signed is refused with its reason, unless it is asked for', async () => {
  profileWithTwo('a')
  const opened = openStore({ file: historyFile(join(folder, 'a')), contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  keepUnsigned(opened.store, 'nobody', 'ongoing')
  opened.store.close()
  const archive = join(folder, 'a.ndjson')
  await tocsin('a', 'export', '--format', 'ndjson', '--out', archive)
  const jwks = join(folder, 'jwks.json')
  writeFileSync(jwks, JSON.stringify({ keys: [{ ...signer.publicKey, alg: 'ES256' }] }))
  await tocsin('b', 'org', 'add', '--id', pinned, '--issuer', issuer, '--jwks', jwks)
  const without = await tocsin('b', 'import', archive)
  expect(without).toMatchObject({ code: 1, err: expect.stringMatching(/: unsigned\n.*--unsigned/s) as string })
  expect(without.out).toMatch(/new +2\n.*refused +1\n/s)
  const wanted = await tocsin('b', 'import', '--unsigned', archive)
  expect(wanted).toMatchObject({ code: 0, err: '' })
  expect(wanted.out).toMatch(/new +1\nhere already +2\n/)
})

test('a search that is refused is shown with a mark under what is meant, by query and export alike', async () => {
  profileWithTwo('a')
  const exported = await tocsin('a', 'export', 'id:x', 'colour:red', '--format', 'csv', '--out', '-')
  expect(exported).toMatchObject({ code: 2, out: '' })
  expect(exported.err.split('\n').slice(1, 3)).toEqual(['  id:x colour:red', '       ^^^^^^'])
  expect((await tocsin('a', 'query', 'id:x', 'colour:red')).err).toBe(exported.err)
})

test('what begins with two dashes can be looked for behind two dashes', async () => {
  profileWithTwo('a')
  const ran = await tocsin('a', 'query', '--json', '--', '--one')
  // Excluded twice.
  expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/^\{"id":"one",.*\n$/) as string, err: '' })
  expect(await tocsin('a', 'query', '--one')).toMatchObject({ code: 2, err: expect.stringContaining("unknown option '--one'") as string })
  expect(await tocsin('a', 'query', '--one', '--', '--two')).toMatchObject({ code: 2 })
  expect(await tocsin('a', 'export', '--format', 'csv', '--out', '-', '--', '--one')).toMatchObject({ code: 0 })
})

test('a query finds by words what no index has seen yet, all of it', async () => {
  profileWithTwo('a')
  const opened = openStore({ file: historyFile(join(folder, 'a')), contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  for (let from = 0; from < 5_500; from += 500) {
    const one = (_: unknown, i: number) => ({
      id: `d-${from + i}`,
      status: i % 50 === 0 ? 'impossible' : 'ongoing',
      iat: noon / 1000 - 9_000 + from + i,
    })
    keepAll(opened.store, Array.from({ length: 500 }, one))
  }
  opened.store.close()
  const ran = await tocsin('a', 'query', 'impossible', '--json')
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(ran.out.trim().split('\n')).toHaveLength(110)
})

test('a query whose words are not all found yet says so, and succeeds', async () => {
  profileWithTwo('a')
  const opened = openStore({ file: historyFile(join(folder, 'a')), readOnly: true, contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  opened.store.close()
  const said: string[] = []
  const context = { profile: join(folder, 'a'), write: () => Promise.resolve(), say: (text: string) => void said.push(text), now: Date.now }
  expect(await queryDetections(context, 'ongoing', { json: true, patienceMs: 0 })).toBe(0)
  expect(said.join('\n')).toContain('Words of the newest deliveries are not all found yet')
  said.length = 0
  expect(await queryDetections(context, 'ongoing', { json: true })).toBe(0)
  expect(said).toEqual([])
})

test('an import beside a running app makes small commits with rests between them', () => {
  expect(limitsOf(true)).toMatchObject({ commitMs: importLimits.commitMs })
  expect(limitsOf(true).restMs).toBeGreaterThan(0)
  expect(limitsOf(false).commitMs).toBeGreaterThan(importLimits.commitMs)
})

test.skipIf(process.platform === 'win32')('an import of a pipe takes what is written into it', async () => {
  profileWithTwo('a')
  const pipe = join(folder, 'pipe')
  spawnSync('mkfifo', [pipe])
  const importing = tocsin('a', 'import', pipe)
  const writer = spawn('sh', ['-c', `echo 'not a token' > '${pipe}'`])
  expect(await importing).toMatchObject({ code: 1, out: expect.stringMatching(/malformed +1/) as string })
  expect(writer.exitCode).toBe(0)
})
