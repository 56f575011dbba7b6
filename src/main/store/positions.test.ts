import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Store } from './store.ts'
import { content, pageOf, testStore, trusted } from './test-support.ts'

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
