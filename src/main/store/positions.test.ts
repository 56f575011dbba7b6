import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Store } from './store.ts'
import { createPositions } from './positions.ts'
import { content, pageOf, testDeliveries, testStore, trusted } from './test-support.ts'

function fifty(store: Store): void {
  store.keeper.keep(Array.from({ length: 50 }, (_, index) => trusted(content({ id: `d-${index}` }), { issued: index * 7_001 })))
}

describe('a place in the list', () => {
  test('has a key, and the key that place, in any history', () => {
    const change = fc.record({
      id: fc.integer({ min: 0, max: 40 }),
      issued: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: -(10 ** 8), max: 10 ** 8 })),
    })
    const store = testStore()
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 20 }), (changes) => {
        store.keeper.keep(changes.map(({ id, issued }) => trusted(content({ id: `d-${id}` }), { issued })))
        const { detections } = pageOf(store.detections.page({ text: '', before: null, limit: 500 }))
        for (const [position, detection] of detections.entries()) {
          const key = store.overview.keyAt(position)
          expect(key?.changedAt).toBe(detection.changedAt)
          expect(key && store.overview.positionOf(key)).toBe(position)
          // What comes after this key is what comes after this place.
          const [next] = pageOf(store.detections.page({ text: '', before: key, limit: 1 })).detections
          expect(next).toEqual(detections[position + 1])
        }
        expect(store.overview.keyAt(detections.length)).toBeNull()
      }),
      { numRuns: 25, seed: 20260301 },
    )
  })

  test('moves when something arrives, and its key stays', () => {
    const store = testStore()
    fifty(store)
    const key = store.overview.keyAt(10)!
    store.keeper.keep([trusted(content({ id: 'new' }), { issued: 999_999_999 })])
    expect(store.overview.positionOf(key)).toBe(11)
    expect(store.overview.keyAt(11)).toEqual(key)
  })

  test.each([-1, 0.5, Number.NaN, 50, 1e15])('is not there at %d', (position) => {
    const store = testStore()
    fifty(store)
    expect(store.overview.keyAt(position)).toBeNull()
  })
})

describe('in a minute into which an import put more than fit on many screens', () => {
  const count = 20_000
  function crowd(clock: () => number) {
    const { db, keeper } = testDeliveries()
    keeper.keep([trusted(content())])
    const columns = db.prepare<[], string>("SELECT name FROM pragma_table_info('detections')").pluck().all()
    const values = columns.map((name) => ({ row: 'n', id: "'d-' || n", changed_at: 'changed_at + n % 30000' })[name] ?? name)
    db.exec(`
      WITH RECURSIVE numbers (n) AS (VALUES (2) UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
      INSERT INTO detections (${columns.join()}) SELECT ${values.join()} FROM detections, numbers;
      UPDATE change_rollups SET count = ${count}`)
    const ids = db.prepare('SELECT row FROM detections ORDER BY changed_at DESC, row DESC').pluck().all()
    return { ids, positions: createPositions(db, clock) }
  }

  test('every place has its key, from either end', () => {
    const { ids, positions } = crowd(() => 0)
    for (const position of [0, 8_191, 8_192, 9_999, 10_000, 11_808, 16_384, count - 1]) {
      const key = positions.keyAt(position)
      expect(key?.row).toBe(ids[position])
      expect(positions.positionOf(key!)).toBe(position)
    }
    expect(positions.keyAt(count)).toBeNull()
  })

  test('no more of it is passed than the time allows, and what was reached is said', () => {
    let ticks = 0
    const { ids, positions } = crowd(() => (ticks += 1_000))
    expect(positions.keyAt(9_900)?.row, 'from the newer end').toBe(ids[8_191])
    expect(positions.keyAt(10_100)?.row, 'from the older end').toBe(ids[count - 8_192])
    expect(positions.positionOf({ changedAt: '2026-03-01T08:00:00.000Z' as never, row: 0 })).toBe(8_192)
  })
})
