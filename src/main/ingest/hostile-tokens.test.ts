/**
 * A corpus of hostile tokens: each refused for exactly one reason. What catches the loss of each guard:
 *
 * | taken out                                       | goes red                                                        |
 * |-------------------------------------------------|-----------------------------------------------------------------|
 * | compactForm                                     | not-a-token: two parts                                          |
 * | compactForm and the re-encoding                 | not-a-token: padding…, whitespace…                              |
 * | re-encoding in decode()                         | not-a-token: stray bits…                                        |
 * | alg compared with ES256                         | algorithm-not-allowed: …                                        |
 * | a name in `forbidden`                           | header-malformed: the member of that name                       |
 * | nestedToken                                     | header-malformed: cty…                                          |
 * | isMissing(kid)                                  | key-id-missing: …                                               |
 * | Array.isArray                                   | header-malformed: an empty array                                |
 * | measure().members                               | …: … twice                                                      |
 * | measure().depth                                 | claims-malformed: nested too deep                               |
 * | fatal or ignoreBOM of the decoder               | …: not UTF-8, byte order mark                                   |
 * | signature.length                                | signature-invalid: DER… (still refused, but after a key lookup) |
 * | a field of Claims or its bound                  | claims-malformed: that field                                    |
 * | a comparison in decide()                        | organization-unknown, issuer-, target-, webhook-mismatch        |
 * | skew, expiry                                    | issued-in-future, expired; decide.test.ts holds the edges       |
 * | subtle.verify, its hash                         | signature-invalid: …                                            |
 * | the order in decide()                           | nothing is looked up for…                                       |
 */
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Refusal } from '../../shared/trust.ts'
import { check } from './check.ts'
import type { CheckContext, Expected } from './check.ts'
import { createKeyRing } from './keys.ts'
import type { KeyRing } from './keys.ts'
import * as support from './test-support.ts'
import { base64url, claimsOf, deliveryOf, es256, headerOf, issuer, noon, pinned, tokenOf, tokenWith } from './test-support.ts'

const signer = support.createSigner('nLkqWQ')
const otherOrganization = support.createSigner('other-kid')
const expected: Expected = { targetUrls: ['https://hooks.example.com/tocsin'], webhookIds: ['wh-1'] }

type Case = readonly [name: string, body: string | Uint8Array]
const second = noon / 1000

const valid = tokenWith(signer)
const [validHeader = '', validClaims = '', validSignature = ''] = valid.split('.')
const headerText = JSON.stringify(headerOf(signer))
const claimsText = JSON.stringify(claimsOf())
const withHeader = (header: string | Uint8Array) => tokenOf(signer, header, claimsText)
const withClaims = (claims: string | Uint8Array) => tokenOf(signer, headerText, claims)
const withoutClaim = (name: string) => withClaims(JSON.stringify({ ...claimsOf(), [name]: undefined }))
const withSignature = (signature: Uint8Array) => `${validHeader}.${validClaims}.${base64url(signature)}`
const addMember = (text: string, member: string) => `${text.slice(0, -1)},${member}}`

/** The same bytes in another spelling: the unused low bits of the last character set. */
function stray(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(part.slice(-1))
  return part.slice(0, -1) + alphabet.charAt(last + 1)
}
/** A text whose base64url has unused bits, by spaces at its end. */
const odd = (text: string) => (text.length % 3 === 0 ? `${text} ` : text)
const strayHeader = base64url(odd(headerText))
const strayClaims = base64url(odd(claimsText))

