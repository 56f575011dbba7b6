import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepAll } from '../main/archive-test-support.ts'
import { signer } from '../main/evidence-test-support.ts'
import { contentOf } from '../main/ingest/content-of.ts'
import { issuer, noon, pinned } from '../main/ingest/test-support.ts'
import { thumbprint } from '../main/ingest/key-set.ts'
import { historyFile, prepareProfile } from '../main/profile.ts'
import { openStore } from '../main/store/store.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'tocsin-cli-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

type Ran = { readonly code: number | null; readonly out: string; readonly err: string }

function tocsin(profile: string, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const script = fileURLToPath(new URL('./index.ts', import.meta.url))
    const child = spawn(process.execPath, [script, ...args, '--user-data', join(folder, profile)], { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (out += part))
    child.stderr.setEncoding('utf8').on('data', (part: string) => (err += part))
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

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
  for (const format of ['ocsf', 'navigator']) {
    const ran = await tocsin('a', 'export', '--format', format, '--out', '-')
    expect(ran.code).toBe(0)
    expect(() => JSON.parse(ran.out.split(format === 'ocsf' ? '\n' : '\u0000')[0]!) as unknown).not.toThrow()
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
