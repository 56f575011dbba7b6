import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compactVerify, decodeProtectedHeader, importJWK } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadDemoSigner } from './demo.ts'

let profile: string
beforeEach(() => void (profile = mkdtempSync(join(tmpdir(), 'tocsin-demo-'))))
afterEach(() => rmSync(profile, { recursive: true, force: true }))
const file = (): string => join(profile, 'demo-key.json')

test('signs as SlashID does, and the token verifies with the public key alone', async () => {
  const signer = loadDemoSigner(profile)
  const token = signer.sign({ aud: 'organization', note: 'São Paulo' })
  expect(Buffer.from(token.split('.')[0]!, 'base64url').toString()).toBe(`{"alg":"ES256","kid":"${signer.publicKey.kid}"}`)
  const { payload } = await compactVerify(token, await importJWK(signer.publicKey, 'ES256'))
  expect(JSON.parse(Buffer.from(payload).toString())).toEqual({ aud: 'organization', note: 'São Paulo' })
  expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: signer.publicKey.kid })
})

test('keeps one key pair per profile, mode 0600, and publishes nothing private', () => {
  const first = loadDemoSigner(profile)
  expect(loadDemoSigner(profile).publicKey).toEqual(first.publicKey)
  expect(readdirSync(profile)).toEqual(['demo-key.json'])
  if (process.platform !== 'win32') expect(statSync(file()).mode & 0o777).toBe(0o600)
  expect(Object.keys(first.jwks.keys[0]).sort()).toEqual(['crv', 'kid', 'kty', 'x', 'y'])
})

test.each([
  ['nothing', () => ''],
  ['no JSON', () => '{'],
  ['too much', (key: string) => key + ' '.repeat(5_000)],
  ['half a key', (key: string) => key.slice(0, 60)],
  ['a public key', (key: string) => JSON.stringify({ ...JSON.parse(key), d: undefined })],
  [
    'halves that do not belong together',
    (key: string) => JSON.stringify({ ...JSON.parse(key), d: Buffer.alloc(32, 1).toString('base64url') }),
  ],
])('makes a new key where the file holds %s', (_, damage) => {
  const lost = loadDemoSigner(profile)
  writeFileSync(file(), damage(readFileSync(file(), 'utf8')))
  chmodSync(file(), 0o644)
  const made = loadDemoSigner(profile)
  expect(made.publicKey.kid).not.toBe(lost.publicKey.kid)
  expect(loadDemoSigner(profile).publicKey).toEqual(made.publicKey)
  if (process.platform !== 'win32') expect(statSync(file()).mode & 0o777).toBe(0o600)
  expect(readdirSync(profile)).toEqual(['demo-key.json'])
})

test('processes that start at the same moment get the same key', async () => {
  const script = `import { loadDemoSigner } from ${JSON.stringify(new URL('./demo.ts', import.meta.url).href)}
    console.log(loadDemoSigner(process.argv[1]).publicKey.kid)`
  const run = promisify(execFile)
  const runs = await Promise.all(Array.from({ length: 6 }, () => run(process.execPath, ['--input-type=module', '--eval', script, profile])))
  expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1)
})