const notTokens: readonly Case[] = [
  ['an empty body', ''],
  ['plain text', 'hello'],
  ['JSON', claimsText],
  ['JSON serialization', JSON.stringify({ protected: validHeader, payload: validClaims, signature: validSignature })],
  ['a quoted token', `"${valid}"`],
  ['a bearer token', `Bearer ${valid}`],
  ['one part', validHeader],
  ['two parts', `${validHeader}.${validClaims}`],
  ['four parts', `${valid}.${validSignature}`],
  ['JWE: five parts', `${base64url('{"alg":"ECDH-ES","enc":"A128GCM"}')}.AAAA.AAAA.AAAA.AAAA`],
  ['an empty header', `.${validClaims}.${validSignature}`],
  ['an empty payload', `${validHeader}..${validSignature}`],
  ['an empty signature', `${validHeader}.${validClaims}.`],
  ['none with an empty signature', `${base64url('{"alg":"none"}')}.${validClaims}.`],
  ['only dots', '..'],
  ...[' ', '\n', '\r\n', '\t', '\0', '\v', '\u00a0', '\u2028', '\ufeff'].flatMap((space): Case[] => [
    [`whitespace ${JSON.stringify(space)} at the end`, valid + space],
    [`whitespace ${JSON.stringify(space)} at the start`, space + valid],
    [
      `whitespace ${JSON.stringify(space)} inside`,
      `${validHeader}.${validClaims.slice(0, 9)}${space}${validClaims.slice(9)}.${validSignature}`,
    ],
  ]),
  ['padding after the header', `${validHeader}=.${validClaims}.${validSignature}`],
  ['padding after the payload', `${validHeader}.${validClaims}==.${validSignature}`],
  ['padding after the signature', `${valid}==`],
  ['the alphabet of base64', `${validHeader}.${validClaims}.${'+/'.repeat(43)}`],
  ['characters that are not ASCII', `${validHeader}.${validClaims}é.${validSignature}`],
  ['a full-width letter', `${validHeader}.${validClaims}\uff21.${validSignature}`],
  ['bytes of no text at all', Uint8Array.from({ length: 300 }, (_, index) => index % 256)],
  ['stray bits in the header', `${stray(strayHeader)}.${validClaims}.${validSignature}`],
  ['stray bits in the payload', `${validHeader}.${stray(strayClaims)}.${validSignature}`],
  ['stray bits in the signature', `${validHeader}.${validClaims}.${stray(validSignature)}`],
  ['a length no base64 has', `${validHeader}.${validClaims}.${validSignature}AAA`],
]

