import { expect, test } from 'vitest'
import { createIndexing } from './indexing.ts'

/** A clock that is moved by hand, and an index that has so many slices to do. */
function watched(slices: number, mergesASlice = 1, older = 0) {
  let now = 0
  let planned: { readonly at: number; readonly work: () => void } | null = null
  const done: number[] = []
  const merged: number[] = []
  const filled: number[] = []
  const indexing = createIndexing({
    textIndex: {
      catchUp() {
        done.push(now)
        return done.length >= slices
      },
      fill() {
        if (older > 0) filled.push(now)
        return filled.length >= older
      },
      merge: () => merged.push(now) % mergesASlice === 0,
    },
    schedule(work, afterMs) {
      planned = { at: now + afterMs, work }
      return () => (planned = null)
    },
    onTrouble(error) {
      throw error
    },
  })
  const pass = (until: number): void => {
    for (let next = planned; next !== null && next.at <= until; next = planned) {
      now = next.at
      planned = null
      next.work()
    }
    now = until
  }
  return { indexing, done, merged, filled, pass }
}

test('what has come is indexed slice by slice as soon as nothing else comes', () => {
  const { indexing, done, pass } = watched(3)
  indexing.wake()
  pass(1_000)
  expect(done).toEqual([20, 40, 60])
})

test('deliveries that keep coming go first, and yet the index never stands still', () => {
  const { indexing, done, pass } = watched(Infinity)
  for (let at = 0; at < 5_000; at += 5) {
    indexing.wake()
    pass(at)
  }
  expect(done.length).toBeGreaterThanOrEqual(8)
  expect(done.length).toBeLessThanOrEqual(10)
  const busy = done.length
  pass(6_000)
  expect(done.length - busy).toBeGreaterThan(40)
})

test('what a slice wrote is merged before the next, a little at a time, also after the last and while deliveries keep coming', () => {
  const { indexing, done, merged, pass } = watched(2, 3)
  indexing.wake()
  pass(25)
  indexing.wake()
  pass(1_000)
  expect(done).toEqual([20, 60])
  expect(merged).toEqual([30, 40, 50, 70, 80, 90])
})

test('what is older than an index is taken up after what is new, a little at a time, to the end', () => {
  const { indexing, done, filled, pass } = watched(2, 1, 3)
  indexing.wake()
  pass(1_000)
  expect(filled).toEqual(done.slice(1))
  expect(filled).toHaveLength(3)
})

test('nothing is indexed after it was stopped', () => {
  const { indexing, done, pass } = watched(3)
  indexing.wake()
  indexing.stop()
  indexing.wake()
  pass(1_000)
  expect(done).toEqual([])
})
