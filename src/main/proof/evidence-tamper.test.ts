import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { DetectionId } from '../../shared/detection.ts'
import type { Bundle } from '../export/bundle.ts'
import { thumbprint } from '../ingest/key-set.ts'
import { createSigner, instant, issuer, noon, pinned } from '../ingest/test-support.ts'
import { chainHash, contentHash } from '../store/chain.ts'
import { verifyBundle } from './verify-bundle.ts'
import { bundleOf, folder, history, keep, keepUnsigned, mixed, signer, verified } from './evidence-test-support.ts'

/** A segment for each delivery, each of which begins with a hash that somebody thought of. */
function madeUpChain({ deliveries }: Bundle): Bundle['chain'] {
  const madeUp: Record<number, Uint8Array> = {}
  return deliveries.map((delivery) => {
    const { sequence, inlet, headers, token } = delivery
    const content = contentHash({
      sequence,
      inlet,
      receivedAt: Date.parse(delivery.receivedAt),
      headers: headers!,
      body: Buffer.from(token!),
    })
    // One after the other where they are neighbours, so that nothing but the number of segments is wrong.
    const before = sequence === 5 ? madeUp[4]! : new Uint8Array(32)
    const link = (madeUp[sequence] = chainHash(before, content))
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
    return {
      after: { sequence: sequence - 1, chainHash: hex(before) },
      links: [{ sequence, contentHash: hex(content), chainHash: hex(link) }],
    }
  })
}