const publicPem = createPublicKey(signer.privateKey).export({ format: 'pem', type: 'spki' }).toString()
function hmac(alg: string, hash: string, secret: string | Uint8Array): string {
  const input = `${base64url(JSON.stringify({ alg, kid: signer.kid }))}.${validClaims}`
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`
}

const wrongAlgorithms: readonly Case[] = [
  ...[
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'es256',
    'ES256 ',
    ' ES256',
    'ES256\0',
    'ES256K',
    'ES384',
    'ES512',
    'EdDSA',
    'RS256',
    'PS256',
    'HS256',
    'dir',
  ].map((alg): Case => [`alg ${JSON.stringify(alg)}, signed all the same`, tokenWith(signer, {}, { alg })]),
  ...[null, 256, true, ['ES256'], { ES256: 1 }].map((alg): Case => [`alg ${JSON.stringify(alg)}`, tokenWith(signer, {}, { alg })]),
  ['no alg', tokenWith(signer, {}, { alg: undefined })],
  ['alg only in __proto__', withHeader(`{"kid":"${signer.kid}","__proto__":{"alg":"ES256"}}`)],
  [
    'none with a null signature',
    `${base64url(JSON.stringify({ alg: 'none', kid: signer.kid }))}.${validClaims}.${base64url(new Uint8Array(64))}`,
  ],
  ['HMAC with the PEM for a secret', hmac('HS256', 'sha256', publicPem)],
  ['HMAC with the JWK for a secret', hmac('HS256', 'sha256', JSON.stringify(signer.publicKey))],
  ['HMAC with the x coordinate for a secret', hmac('HS256', 'sha256', Buffer.from(signer.publicKey.x, 'base64url'))],
  ['HMAC of 64 bytes', hmac('HS512', 'sha512', publicPem)],
  ['HMAC with an empty secret', hmac('HS256', 'sha256', '')],
]

const attacker = support.createSigner(signer.kid)
const badHeaders: readonly Case[] = [
  ['crit', tokenWith(signer, {}, { crit: ['exp'] })],
  ['crit, empty', tokenWith(signer, {}, { crit: [] })],
  ['crit with b64', tokenWith(signer, {}, { crit: ['b64'], b64: false })],
  ['b64: false', tokenWith(signer, {}, { b64: false })],
  ['b64: true', tokenWith(signer, {}, { b64: true })],
  ['an embedded jwk that signed it', tokenWith(attacker, {}, { jwk: attacker.publicKey })],
  ['an embedded jwk of the issuer', tokenWith(signer, {}, { jwk: signer.publicKey })],
  ['jwk: null', tokenWith(signer, {}, { jwk: null })],
  ['jku', tokenWith(attacker, {}, { jku: 'https://attacker.example/keys' })],
  ['jku of the issuer', tokenWith(signer, {}, { jku: `${issuer}/keys` })],
  ['x5u', tokenWith(attacker, {}, { x5u: 'https://attacker.example/cert' })],
  ['x5c', tokenWith(attacker, {}, { x5c: ['MIIB'] })],
  ...['zip', 'enc', 'epk', 'p2s', 'p2c'].map((member): Case => [`${member} of a JWE`, tokenWith(signer, {}, { [member]: 'DEF' })]),
  ...['JWT', 'jwt', 'application/jwt', 'Application/JWT'].map((cty): Case => [`cty ${cty}: nested`, tokenWith(signer, {}, { cty })]),
  ['cty that is no text', tokenWith(signer, {}, { cty: 1 })],
  ['typ that is no text', tokenWith(signer, {}, { typ: ['JWT'] })],
  ['a kid of 257 characters', tokenWith(signer, {}, { kid: 'k'.repeat(257) })],
  ['half a surrogate pair for a kid', withHeader('{"alg":"ES256","kid":"\\ud800"}')],
  ['alg twice', withHeader(`{"alg":"none","alg":"ES256","kid":"${signer.kid}"}`)],
  ['alg twice, once escaped', withHeader(`{"alg":"ES256","kid":"${signer.kid}","\\u0061lg":"ES256"}`)],
  ['kid twice', withHeader(addMember(headerText, '"kid":"other"'))],
  ['an unknown member twice', withHeader(addMember(headerText, '"a":1,"a":1'))],
  ['__proto__ twice', withHeader(addMember(headerText, '"__proto__":1,"__proto__":2'))],
  ['an array', withHeader(`[${headerText}]`)],
  ['an empty array', withHeader('[]')],
  ['text', withHeader('"ES256"')],
  ['null', withHeader('null')],
  ['a number', withHeader('1')],
  ['not JSON', withHeader("{'alg':'ES256'}")],
  ['cut off', withHeader(headerText.slice(0, -1))],
  ['something after it', withHeader(`${headerText}{}`)],
  ['a byte order mark', withHeader(`\ufeff${headerText}`)],
  ['not UTF-8', withHeader(Buffer.from(headerText.replace('"kid"', '"\xff":1,"kid"'), 'latin1'))],
  ['UTF-16', withHeader(Buffer.from(headerText, 'utf16le'))],
  ['nested too deep', withHeader(addMember(headerText, `"a":${'['.repeat(70)}${']'.repeat(70)}`))],
]

const missingKids: readonly Case[] = [
  ['no kid', tokenWith(signer, {}, { kid: undefined })],
  ...['', null, 7, true, ['nLkqWQ'], { kid: 'nLkqWQ' }].map((kid): Case => [`kid ${JSON.stringify(kid)}`, tokenWith(signer, {}, { kid })]),
]

const badClaims: readonly Case[] = [
  ...['aud', 'iss', 'iat', 'exp'].flatMap((name): Case[] => [
    [`no ${name}`, withoutClaim(name)],
    [`${name} null`, tokenWith(signer, { [name]: null })],
    [`${name} an object`, tokenWith(signer, { [name]: {} })],
    [`${name} true`, tokenWith(signer, { [name]: true })],
    [`${name} twice`, withClaims(addMember(claimsText, `"${name}":${JSON.stringify(claimsOf()[name])}`))],
  ]),
  ...['iat', 'exp'].flatMap((name): Case[] => [
    [`${name} text`, tokenWith(signer, { [name]: String(second) })],
    [`${name} negative`, tokenWith(signer, { [name]: -1 })],
    [`${name} beyond the year 9999`, tokenWith(signer, { [name]: 253_402_300_800 })],
    [`${name} beyond all numbers`, withClaims(claimsText.replace(new RegExp(`"${name}":\\d+`), `"${name}":1e999`))],
  ]),
  ['iat in milliseconds', tokenWith(signer, { iat: noon })],
  ['aud empty', tokenWith(signer, { aud: '' })],
  ['aud of nobody', tokenWith(signer, { aud: [] })],
  ['aud of two', tokenWith(signer, { aud: [pinned, 'another'] })],
  ['aud of the same twice', tokenWith(signer, { aud: [pinned, pinned] })],
  ['aud nested', tokenWith(signer, { aud: [[pinned]] })],
  ['aud a number', tokenWith(signer, { aud: 1 })],
  ['aud of 257 characters', tokenWith(signer, { aud: 'a'.repeat(257) })],
  ['half a surrogate pair for aud', withClaims(claimsText.replace(`"${pinned}"`, '"\\udc00"'))],
  ['aud only in __proto__', withClaims(claimsText.replace('"aud":', '"__proto__":'))],
  ['iss empty', tokenWith(signer, { iss: '' })],
  ['iss an array', tokenWith(signer, { iss: [issuer] })],
  ['iss too long', tokenWith(signer, { iss: issuer + 'a'.repeat(3000) })],
  ['jti a number', tokenWith(signer, { jti: 5 })],
  ['jti empty', tokenWith(signer, { jti: '' })],
  ['jti too long', tokenWith(signer, { jti: 'j'.repeat(257) })],
  ['jti twice', withClaims(addMember(claimsText, '"jti":"b"'))],
  ['trigger_content twice', withClaims(addMember(claimsText, '"trigger_content":{}'))],
  ['trigger_content twice, once escaped', withClaims(addMember(claimsText, '"trigger\\u005fcontent":{}'))],
  ...['trigger_type', 'trigger_name', 'target_url', 'webhook_id'].map((name): Case => [
    `${name} a number`,
    tokenWith(signer, { [name]: 1 }),
  ]),
  ['an array', withClaims(`[${claimsText}]`)],
  ['null', withClaims('null')],
  ['text', withClaims('"claims"')],
  ['a nested token', withClaims(valid)],
  ['not JSON', withClaims('aud=org')],
  ['a byte order mark', withClaims(`\ufeff${claimsText}`)],
  ['not UTF-8', withClaims(Buffer.from(claimsText.replace('hooks', 'h\xc3\x28ks'), 'latin1'))],
  ['an overlong NUL', withClaims(Buffer.from(claimsText.replace('hooks', 'h\xc0\x80ks'), 'latin1'))],
  ['nested too deep', withClaims(addMember(claimsText, `"a":${'['.repeat(100_000)}${']'.repeat(100_000)}`))],
]

const unknownOrganizations: readonly Case[] = [
  'somebody-else',
  pinned.toUpperCase(),
  `${pinned} `,
  ` ${pinned}`,
  `${pinned}\0`,
  pinned.slice(0, -1),
  `${pinned}x`,
  '__proto__',
  'constructor',
  '*',
  '%',
].map((aud) => [`aud ${JSON.stringify(aud)}`, tokenWith(signer, { aud })])

const otherIssuers: readonly Case[] = [
  `${issuer}/`,
  issuer.toUpperCase(),
  issuer.replace('https', 'http'),
  `${issuer}:443`,
  `${issuer}.attacker.example`,
  `https://attacker.example/?${issuer}`,
  issuer.replace('//', '//user@'),
  'https://api.sandbox.slashid.com',
  ` ${issuer}`,
].map((iss) => [`iss ${iss}`, tokenWith(signer, { iss })])

