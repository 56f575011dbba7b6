import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { DetectionId } from '../shared/detection.ts'
import { evidenceFileName, saveEvidence } from './evidence.ts'
import type { Bundle } from './export/bundle.ts'
import { buildBundle } from './export/evidence.ts'
import { contentOf } from './ingest/content-of.ts'
import { thumbprint } from './ingest/key-set.ts'
import { readToken } from './ingest/token.ts'
import { readUnsigned, unsignedFacts } from './ingest/unsigned.ts'
import { createSigner, deliveryOf, instant, issuer, noon, pinned, tokenWith } from './ingest/test-support.ts'
import { parse } from './ingest/parse.ts'
import { testStore } from './store/test-support.ts'
import type { Store } from './store/store.ts'
import { verifyBundle } from './verify-bundle.ts'

const key = { organizationId: pinned, id: 'det-1' as DetectionId }
const made = { madeAt: instant(noon + 60_000), madeBy: 'Tocsin test' }
const signer = createSigner('k1')

/** A history of one organization with a key that is kept, and what its deliveries are made with. */
function history() {
  const store = testStore({ contentOf, now: () => noon })
  const { publicKey } = signer
  store.organizations.add({
    id: pinned,
    issuer,
    name: 'Pinned',
    demo: false,
    pinned: [{ kid: publicKey.kid, thumbprint: thumbprint(publicKey), jwk: publicKey }],
  })
  return { store, keep: (id: string, status: string, iat = noon / 1000 - 5) => keep(store, id, status, iat) }
}

function keep(store: Store, id: string, status: string, iat: number): void {
  const token = readToken(Buffer.from(tokenWith(signer, { iat, trigger_content: { id, type: 'MissingMFA', status } })))
  if (token.kind === 'malformed') throw new Error(token.because)
  const body = Buffer.concat([token.signingInput, Buffer.from(`.${Buffer.from(token.signature).toString('base64url')}`)])
  const checked = {
    delivery: deliveryOf(body, { headers: { 'content-type': 'application/jwt', 'user-agent': 'ümläut "quoted"' } }),
    token: token.facts,
    standing: { kind: 'trusted', trust: 'verified', content: parse(token.claims, token.facts) } as const,
  }
  expect(store.keeper.keep([checked])).toMatchObject([{ kind: 'kept' }])
}

function keepUnsigned(store: Store, id: string, status: string): void {
  const arrived = deliveryOf(JSON.stringify({ id, type: 'MissingMFA', status, detection_risk_category: 'posture' }), { inlet: 'unsigned' })
  const said = readUnsigned(arrived.body)
  if (said === null) throw new Error('not read')
  const token = unsignedFacts(arrived, pinned, said.triggerName)
  const standing = { kind: 'trusted', trust: 'unsigned', content: parse(said.claims, token) } as const
  expect(store.keeper.keep([{ delivery: arrived, token, standing }])).toMatchObject([{ kind: 'kept' }])
}

function bundleOf(store: Store, limits?: Parameters<typeof buildBundle>[3]): Bundle {
  const bundle = buildBundle(store, key, made, limits)
  if (bundle === null) throw new Error('no such detection')
  return bundle
}

async function verified(bundle: unknown) {
  const verification = await verifyBundle(JSON.stringify(bundle))
  if (verification.kind === 'refused') throw new Error(verification.detail)
  return verification.result
}

/** Three deliveries of the detection, at 2, 4 and 5, among others. */
function mixed() {
  const { store, keep } = history()
  keep('other', 'ongoing')
  keep('det-1', 'detected', noon / 1000 - 9)
  keep('other', 'resolved')
  keep('det-1', 'ongoing', noon / 1000 - 8)
  keep('det-1', 'resolved', noon / 1000 - 7)
  keep('other', 'ongoing')
  return { store, bundle: bundleOf(store) }
}

