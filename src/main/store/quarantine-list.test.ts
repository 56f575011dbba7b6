import { describe, expect, test } from 'vitest'
import type { OrganizationId, Sequence } from '../../shared/detection.ts'
import { verifyChain } from './chain.ts'
import { at, content, delivery, keepOne, organization, refused, testStore, trusted, waiting } from './test-support.ts'

const sequences = (...numbers: readonly number[]) => numbers as readonly Sequence[]

function filled() {
  const store = testStore()
  store.keeper.keep([
    delivery(waiting),
    trusted(content()),
    delivery(refused, { issued: 3 }),
    { ...delivery(refused), token: null },
    delivery(waiting),
  ])
  return store
}

describe('quarantine as a place', () => {
  test('lists what waits and what was refused, newest first, page by page', () => {
    const { quarantine } = filled()
    const first = quarantine.page({ before: null, limit: 3 })
    expect(first).toMatchObject({ next: 3, counts: { waiting: 2, refused: 2, crowdedOut: 0, discarded: 0 } })
    expect(first.deliveries.map(({ sequence }) => sequence)).toEqual([5, 4, 3])
    expect(first.deliveries[2]).toEqual({
      sequence: 3,
      receivedAt: at(4),
      inlet: 'receiver',
      standing: { kind: 'refused', because: 'signature-invalid' },
      organizationId: organization,
      keyId: 'nLkqWQ',
      issuedAt: at(3),
      size: expect.any(Number) as number,
    })
    expect(first.deliveries[1]).toMatchObject({ organizationId: null, keyId: null, issuedAt: null })
    const second = quarantine.page({ before: first.next, limit: 3 })
    expect(second.deliveries).toMatchObject([{ sequence: 1, standing: { kind: 'waiting', because: 'keys-not-fetched' } }])
    expect(second.next).toBeNull()
  })

  test('is bounded in what one page may ask for', () => {
    const { keeper, quarantine } = testStore()
    keeper.keep(Array.from({ length: 250 }, () => delivery(refused)))
    expect(quarantine.page({ before: null, limit: 1_000_000 }).deliveries).toHaveLength(200)
    expect(quarantine.page({ before: null, limit: -1 }).deliveries).toHaveLength(1)
  })

  test('hands out the body of what is in quarantine, and of nothing else', () => {
    const { quarantine } = filled()
    expect(Buffer.from(quarantine.body(1 as Sequence) ?? []).toString()).toContain('signed')
    expect(quarantine.body(2 as Sequence)).toBeNull()
    expect(quarantine.body(99 as Sequence)).toBeNull()
  })

  test('discards waiting and refused alike, and nothing that was believed', () => {
    const { quarantine, detections } = filled()
    quarantine.discard(sequences(1, 2, 3, 3, 99))
    expect(quarantine.counts()).toEqual({ waiting: 1, refused: 1, crowdedOut: 0, discarded: 2 })
    expect(quarantine.page({ before: null, limit: 9 }).deliveries.map(({ sequence }) => sequence)).toEqual([5, 4])
    expect(quarantine.body(1 as Sequence)).toBeNull()
    expect(detections.total()).toBe(1)
  })

  test('leaves a tombstone of what was discarded: the chain holds, and the delivery is not looked at again', () => {
    const store = filled()
    const { quarantine, keeper, chain } = store
    const before = chain.head()
    quarantine.discard(sequences(1, 4))
    expect(verifyChain(chain.genesis(), chain.chain(null))).toMatchObject({ checked: 5, removed: 2, broken: 0, head: before })
    expect(keeper.waiting(organization, null, 10).map(({ sequence }) => sequence)).toEqual([5])
    const again = delivery(waiting)
    expect(keeper.settle([{ sequence: 1 as Sequence, checked: again }])).toEqual([null])
    expect(quarantine.counts().waiting).toBe(1)
  })

  test('keeps nobody out by a delivery that was discarded before it could be checked', () => {
    const { keeper, quarantine } = testStore()
    const { sequence } = keepOne(keeper, delivery(waiting, { signed: 'same' }))
    quarantine.discard([sequence])
    expect(keepOne(keeper, trusted(content(), { signed: 'same' })).change).not.toBeNull()
  })

  test('knows how many wait for one organization, and since when', () => {
    const { keeper, quarantine } = testStore()
    const other = 'org-2' as OrganizationId
    keeper.keep([delivery(waiting, { received: 60 }), delivery(waiting, { received: 90 })])
    expect([quarantine.waitingOf(organization), quarantine.waitingOf(other)]).toEqual([2, 0])
    expect([quarantine.hasWaitedSince(organization, at(59)), quarantine.hasWaitedSince(organization, at(60))]).toEqual([false, true])
    expect(quarantine.hasWaitedSince(other, at(9_999))).toBe(false)
  })
})