const otherTargets: readonly Case[] = [
  ['of another host', tokenWith(signer, { target_url: 'https://other.example.com/tocsin' })],
  ['with a slash more', tokenWith(signer, { target_url: 'https://hooks.example.com/tocsin/' })],
  ['empty', tokenWith(signer, { target_url: '' })],
  ['missing', withoutClaim('target_url')],
]
const otherWebhooks: readonly Case[] = [
  ['another', tokenWith(signer, { webhook_id: 'wh-2' })],
  ['empty', tokenWith(signer, { webhook_id: '' })],
  ['missing', withoutClaim('webhook_id')],
]

const hostileKids: readonly Case[] = [
  '../../../../dev/null',
  "' OR 1=1 --",
  "x' UNION SELECT 'key",
  'https://attacker.example/key.json',
  '| sleep 10',
  '__proto__',
  'constructor',
  'toString',
  '\0',
  signer.kid.toLowerCase(),
  `${signer.kid} `,
  `${signer.kid}\0`,
  otherOrganization.kid,
].map((kid) => [`kid ${JSON.stringify(kid)}`, tokenWith(signer, {}, { kid })])

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const bytesOf = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
const input = `${validHeader}.${validClaims}`
const good = Buffer.from(validSignature, 'base64url')
const r = good.subarray(0, 32)
const s = good.subarray(32)
const zero = new Uint8Array(32)
const flip = (index: number) => Buffer.from(good.map((byte, at) => (at === index ? byte ^ 1 : byte)))
const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
const ed25519 = generateKeyPairSync('ed25519').privateKey
const otherClaims = base64url(JSON.stringify(claimsOf({ trigger_content: { id: 'forged' } })))

