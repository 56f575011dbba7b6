import { describe, expect, test } from 'vitest'
import type { OrganizationId } from '../../shared/detection.ts'
import type { Kept } from '../ingest/delivery.ts'
import {
  at,
  believed,
  content,
  delivery,
  keepOne,
  organization,
  refused,
  rows,
  start,
  testDeliveries,
  trusted,
  waiting,
} from './test-support.ts'

const kinds = (kept: readonly Kept[]) => kept.map(({ kind }) => kind)

describe('quarantine', () => {
  test('hands out what waits for one organization, oldest first, in portions', () => {
    const { keeper } = testDeliveries()
    const other = 'org-2' as OrganizationId
    const held = [delivery(waiting), delivery(refused), delivery(waiting, { organization: other }), delivery(waiting), delivery(waiting)]
    keeper.keep(held)
    const portion = keeper.waiting(organization, null, 2)
    expect(portion).toEqual([
      { sequence: 1, delivery: held[0]?.delivery },
      { sequence: 4, delivery: held[3]?.delivery },
    ])
    expect(keeper.waiting(organization, portion[1]?.sequence ?? null, 2).map(({ sequence }) => sequence)).toEqual([5])
    expect(keeper.waiting(other, null, 10)).toHaveLength(1)
  })

  test('releases what turns out good, with the time it came', () => {
    const { keeper, quarantine, all } = testDeliveries()
    const held = delivery(waiting, { issued: 1, received: 2 })
    const { sequence } = keepOne(keeper, held)
    const [change] = keeper.settle([{ sequence, checked: { ...held, standing: believed({ kind: 'detection', detection: content() }) } }])
    expect(change).toMatchObject({
      detection: { changedAt: at(1), receivedAt: at(2), trust: 'verified' },
      transition: { sequence, from: null },
    })
    expect(quarantine.waiting().rows).toBe(0)
    expect(all('SELECT state, reason FROM deliveries')).toEqual([{ state: 'detection', reason: null }])
  })

  test('refuses what turns out bad, which from then on keeps nobody out', () => {
    const { keeper, all } = testDeliveries()
    const held = delivery(waiting, { signed: 'same' })
    const { sequence } = keepOne(keeper, held)
    expect(keeper.settle([{ sequence, checked: { ...held, standing: refused } }])).toEqual([null])
    expect(all('SELECT state, reason FROM deliveries')).toEqual([{ state: 'refused', reason: 'signature-invalid' }])
    expect(keepOne(keeper, trusted(content(), { signed: 'same' })).change).not.toBeNull()
  })

  test('keeps the newer reason of what goes on waiting', () => {
    const { keeper, quarantine, all } = testDeliveries()
    const held = delivery(waiting)
    const { sequence } = keepOne(keeper, held)
    keeper.settle([{ sequence, checked: { ...held, standing: { kind: 'waiting', because: 'key-not-found' } } }])
    expect(all('SELECT reason FROM deliveries')).toEqual([{ reason: 'key-not-found' }])
    expect(quarantine.waiting().rows).toBe(1)
  })

  test('settles a delivery once', () => {
    const { keeper, all } = testDeliveries()
    const held = delivery(waiting)
    const { sequence } = keepOne(keeper, held)
    const checked = { ...held, standing: believed({ kind: 'detection', detection: content() }) }
    const changes = keeper.settle([
      { sequence, checked },
      { sequence, checked },
    ])
    expect(changes.map((change) => change !== null)).toEqual([true, false])
    expect(all('SELECT sequence FROM transitions')).toHaveLength(1)
  })

  test('turns the oldest refused into tombstones by number, which keep their identity and are counted', () => {
    const { keeper, all } = testDeliveries({ refused: rows(2), waiting: rows(10) })
    keeper.keep([delivery(refused, { signed: 'a' }), delivery(waiting), delivery(refused), delivery(refused), delivery(refused)])
    expect(all('SELECT state FROM deliveries')).toEqual(['removed', 'waiting', 'removed', 'refused', 'refused'].map((state) => ({ state })))
    expect(all('SELECT * FROM deliveries WHERE sequence = 1')).toEqual([
      expect.objectContaining({
        headers: null,
        body: null,
        reason: 'signature-invalid',
        removed_at: start,
        removed_because: 'crowded-out',
        jti: 'jti of a',
        signing_hash: expect.any(Buffer),
      }),
    ])
    expect(all("SELECT count FROM tally WHERE name = 'crowded-out'")).toEqual([{ count: 2 }])
  })

  test('turns the oldest refused into tombstones by bytes', () => {
    const { keeper, all } = testDeliveries({ refused: rows(100, 3000), waiting: rows(100) })
    for (let index = 0; index < 5; index += 1) keepOne(keeper, delivery(refused, { padding: 1000 }))
    expect(all('SELECT sequence FROM deliveries WHERE body IS NOT NULL')).toEqual([{ sequence: 4 }, { sequence: 5 }])
  })

  test('when full gives the room of the refused to the waiting, and then keeps all but another waiting one', () => {
    const { keeper, all } = testDeliveries({ refused: rows(3), waiting: rows(4) })
    keeper.keep([delivery(refused), delivery(refused), delivery(refused)])
    keeper.keep([delivery(waiting), delivery(waiting), delivery(waiting)])
    expect(all("SELECT sequence FROM deliveries WHERE state = 'refused'")).toEqual([{ sequence: 3 }])
    const same = () => delivery(waiting, { signed: 'same' })
    const batch = [same(), delivery(waiting), trusted(content()), same()]
    expect(kinds(keeper.keep(batch))).toEqual(['kept', 'quarantine-full', 'kept', 'duplicate'])
    expect(all("SELECT state FROM deliveries WHERE state IN ('refused', 'waiting')")).toHaveLength(4)
    expect(all('SELECT max(sequence) AS head, count(*) AS count FROM deliveries')).toEqual([{ head: 8, count: 8 }])
  })

  test('counts the bytes of what waits', () => {
    const { keeper } = testDeliveries({ refused: rows(1), waiting: rows(100, 2500) })
    const big = () => delivery(waiting, { padding: 1000 })
    expect(kinds(keeper.keep([big(), big(), big()]))).toEqual(['kept', 'kept', 'quarantine-full'])
  })

  test('remembers what was believed after its content is gone, and nothing else', () => {
    const { db, keeper } = testDeliveries()
    keepOne(keeper, trusted(content(), { signed: 'believed' }))
    keepOne(keeper, delivery(waiting, { signed: 'waiting' }))
    db.exec("UPDATE deliveries SET state = 'removed', body = NULL, headers = NULL, removed_at = 1, removed_because = 'discarded'")
    const again = [trusted(content(), { signed: 'believed' }), trusted(content(), { signed: 'waiting' })]
    expect(kinds(keeper.keep(again))).toEqual(['duplicate', 'kept'])
  })
})