describe('what somebody changed in a bundle is found for what it is', () => {
  type Draft = { -readonly [K in keyof Bundle]: Bundle[K] }
  const flip = (text: string, index: number) => `${text.slice(0, index)}${text[index] === 'A' ? 'B' : 'A'}${text.slice(index + 1)}`
  const delivery = (bundle: Draft, index = 0) => bundle.deliveries[index]!
  const link = (bundle: Draft, index: number) => bundle.chain[0]!.links[index]!
  const cases: readonly [string, (bundle: Draft) => void, readonly string[]][] = [
    [
      'a byte of a signature',
      (bundle) => (delivery(bundle).token = flip(delivery(bundle).token!, delivery(bundle).token!.length - 20)),
      ['2 signature-invalid', '2 content-changed'],
    ],
    [
      'a claim',
      (bundle) => {
        const [header, claims, signature] = delivery(bundle).token!.split('.')
        const said = JSON.parse(Buffer.from(claims!, 'base64url').toString()) as object
        delivery(bundle).token = `${header}.${Buffer.from(JSON.stringify({ ...said, sub: 'x' })).toString('base64url')}.${signature}`
      },
      ['2 signature-invalid', '2 content-changed'],
    ],
    [
      'the key',
      (bundle) => (bundle.keys[0]!.jwk = { ...bundle.keys[0]!.jwk, ...createSigner('k1').publicKey }),
      ['2 signature-invalid', '4 signature-invalid', '5 signature-invalid'],
    ],
    [
      'a key that is no point of the curve',
      (bundle) => (bundle.keys[0]!.jwk.x = 'A'.repeat(43)),
      ['2 key-missing', '4 key-missing', '5 key-missing'],
    ],
    ['no keys', (bundle) => (bundle.keys = []), ['2 key-missing', '4 key-missing', '5 key-missing']],
    ['a chain hash', (bundle) => (link(bundle, 1).chainHash = 'f'.repeat(64)), ['3 link-changed', '4 link-changed']],
    ['a content hash', (bundle) => (link(bundle, 2).contentHash = 'f'.repeat(64)), ['4 content-changed']],
    ['a content hash of another', (bundle) => (link(bundle, 1).contentHash = 'f'.repeat(64)), ['3 link-changed']],
    ['a missing link', (bundle) => void bundle.chain[0]!.links.splice(1, 1), ['4 gap']],
    ['a missing segment', (bundle) => (bundle.chain = []), ['2 not-in-chain', '4 not-in-chain', '5 not-in-chain']],
    ['a header', (bundle) => (delivery(bundle).headers = '{}'), ['2 content-changed']],
    ['a time of arrival', (bundle) => (delivery(bundle).receivedAt = instant(noon + 1)), ['2 content-changed', '2 transition-changed']],
    [
      'a time of arrival after the token had expired',
      (bundle) => (delivery(bundle).receivedAt = instant(noon + 3_600_000)),
      ['2 expired', '2 content-changed', '2 transition-changed'],
    ],
    ['an inlet', (bundle) => (delivery(bundle).inlet = 'relay'), ['2 content-changed']],
    ['a transition', (bundle) => (bundle.transitions[2]!.to = 'ongoing'), ['5 transition-changed']],
    [
      'the organization',
      (bundle) => (bundle.organization.id = 'org-other' as typeof pinned),
      ['2 organization-unknown', '4 organization-unknown', '5 organization-unknown'],
    ],
    [
      'the issuer',
      (bundle) => (bundle.organization.issuer = 'https://example.com'),
      ['2 issuer-mismatch', '4 issuer-mismatch', '5 issuer-mismatch'],
    ],
    [
      'the detection',
      (bundle) => (bundle.detectionId = 'det-2' as DetectionId),
      ['2 another-detection', '4 another-detection', '5 another-detection'],
    ],
    [
      'a signed delivery called unsigned',
      (bundle) => (delivery(bundle).trust = 'unsigned'),
      ['2 unsigned', '2 transition-changed', '4 transition-changed'],
    ],
    ['a delivery in time called late', (bundle) => (delivery(bundle).trust = 'late'), ['2 trust-changed']],
    ['the key a token names', (bundle) => (delivery(bundle).keyId = 'k2'), ['2 key-changed']],
    ['the mark of the demo organization', (bundle) => (bundle.organization.demo = true), ['0 demo-changed']],
    ['what a transition began with', (bundle) => (bundle.transitions[1]!.from = 'resolved'), ['4 transition-changed']],
    ['the moment of a transition', (bundle) => (bundle.transitions[0]!.at = instant(noon - 99_000)), ['2 transition-changed']],
    [
      'a change that was none',
      (bundle) => void bundle.transitions[2]!.changes.push({ field: 'type', from: 'a', to: 'b' }),
      ['5 transition-changed'],
    ],
    ['the count of changes left out', (bundle) => (bundle.transitions[2]!.changesLeftOut = 1), ['5 transition-changed']],
    ['a missing transition', (bundle) => void bundle.transitions.pop(), ['5 transition-changed']],
    ['no transitions', (bundle) => (bundle.transitions = []), ['2 transition-changed', '4 transition-changed', '5 transition-changed']],
    ['a transition told twice', (bundle) => void bundle.transitions.push(bundle.transitions[2]!), ['5 transition-changed']],
    ['a chain made up of one segment for each delivery', (bundle) => (bundle.chain = madeUpChain(bundle)), ['2 chain-split']],
  ]
  test.each(cases)('%s', async (_, change, expected) => {
    const bundle = structuredClone(mixed().bundle) as Draft
    change(bundle)
    const { holds, findings } = await verified(bundle)
    expect(findings.map(({ sequence, because }) => `${sequence} ${because}`)).toEqual(expected)
    expect(holds).toBe(false)
  })

  test.each(['reversed', 'swapped'])('transitions %s', async (how) => {
    const { bundle } = mixed()
    const [first, second, third] = bundle.transitions
    const transitions = how === 'reversed' ? [third, second, first] : [first, third, second]
    const { holds, findings } = await verified({ ...bundle, transitions })
    expect(holds).toBe(false)
    expect(findings).toContainEqual({ sequence: 4, because: 'transition-changed' })
  })

  test('what depends on content that is not in the bundle is called not checkable', async () => {
    const { bundle, store } = mixed()
    expect((await verified(bundle)).transitions).toEqual({ recomputed: 3, notCheckable: 0 })
    const removed = structuredClone(bundle)
    Object.assign(removed.deliveries[1]!, { token: null, headers: null })
    removed.transitions[1]!.changes = [{ field: 'type', from: 'a', to: 'b' }]
    expect(await verified(removed)).toMatchObject({ holds: true, transitions: { recomputed: 1, notCheckable: 2 } })
    removed.transitions[1]!.to = 'resolved'
    expect((await verified(removed)).findings).toEqual([{ sequence: 5, because: 'transition-changed' }])
    const short = bundleOf(store, { deliveries: 2, bodyBytes: 100_000, links: 100 })
    expect(await verified(short)).toMatchObject({ holds: true, olderLeftOut: 1, transitions: { recomputed: 1, notCheckable: 1 } })
  })

  test('a bundle without any token proves nothing', async () => {
    const bundle = structuredClone(mixed().bundle)
    const emptied = bundle.deliveries.map((one) => ({ ...one, token: null, headers: null }))
    expect(await verified({ ...bundle, deliveries: emptied })).toMatchObject({ holds: false, signatures: { removed: 3 } })
  })
})