const badSignatures: readonly Case[] = [
  ['of another key', tokenWith(attacker)],
  ["of another organization's key under this kid", tokenOf(otherOrganization, headerText, claimsText)],
  ['r = s = 0', withSignature(Buffer.concat([zero, zero]))],
  ['r = 0', withSignature(Buffer.concat([zero, s]))],
  ['s = 0', withSignature(Buffer.concat([r, zero]))],
  ['r = n', withSignature(Buffer.concat([bytesOf(order), s]))],
  ['s = n', withSignature(Buffer.concat([r, bytesOf(order)]))],
  ['r = s = n', withSignature(Buffer.concat([bytesOf(order), bytesOf(order)]))],
  ['r = s = 1', withSignature(Buffer.concat([bytesOf(1n), bytesOf(1n)]))],
  ['all ones', withSignature(Buffer.alloc(64, 0xff))],
  ['DER', withSignature(sign('sha256', Buffer.from(input), signer.privateKey))],
  ['r and s exchanged', withSignature(Buffer.concat([s, r]))],
  ['one byte short', withSignature(good.subarray(0, 63))],
  ['one byte long', withSignature(Buffer.concat([good, zero.subarray(0, 1)]))],
  ['twice', withSignature(Buffer.concat([good, good]))],
  ['one byte', withSignature(zero.subarray(0, 1))],
  ...[0, 16, 31, 32, 48, 63].map((index): Case => [`byte ${index} changed`, withSignature(flip(index))]),
  ['over the payload only', withSignature(es256(signer.privateKey, validClaims))],
  ['over the decoded text', withSignature(es256(signer.privateKey, `${headerText}.${claimsText}`))],
  ['with SHA-384', withSignature(sign('sha384', Buffer.from(input), { key: signer.privateKey, dsaEncoding: 'ieee-p1363' }))],
  ['with SHA-512', withSignature(sign('sha512', Buffer.from(input), { key: signer.privateKey, dsaEncoding: 'ieee-p1363' }))],
  ['on secp256k1', withSignature(es256(k256, input))],
  ['on P-384', withSignature(es256(p384, input))],
  ['of Ed25519', withSignature(sign(null, Buffer.from(input), ed25519))],
  ['an HMAC of 64 bytes', withSignature(createHmac('sha512', publicPem).update(input).digest())],
  ['of another payload', `${validHeader}.${otherClaims}.${validSignature}`],
  ['of another header', `${base64url(JSON.stringify(headerOf(signer, { typ: 'JWT' })))}.${validClaims}.${validSignature}`],
]

const expired: readonly Case[] = [
  ['61 s ago', tokenWith(signer, { exp: second - 61 })],
  ['years ago', tokenWith(signer, { iat: 1_500_000_000, exp: 1_500_000_300 })],
  ['at the epoch', tokenWith(signer, { exp: 0 })],
]
const fromTheFuture: readonly Case[] = [
  ['61 s ahead', tokenWith(signer, { iat: second + 61, exp: second + 400 })],
  ['a day ahead', tokenWith(signer, { iat: second + 86_400, exp: second + 86_700 })],
  ['in the year 9999', tokenWith(signer, { iat: 253_402_300_799, exp: 253_402_300_799 })],
]

const corpus: readonly (readonly [Refusal, readonly Case[]])[] = [
  ['not-a-token', notTokens],
  ['algorithm-not-allowed', wrongAlgorithms],
  ['header-malformed', badHeaders],
  ['key-id-missing', missingKids],
  ['claims-malformed', badClaims],
  ['organization-unknown', unknownOrganizations],
  ['issuer-mismatch', otherIssuers],
  ['target-mismatch', otherTargets],
  ['webhook-mismatch', otherWebhooks],
  ['issued-in-future', fromTheFuture],
  ['expired', expired],
  ['key-unknown', hostileKids],
  ['signature-invalid', badSignatures],
]

