import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { generateKeyPairSync } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OrganizationId } from '../../shared/detection.ts'
import { createKeyRing } from '../ingest/keys.ts'
import { createMemoryKeyStore, createSigner, noon, organization } from '../ingest/test-support.ts'
import { fetchKeys, keysUrl, parseJwks } from './keys.ts'

const organizationId = 'org-1' as OrganizationId
const signer = createSigner('k1')
const other = createSigner('k2')
const setOf = (...keys: readonly object[]) => JSON.stringify({ keys })

type Script = (request: IncomingMessage, response: ServerResponse) => void
const says =
  (status: number, body: string | Buffer = '', headers: Record<string, string> = {}): Script =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)

let server: Server
let script: Script
let requests: IncomingMessage[]
let issuer: string

beforeEach(async () => {
  requests = []
  server = createServer((request, response) => {
    requests.push(request)
    script(request, response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
})

const ask = (more: { apiKey?: string; isKeyNeeded?: boolean; deadlineMs?: number; signal?: AbortSignal } = {}) =>
  fetchKeys({ issuer, organizationId, ...more, apiKey: () => more.apiKey ?? null })

describe('the answer of a key server', () => {
  test('keys are fetched in one request that names the organization and carries no API key', async () => {
    script = says(200, setOf(signer.publicKey))
    expect(await ask({ apiKey: 'secret' })).toEqual({ kind: 'fetched', keys: [signer.publicKey] })
    expect(requests.length).toBe(1)
    expect(requests[0]).toMatchObject({ method: 'GET', url: '/organizations/webhooks/verification-jwks' })
    expect(requests[0]?.headers).toMatchObject({ 'slashid-orgid': organizationId })
    expect(requests[0]?.headers).not.toHaveProperty('slashid-api-key')
  })

  test.each([401, 403])('after %i the API key is tried once, where there is one', async (status) => {
    script = (request, response) =>
      (request.headers['slashid-api-key'] === 'secret' ? says(200, setOf(signer.publicKey)) : says(status))(request, response)
    expect(await ask()).toMatchObject({ kind: 'failed', because: 'access-refused' })
    expect(requests.length).toBe(1)
    expect(await ask({ apiKey: 'secret' })).toMatchObject({ kind: 'fetched' })
    expect(await ask({ apiKey: 'wrong' })).toMatchObject({ kind: 'failed', because: 'access-refused' })
    expect(requests.length).toBe(5)
  })

  test('where the key is known to be needed it costs one request, not two', async () => {
    script = (request, response) =>
      (request.headers['slashid-api-key'] === 'secret' ? says(200, setOf(signer.publicKey)) : says(401))(request, response)
    expect(await ask({ apiKey: 'secret', isKeyNeeded: true })).toMatchObject({ kind: 'fetched' })
    expect(await ask({ apiKey: 'wrong', isKeyNeeded: true })).toMatchObject({ kind: 'failed', because: 'access-refused' })
    expect(await ask({ isKeyNeeded: true })).toMatchObject({ kind: 'failed', because: 'access-refused' })
    expect(requests.length).toBe(3)
  })

  test('a failure that an API key cannot mend never gets to see it', async () => {
    script = says(503)
    expect(await ask({ apiKey: 'secret' })).toMatchObject({ kind: 'failed', because: 'answered-otherwise' })
    expect(requests.length).toBe(1)
  })

  test('the content type does not matter', async () => {
    script = says(200, setOf(signer.publicKey), { 'content-type': 'text/html' })
    expect(await ask()).toMatchObject({ kind: 'fetched' })
  })

  test.each([301, 302, 303, 307, 308])('a redirect (%i) is refused and not followed', async (status) => {
    script = says(status, '', { location: '/elsewhere' })
    expect(await ask()).toMatchObject({ kind: 'failed', because: 'redirected' })
    expect(requests.length).toBe(1)
  })

  test.each([
    ['a web page', says(200, '<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' }), 'not-a-key-set'],
    ['an empty answer', says(200), 'not-a-key-set'],
    ['no content', says(204), 'answered-otherwise'],
    ['an error', says(503), 'answered-otherwise'],
    ['too many requests', says(429), 'rate-limited'],
    ['no keys', says(200, setOf()), 'no-usable-key'],
    [
      '33 keys',
      says(200, setOf(...Array.from({ length: 33 }, (_, index) => ({ ...signer.publicKey, kid: `k${index}` })))),
      'too-many-keys',
    ],
    ['64 KiB and one byte', says(200, setOf(signer.publicKey).padEnd(65_537)), 'too-large'],
    ['a compressed bomb', says(200, gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' }), 'too-large'],
    ['a broken connection', ((request) => request.socket.destroy()) satisfies Script, 'unreachable'],
  ] as const)('%s is a failure with a name', async (_, answer, because) => {
    script = answer
    const result = await ask()
    expect(result).toMatchObject({ kind: 'failed', because })
    expect(result.kind === 'failed' && result.detail.length).toBeGreaterThan(20)
  })

  test('64 KiB are still read', async () => {
    script = says(200, setOf(signer.publicKey).padEnd(65_536))
    expect(await ask()).toMatchObject({ kind: 'fetched' })
  })

  test('an endless answer is cut off at its 65th KiB', async () => {
    let written = 0
    script = (_, response) => {
      const more = () => {
        while (!response.destroyed && written < 100_000_000) {
          written += 16_384
          if (!response.write(Buffer.alloc(16_384, ' '))) return response.once('drain', more)
        }
        return undefined
      }
      more()
    }
    expect(await ask()).toMatchObject({ kind: 'failed', because: 'too-large' })
    expect(written).toBeLessThan(20_000_000)
  })

  test('a server that is silent, or drips, is given up at the deadline', async () => {
    script = () => undefined
    expect(await ask({ deadlineMs: 60 })).toMatchObject({ kind: 'failed', because: 'too-slow' })
    script = (_, response) => {
      const drip = setInterval(() => response.write(' '), 5)
      response.on('close', () => clearInterval(drip))
    }
    expect(await ask({ deadlineMs: 60 })).toMatchObject({ kind: 'failed', because: 'too-slow' })
  })

  test('a server that is down is unreachable, and the detail says how', async () => {
    const gone = createServer()
    await new Promise<void>((done) => gone.listen(0, '127.0.0.1', done))
    const { port } = gone.address() as AddressInfo
    await new Promise((done) => gone.close(done))
    const result = await fetchKeys({ issuer: `http://127.0.0.1:${port}`, organizationId })
    expect(result).toMatchObject({ kind: 'failed', because: 'unreachable', detail: expect.stringContaining('ECONNREFUSED') })
  })

  test('asking can be stopped', async () => {
    const stopper = new AbortController()
    script = () => stopper.abort()
    expect(await ask({ signal: stopper.signal })).toMatchObject({ kind: 'failed', because: 'stopped' })
    expect(await ask({ signal: stopper.signal })).toMatchObject({ kind: 'failed', because: 'stopped' })
  })
})

describe('the address of a key server', () => {
  test.each([
    ['https://api.slashid.com', 'https://api.slashid.com/organizations/webhooks/verification-jwks'],
    ['https://api.slashid.com/', 'https://api.slashid.com/organizations/webhooks/verification-jwks'],
    ['https://example.com/base/', 'https://example.com/base/organizations/webhooks/verification-jwks'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/organizations/webhooks/verification-jwks'],
    ['http://127.8.9.1', 'http://127.8.9.1/organizations/webhooks/verification-jwks'],
    ['http://[::1]:8080', 'http://[::1]:8080/organizations/webhooks/verification-jwks'],
  ])('%s is asked at %s', (from, at) => expect(keysUrl(from)?.href).toBe(at))

  test.each([
    'http://api.slashid.com',
    'http://localhost:8080',
    'http://127.0.0.1.example.com',
    'http://127.example.com',
    'http://128.0.0.1',
    'http://[::2]',
    'http://[::ffff:127.0.0.1]',
    'https://user:secret@api.slashid.com',
    'https://api.slashid.com?x=1',
    'https://api.slashid.com#x',
    'ftp://127.0.0.1',
    'file:///etc/passwd',
    'data:application/json,{}',
    'api.slashid.com',
    '',
  ])('%s is not asked', async (from) => {
    expect(keysUrl(from)).toBeNull()
    expect(await fetchKeys({ issuer: from, organizationId })).toMatchObject({ kind: 'failed', because: 'issuer-not-allowed' })
  })
})

describe('reading a key set', () => {
  const es256 = signer.publicKey
  const rsa = { kty: 'RSA', kid: 'r1', n: 'AQAB', e: 'AQAB', alg: 'RS256' }

  test('only the public members that matter are kept', () => {
    const result = parseJwks(setOf({ ...es256, alg: 'ES256', use: 'sig', key_ops: ['verify'], x5c: ['MII'], note: 1 }))
    expect(result).toEqual({ kind: 'keys', keys: [es256], left: [] })
  })

  test('one key by itself is a set of one', () => {
    expect(parseJwks(JSON.stringify(es256))).toMatchObject({ kind: 'keys', keys: [es256] })
  })

  test('keys for something else are left out and named', () => {
    const result = parseJwks(setOf(es256, rsa, { ...other.publicKey, use: 'enc' }))
    expect(result).toMatchObject({ kind: 'keys', keys: [es256] })
    expect(result.kind === 'keys' && result.left).toEqual([
      'key "r1" has another kty and no crv and no x and no y and another alg',
      'key "k2" has another use',
    ])
  })

  const point = Buffer.from(es256.x, 'base64url')
  const offCurve = { ...es256, x: Buffer.from(point.map((byte, index) => (index === 31 ? byte ^ 1 : byte))).toString('base64url') }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  test.each([
    ['nothing', '', 'not-a-key-set', 'Nothing'],
    ['PEM', '-----BEGIN PUBLIC KEY-----', 'not-a-key-set', 'This text'],
    ['HTML', '<html></html>', 'not-a-key-set', 'web page'],
    ['null', 'null', 'not-a-key-set', 'JWK set'],
    ['a list', '[]', 'not-a-key-set', 'JWK set'],
    ['keys that are no list', '{"keys":{}}', 'not-a-key-set', 'JWK set'],
    ['keys that are no objects', '{"keys":[1]}', 'not-a-key-set', 'JWK set'],
    ['no kid', setOf({ ...es256, kid: undefined }), 'no-usable-key', 'key 1 has no kid'],
    ['another curve', setOf({ ...es256, crv: 'P-384' }), 'no-usable-key', 'another crv'],
    ['another algorithm', setOf({ ...es256, alg: 'ES384' }), 'no-usable-key', 'another alg'],
    ['a short coordinate', setOf({ ...es256, x: 'AQAB' }), 'no-usable-key', 'another x'],
    ['a point off the curve', setOf(offCurve), 'no-usable-key', 'not a point of P-256'],
    ['a private key', setOf({ ...privateKey.export({ format: 'jwk' }), kid: 'k1' }), 'private-key', 'replace this one'],
    ['a shared secret', setOf(es256, { kty: 'oct', k: 'c2VjcmV0', kid: 'h1' }), 'private-key', 'public keys only'],
  ])('%s is explained in words', (_, text, because, words) => {
    expect(parseJwks(text)).toMatchObject({ kind: 'unusable', because, detail: expect.stringContaining(words) })
  })
})

describe('a ring over a real key server', () => {
  test('rotation in mid-stream, a removed key and an outage: fetches and findings', async () => {
    const org = organization(organizationId, 'fetched', issuer)
    const { store } = createMemoryKeyStore([org])
    let changes = 0
    let onChange: () => void = () => undefined
    const changed = () => new Promise<void>((done) => (onChange = done))
    const ring = createKeyRing({
      store,
      fetchKeys,
      now: () => noon,
      random: () => 0.5,
      schedule: () => () => undefined,
      onKeysChanged: () => {
        changes++
        onChange()
      },
      onStatesChanged: () => undefined,
    })
    const at = (ms: number) => ({ issuedAt: noon + ms, receivedAt: noon + ms })

    script = says(200, setOf(signer.publicKey))
    const first = changed()
    await ring.reload()
    await first
    expect(ring.find(organizationId, 'k1', at(0)).kind).toBe('found')

    script = says(200, setOf(other.publicKey))
    const rotated = changed()
    expect(ring.find(organizationId, 'k2', at(0))).toEqual({ kind: 'not-found' })
    await rotated
    expect(ring.find(organizationId, 'k2', at(0)).kind).toBe('found')
    expect(ring.find(organizationId, 'k1', at(0)).kind).toBe('found')
    expect(ring.states()[0]).toMatchObject({ keyIds: ['k2'], keysTrouble: null })
    expect(requests.length).toBe(2)

    script = says(503)
    expect(ring.find(organizationId, 'k1', at(600_000))).toEqual({ kind: 'not-found' })
    while (ring.states()[0]?.keysTrouble === null) await pause(5)
    expect(ring.states()[0]?.keysTrouble).toContain('503')
    expect(ring.find(organizationId, 'k2', at(600_000)).kind).toBe('found')
    expect(requests.length).toBe(3)
    expect(changes).toBe(2)
    await ring.stop()
  })
})
