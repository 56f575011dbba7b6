import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketOf, cover, hourLevel, levels, minuteLevel, topLevel } from './spans.ts'

const moment = fc.integer({ min: -3 * levels[topLevel], max: 3 * levels[topLevel] })
const tops = [-3, -2, -1, 0, 1, 2]

test('what is added less what is taken away is the range, every moment of it once', () => {
  fc.assert(
    fc.property(
      moment,
      moment,
      fc.constantFrom(minuteLevel, hourLevel),
      fc.array(moment, { maxLength: 20 }),
      (one, other, finest, moments) => {
        const range = { from: Math.min(one, other), to: Math.max(one, other) }
        const { spans, edges } = cover(range, finest, tops)
        for (const at of [...moments, range.from - 1, range.from, range.to - 1, range.to]) {
          if (!tops.includes(bucketOf(at, topLevel))) continue
          const inSpans = spans.filter(({ level, bucket }) => bucketOf(at, level) === bucket).reduce((sum, { sign }) => sum + sign, 0)
          const inEdges = edges.filter(({ from, to }) => from <= at && at < to).reduce((sum, { sign }) => sum + sign, 0)
          expect(inSpans + inEdges).toBe(at >= range.from && at < range.to ? 1 : 0)
        }
      },
    ),
    { numRuns: 300, seed: 20260301 },
  )
})

test('no range needs more than 150 buckets, nor more than four ends of at most half the finest', () => {
  fc.assert(
    fc.property(moment, moment, fc.constantFrom(minuteLevel, hourLevel), (one, other, finest) => {
      const { spans, edges } = cover({ from: Math.min(one, other), to: Math.max(one, other) }, finest, tops)
      expect(spans.length).toBeLessThan(150)
      expect(edges.length).toBeLessThanOrEqual(4)
      for (const { from, to } of edges) expect(to - from).toBeLessThanOrEqual(levels[finest] / 2)
    }),
    { numRuns: 500, seed: 20260301 },
  )
})

test('whole buckets need no rows, and a range without anything in it needs nothing', () => {
  const day = levels[2]
  expect(cover({ from: 3 * day, to: 4 * day }, minuteLevel, tops)).toEqual({ spans: [{ level: 2, bucket: 3, sign: 1 }], edges: [] })
  expect(cover({ from: 3 * day, to: 4 * day }, minuteLevel, [2])).toEqual({ spans: [], edges: [] })
  expect(cover({ from: day, to: day }, minuteLevel, tops)).toEqual({ spans: [], edges: [] })
})