const highS = Buffer.concat([r, bytesOf(order - BigInt(`0x${s.toString('hex')}`))])
const believed: readonly Case[] = [
  ['as SlashID sends it', valid],
  ['with typ', tokenWith(signer, {}, { typ: 'JWT' })],
  ['with header members nobody knows', tokenWith(signer, {}, { ver: 2, x5t: 'abc' })],
  ['with a cty of its own', tokenWith(signer, {}, { cty: 'application/json' })],
  ['with one audience in an array', tokenWith(signer, { aud: [pinned] })],
  ['without jti', withoutClaim('jti')],
  ['with fractions of seconds', tokenWith(signer, { iat: second - 0.5, exp: second + 300.25 })],
  ['with the other s of a malleable signature', withSignature(highS)],
  ['with names that repeat inside trigger_content', withClaims(claimsText.replace('"id":"det-1"', '"id":"det-1","a":{"b":1,"b":2}'))],
  ['with colons and brackets in text', tokenWith(signer, { sub: '":{[\\"a\\":1,' })],
  ['with a member called __proto__', withClaims(addMember(claimsText, '"__proto__":{"polluted":true}'))],
  ['with text of every plane', tokenWith(signer, { sub: 'é漢🙂\u0000' })],
  ['with space between the members', withClaims(JSON.stringify(claimsOf(), null, 2))],
  ['nested as deep as allowed', withClaims(addMember(claimsText, `"a":${'['.repeat(63)}${']'.repeat(63)}`))],
  ['issued 60 s ahead', tokenWith(signer, { iat: second + 60 })],
  ['expired 60 s ago', tokenWith(signer, { exp: second - 60 })],
]

let keys: KeyRing
let context: CheckContext

beforeAll(async () => {
  const { store, put } = support.createMemoryKeyStore([support.organization(pinned, 'pinned')])
  put(pinned, signer.publicKey)
  keys = createKeyRing({
    store,
    fetchKeys: () => Promise.reject(new Error('pinned keys are never fetched')),
    now: () => noon,
    random: () => 0.5,
    schedule: () => () => undefined,
    onKeysChanged: () => undefined,
    onStatesChanged: () => undefined,
  })
  await keys.reload()
  context = {
    organization: keys.organization,
    keys,
    expected: () => expected,
    isAuthenticatedRelay: () => false,
    unsignedInlet: () => null,
    now: () => noon,
  }
})

test('the corpus has at least 150 tokens, all different', () => {
  const bodies = corpus.flatMap(([, cases]) => cases.map(([, body]) => Buffer.from(body).toString('latin1')))
  expect(bodies.length).toBeGreaterThanOrEqual(150)
  expect(new Set(bodies).size).toBe(bodies.length)
})

for (const [because, cases] of corpus) {
  describe(because, () => {
    test.each(cases)('%s', async (_, body) => {
      const { decision } = await check(deliveryOf(body), context)
      expect(decision).toEqual({ kind: 'refused', because })
    })
  })
}

describe('believed', () => {
  test.each(believed)('%s', async (_, body) => {
    const { decision, token } = await check(deliveryOf(body), context)
    expect(decision).toEqual({ kind: 'trusted', trust: 'verified' })
    expect(token?.facts.organizationId).toBe(pinned)
  })

  test('the two signatures of one signing input name the same delivery', async () => {
    const one = await check(deliveryOf(valid), context)
    const other = await check(deliveryOf(withSignature(highS)), context)
    expect(other.token?.facts.signingInputHash).toEqual(one.token?.facts.signingInputHash)
  })

  test('a member called __proto__ is kept as a plain member and touches nothing', async () => {
    const { token } = await check(deliveryOf(withClaims(addMember(claimsText, '"__proto__":{"polluted":true}'))), context)
    expect(Object.keys(token?.claims ?? {})).toContain('__proto__')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

test('nothing is looked up for a token that has anything else against it', async () => {
  const asked: string[] = []
  const find: KeyRing['find'] = (id, kid, times) => {
    asked.push(kid)
    return keys.find(id, kid, times)
  }
  const cheap = corpus.filter(([because]) => because !== 'key-unknown' && because !== 'signature-invalid').flatMap(([, cases]) => cases)
  for (const [, body] of [...cheap, ...badSignatures.filter(([name]) => /DER|short|long|twice|one byte/.test(name))]) {
    await check(deliveryOf(body), { ...context, keys: { find } })
  }
  expect(asked).toEqual([])
})
