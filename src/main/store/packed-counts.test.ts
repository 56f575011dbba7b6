import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addPacked, chunkSize, movePacked } from './packed-counts.ts'

const unpack = (blob: Uint8Array | null): Int32Array => {
  const sums = new Int32Array(chunkSize)
  if (blob !== null) addPacked(sums, 0, blob, 1)
  return sums
}

test('counters come back as they went in, whatever their number and size, and the same ones make the same blob', () => {
  const counter = fc.tuple(
    fc.integer({ min: 0, max: chunkSize - 1 }),
    fc.constantFrom(1, 2, 255, 256, 65_535, 65_536, 4_194_303, 4_194_304),
  )
  const lengths = new Set<number>()
  fc.assert(
    fc.property(fc.array(counter, { maxLength: 900, size: 'max' }), (steps) => {
      const expected = new Int32Array(chunkSize)
      let blob: Uint8Array | null = null
      for (const [index, delta] of steps) {
        expected[index]! += delta
        blob = movePacked(blob ?? undefined, new Map([[index, delta]]))
      }
      expect(unpack(blob)).toEqual(expected)
      lengths.add(Math.min(blob?.length ?? 0, chunkSize - 1))
      const all = new Map([...expected.entries()].filter(([, count]) => count > 0))
      expect(movePacked(undefined, all)).toEqual(blob)
      expect(movePacked(blob ?? undefined, new Map([...all].map(([index, count]) => [index, -count])))).toBeNull()
    }),
    { numRuns: 30, seed: 20260301 },
  )
  expect(lengths.size).toBeGreaterThan(1)
})

test.each([
  [200, 1, 800],
  [256, 255, 1024],
  [256, 256, 2048],
  [1, 4_194_304, 4096],
])('%i counters of %i take %i bytes', (used, count, length) => {
  expect(movePacked(undefined, new Map(Array.from({ length: used }, (_, index) => [index, count])))).toHaveLength(length)
})

test('a counter never falls below nothing', () => {
  expect(movePacked(undefined, new Map([[3, -1]]))).toBeNull()
})

test('a blob is read from wherever it lies in memory, and can be taken away again', () => {
  const blob = movePacked(undefined, new Map([[1023, 70_000]]))!
  const odd = new Uint8Array(blob.length + 1).subarray(1)
  odd.set(blob)
  const sums = new Int32Array(2 * chunkSize)
  addPacked(sums, chunkSize, odd, 1)
  expect(sums[2 * chunkSize - 1]).toBe(70_000)
  addPacked(sums, chunkSize, odd, -1)
  expect(sums.some((sum) => sum !== 0)).toBe(false)
})