describe('a bundle', () => {
  test('holds the tokens of one detection, its keys, its transitions and every link between', () => {
    const { store, bundle } = mixed()
    expect(bundle.deliveries.map(({ sequence }) => sequence)).toEqual([2, 4, 5])
    expect(bundle.chain).toEqual([
      {
        after: { sequence: 1, chainHash: expect.stringMatching(/^[0-9a-f]{64}$/) },
        links: [2, 3, 4, 5].map((sequence) => expect.objectContaining({ sequence })),
      },
    ])
    expect(bundle.transitions.map(({ from, to }) => [from, to])).toEqual([
      [null, 'detected'],
      ['detected', 'ongoing'],
      ['ongoing', 'resolved'],
    ])
    expect(bundle.keys).toMatchObject([{ jwk: { kid: 'k1', alg: 'ES256', x: signer.publicKey.x }, retiredAt: null }])
    expect(bundle).toMatchObject({ history: { id: store.proof.databaseId() }, organization: { id: pinned, issuer }, olderLeftOut: 0 })
    expect(JSON.stringify(bundle)).not.toContain('"d":')
  })

  test('holds against itself after a way through a file', async () => {
    const { bundle } = mixed()
    expect(await verified(bundle)).toMatchObject({
      holds: true,
      found: 0,
      deliveries: 3,
      links: 4,
      isOneSegment: true,
      signatures: { verified: 3, failed: 0, noKey: 0, unsigned: 0, removed: 0 },
      keys: [{ kid: 'k1', thumbprint: thumbprint(signer.publicKey) }],
    })
  })

  test('with unsigned deliveries holds by its signed ones, and says how many nobody signed', async () => {
    const { store, bundle: before } = mixed()
    keepUnsigned(store, 'det-1', 'ongoing')
    const bundle = bundleOf(store)
    expect(bundle.deliveries.map(({ trust, token, body }) => [trust, token === null, body === null])).toEqual([
      ...before.deliveries.map(() => ['verified', false, true]),
      ['unsigned', true, false],
    ])
    expect(bundle.transitions.at(-1)).toMatchObject({ to: 'ongoing', isUnsigned: true })
    expect(await verified(bundle)).toMatchObject({ holds: true, found: 0, signatures: { verified: 3, failed: 0, unsigned: 1 } })
    const changed = structuredClone(bundle)
    changed.deliveries.at(-1)!.body = Buffer.from('{"id":"det-1","type":"MissingMFA","status":"ongoing"}').toString('base64')
    expect(await verified(changed)).toMatchObject({ holds: false })
  })

  test('of unsigned deliveries alone proves nothing', async () => {
    const { store } = history()
    keepUnsigned(store, 'det-1', 'ongoing')
    expect(await verified(bundleOf(store))).toMatchObject({ holds: false, signatures: { verified: 0, failed: 0, unsigned: 1 } })
  })

  test('of deliveries too far apart has a segment for each, and holds', async () => {
    const { store } = mixed()
    const bundle = bundleOf(store, { deliveries: 10, bodyBytes: 100_000, links: 3 })
    expect(bundle.chain.map(({ links }) => links.map(({ sequence }) => sequence))).toEqual([[2], [4], [5]])
    expect(await verified(bundle)).toMatchObject({ holds: true, links: 3, isOneSegment: false })
  })

  test('that would be too large leaves out the oldest, and says so', async () => {
    const { store } = mixed()
    const size = bundleOf(store).deliveries[0]?.token?.length ?? 0
    for (const limits of [
      { deliveries: 2, bodyBytes: 100_000, links: 100 },
      { deliveries: 10, bodyBytes: Math.ceil(size * 2.5), links: 100 },
    ]) {
      const bundle = bundleOf(store, limits)
      expect(bundle.deliveries.map(({ sequence }) => sequence)).toEqual([4, 5])
      expect(bundle.olderLeftOut).toBe(1)
      expect(bundle.transitions).toHaveLength(2)
      expect((await verified(bundle)).holds).toBe(true)
    }
  })

  test('from the first delivery on begins with the identity of the history', async () => {
    const { store, keep } = history()
    keep('det-1', 'ongoing')
    const bundle = bundleOf(store)
    expect(bundle.chain[0]?.after).toEqual({ sequence: 0, chainHash: bundle.history.genesis })
    expect((await verified(bundle)).holds).toBe(true)
    const moved = { ...bundle, history: { ...bundle.history, id: 'another' } }
    expect((await verified(moved)).findings).toContainEqual({ sequence: 0, because: 'genesis-changed' })
  })

  test('of nothing is null', () => {
    expect(buildBundle(history().store, key, made)).toBeNull()
  })
})

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
    ['a time of arrival', (bundle) => (delivery(bundle).receivedAt = instant(noon + 1)), ['2 content-changed']],
    [
      'a time of arrival after the token had expired',
      (bundle) => (delivery(bundle).receivedAt = instant(noon + 3_600_000)),
      ['2 expired', '2 content-changed'],
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
    ['a signed delivery called unsigned', (bundle) => (delivery(bundle).trust = 'unsigned'), ['2 unsigned']],
  ]
  test.each(cases)('%s', async (_, change, expected) => {
    const bundle = structuredClone(mixed().bundle) as Draft
    change(bundle)
    const { holds, findings } = await verified(bundle)
    expect(findings.map(({ sequence, because }) => `${sequence} ${because}`)).toEqual(expected)
    expect(holds).toBe(false)
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

  test('with two deliveries in one place is refused', async () => {
    const { bundle } = mixed()
    const twice = { ...bundle, deliveries: [bundle.deliveries[0], bundle.deliveries[0]] }
    expect(await verifyBundle(JSON.stringify(twice))).toMatchObject({ kind: 'refused' })
  })
})

describe('saving', () => {
  function folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'tocsin-evidence-'))
    onTestFinished(() => rmSync(path, { recursive: true, force: true }))
    return path
  }

  test('writes a whole bundle for this user only', async () => {
    const { store } = mixed()
    const path = join(folder(), 'e.json')
    expect(saveEvidence(store, key, { path, replace: false, now: () => noon })).toEqual({ kind: 'saved', path })
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await verifyBundle(readFileSync(path, 'utf8'))).toMatchObject({ kind: 'verified', result: { holds: true } })
  })

  test('takes the place of a file only where that is wanted, and leaves nothing beside it', () => {
    const { store } = mixed()
    const place = folder()
    const path = join(place, 'e.json')
    writeFileSync(path, 'mine')
    expect(saveEvidence(store, key, { path, replace: false, now: () => noon })).toMatchObject({
      kind: 'failed',
      detail: expect.stringContaining('there already'),
    })
    expect(readFileSync(path, 'utf8')).toBe('mine')
    expect(saveEvidence(store, key, { path, replace: true, now: () => noon })).toMatchObject({ kind: 'saved' })
    expect(saveEvidence(store, key, { path: join(place, 'no', 'such'), replace: true, now: () => noon })).toMatchObject({ kind: 'failed' })
    expect(readdirSync(place)).toEqual(['e.json'])
  })

  test('names the file in a way that leads nowhere else', () => {
    const name = evidenceFileName({ organizationId: pinned, id: `../../etc/passwd\u0000${'x'.repeat(300)}` as DetectionId })
    expect(name).toMatch(/^detection--etc-passwd-x{40,}\.tocsin-evidence\.json$/)
  })
})
