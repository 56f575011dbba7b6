import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { DetectionId } from '../../shared/detection.ts'
import { evidenceFileName, saveEvidence } from './evidence.ts'
import { buildBundle } from '../export/evidence.ts'
import { thumbprint } from '../ingest/key-set.ts'
import { instant, issuer, noon, pinned } from '../ingest/test-support.ts'
import { verifyBundle } from './verify-bundle.ts'
import { bundleOf, folder, history, keep, keepUnsigned, key, made, mixed, signer, verified } from './evidence-test-support.ts'

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
    expect(await verified(bundle, 3)).toMatchObject({ holds: true, links: 3, isOneSegment: false })
    expect(await verified(bundle)).toMatchObject({ holds: false, findings: [{ sequence: 2, because: 'chain-split' }] })
    bundle.chain[2]!.after.chainHash = 'f'.repeat(64)
    expect((await verified(bundle, 3)).findings).toContainEqual({ sequence: 5, because: 'link-changed' })
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

describe('a bundle of what a sender may send', () => {
  const lone = String.fromCharCode(0xd800)
  const names = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`name${n}`, n]))
  test.each<[string, object, number, number]>([
    ['a long name', { ['n'.repeat(3_000)]: 1, short: 1 }, 1, 1],
    ['a name that is nearly all of the token', { ['n'.repeat(190_000)]: 1 }, 0, 1],
    ['a long value, and a short one after it', { long: 'v'.repeat(100_000), short: 1 }, 1, 1],
    ['12,000 new members', names(12_000), 200, 11_800],
    ['halves of surrogate pairs', { type: `a${lone}`, status: lone, metadata: { [lone]: lone }, entity_id: lone }, 3, 0],
    ['names of inheritance', JSON.parse('{"__proto__":{"x":1},"constructor":1}') as object, 2, 0],
  ])('%s is bounded, counts what it leaves out, and can be read and recomputed', async (_, more, changes, changesLeftOut) => {
    const { store } = history()
    const timestamp = instant(noon - 60_000)
    keep(store, 'det-1', 'ongoing', noon / 1000 - 9, { timestamp })
    for (const second of [8, 7]) keep(store, 'det-1', 'ongoing', noon / 1000 - second, { timestamp, ...more })
    keep(store, 'det-1', 'resolved', noon / 1000 - 8.5, { timestamp, ...more })
    const bundle = bundleOf(store)
    expect(bundle.transitions[1]).toMatchObject({ changesLeftOut })
    expect(bundle.transitions[1]!.changes).toHaveLength(changes)
    expect(await verified(bundle)).toMatchObject({ holds: true, found: 0, transitions: { recomputed: 4, notCheckable: 0 } })
  })
})

describe('saving', () => {
  test('of what could not be read again is a failure with a name, and no file', () => {
    const { store } = mixed()
    const place = folder()
    const proof = { ...store.proof, databaseId: () => 'x'.repeat(3_000) }
    expect(saveEvidence({ ...store, proof }, key, { path: join(place, 'e.json'), replace: true, now: () => noon })).toMatchObject({
      kind: 'failed',
      detail: expect.stringContaining('"history.id"'),
    })
    expect(readdirSync(place)).toEqual([])
  })

  test('of what is not there is a failure that says what is safe and what to do next', () => {
    const saved = saveEvidence(history().store, key, { path: join(folder(), 'e.json'), replace: true, now: () => noon })
    expect(saved).toMatchObject({ kind: 'failed', detail: expect.stringMatching(/not in the history.*Nothing was written; look for/) })
  })

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
      detail:
        'The evidence was not saved: a file of that name is there already. That file is as it was; choose another name, or move it away first.',
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