describe('a file that is no bundle', () => {
  test.each<[string, string, string]>([
    ['of noise', '\u0000\u0001', 'not JSON'],
    ['of other JSON', '[1, 2]', 'does not call itself'],
    ['of null', 'null', 'does not call itself'],
    ['of another format', '{"format":"zip","version":1}', 'does not call itself'],
    ['of a later version', '{"format":"tocsin-evidence","version":2}', 'version 2'],
    ['of nothing else', '{"format":"tocsin-evidence","version":1}', 'another form'],
    ['of brackets', '['.repeat(100_000), 'not JSON'],
  ])('%s is refused in words', async (_, text, words) => {
    expect(await verifyBundle(text)).toEqual({ kind: 'refused', detail: expect.stringContaining(words) })
  })

  test.each<[string, Partial<Bundle['deliveries'][number]>]>([
    ['a token without headers', { headers: null }],
    ['headers without a body', { token: null }],
    ['a token and a body', { body: '' }],
  ])('with %s is refused', async (_, change) => {
    const { bundle } = mixed()
    const deliveries = bundle.deliveries.map((one) => ({ ...one, ...change }))
    expect(await verifyBundle(JSON.stringify({ ...bundle, deliveries }))).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('deliveries.0'),
    })
  })

  test.each([
    ['relay:abcd1234', 'late', []],
    ['jetstream:abcd1234', 'late', []],
    ['relay:abcd1234', 'verified', []],
    ['gosmee:abcd1234', 'late', ['trust-changed']],
    ['receiver', 'late', ['trust-changed']],
    ['relay', 'late', ['trust-changed']],
  ] as const)('by %s called %s: %j', async (inlet, trust, found) => {
    expect((await verified(broughtBy(inlet, trust))).findings.map(({ because }) => because)).toEqual(found)
  })

  test('with two deliveries in one place is refused', async () => {
    const { bundle } = mixed()
    const twice = { ...bundle, deliveries: [bundle.deliveries[0], bundle.deliveries[0]] }
    expect(await verifyBundle(JSON.stringify(twice))).toMatchObject({ kind: 'refused' })
  })
})

function broughtBy(inlet: string, trust: 'verified' | 'late'): Bundle {
  const { store } = history()
  keep(store, 'det-1', 'detected', noon / 1000 - 5, {}, { inlet, trust })
  return bundleOf(store)
}

const hasPython = spawnSync('/usr/bin/python3', ['-c', 'import jwt, cryptography']).status === 0

describe.skipIf(!hasPython)('without Tocsin', () => {
  const program = fileURLToPath(new URL('../../../resources/evidence/verify.py', import.meta.url))
  function python(bundle: unknown) {
    const file = join(folder(), 'e.json')
    writeFileSync(file, typeof bundle === 'string' ? bundle : JSON.stringify(bundle))
    const { status, stdout, stderr } = spawnSync('/usr/bin/python3', [program, file], { encoding: 'utf8' })
    return { status, stdout, stderr }
  }

  test('a sound bundle has no faults, and what it is about and what was not checked is said', () => {
    const { store } = mixed()
    keepUnsigned(store, 'det-1', 'ongoing')
    const ran = python(bundleOf(store))
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    for (const part of ["'det-1'", `'${pinned}'`, `'${issuer}'`, thumbprint(signer.publicKey), '3 of 4 deliveries']) {
      expect(ran.stdout).toContain(part)
    }
    expect(ran.stdout.trim().split('\n').at(-1)).toMatch(/^0 faults. NOT checked: transitions/)
  })

  test('late is believed of what a relay brought that had proved itself, and of nothing else', () => {
    expect(python(broughtBy('relay:abcd1234', 'late'))).toMatchObject({ status: 0, stderr: '' })
    expect(python(broughtBy('gosmee:abcd1234', 'late'))).toMatchObject({ status: 1, stdout: expect.stringContaining("is not 'late'") })
  })

  type Draft = { -readonly [K in keyof Bundle]: Bundle[K] }
  test.each<[string, (bundle: Draft) => void, string]>([
    ['a token without headers', (bundle) => (bundle.deliveries[0]!.headers = null), 'delivery 2 is malformed'],
    ['a token that is none', (bundle) => (bundle.deliveries[0]!.token = 'x'), 'delivery 2 is malformed'],
    ['another detection', (bundle) => (bundle.detectionId = 'det-2' as DetectionId), 'delivery 2: is about another detection'],
    ['a token called unsigned', (bundle) => (bundle.deliveries[0]!.trust = 'unsigned'), "delivery 2: a token in time is not 'unsigned'"],
    ['a token called late', (bundle) => (bundle.deliveries[0]!.trust = 'late'), "delivery 2: a token in time is not 'late'"],
    ['another key id', (bundle) => (bundle.deliveries[0]!.keyId = 'k2'), 'delivery 2: its keyId'],
    ['the mark of the demo organization', (bundle) => (bundle.organization.demo = true), 'demo organization'],
    ['a chain in pieces', (bundle) => (bundle.chain = madeUpChain(bundle)), 'the chain is in pieces'],
    ['a missing part', (bundle) => Reflect.deleteProperty(bundle, 'keys'), 'is malformed'],
  ])('%s is a fault', (_, change, words) => {
    const bundle = structuredClone(mixed().bundle) as Draft
    change(bundle)
    expect(python(bundle)).toMatchObject({ status: 1, stdout: expect.stringContaining(words), stderr: '' })
  })

  test.each(['', '[]', '{}', '{"deliveries":[1]}'])('%j is a fault and no traceback', (text) => {
    expect(python(text)).toMatchObject({ status: 1, stdout: expect.stringContaining('malformed'), stderr: '' })
  })
})
