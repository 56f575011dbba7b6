import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Instant, Kind } from '../../../shared/detection.ts'
import { coarsen, gridCount, heightOf, leastHeight, mostIn, sharesOf, toChartBars, totalOf } from './bars.ts'

const instant = (at: number) => new Date(at).toISOString() as Instant
const bar = (n: number, ...counts: readonly (readonly [Kind, string, number])[]) => ({
  from: instant(n * 1_000),
  to: instant(n * 1_000 + 1_000),
  counts: counts.map(([kind, status, count]) => ({ kind, status, count })),
})

test('stacks what is documented by its name, and every other status together', () => {
  const bars = [
    bar(0, ['threat', 'detected', 2], ['threat', 'resolved', 1], ['threat', 'suppressed', 3], ['threat', '', 4], ['posture', 'ongoing', 5]),
  ]
  const [first] = toChartBars({ bars, countedTo: null })
  expect(first?.threat).toEqual({ detected: 2, ongoing: 0, resolved: 1, other: 7 })
  expect(first?.posture).toEqual({ detected: 0, ongoing: 5, resolved: 0, other: 0 })
})

test('says which bars are the least there is', () => {
  const bars = toChartBars({ bars: [bar(0), bar(1), bar(2)], countedTo: instant(1_500) })
  expect(bars.map(({ isLeast }) => isLeast)).toEqual([true, true, false])
})

test('bars too thin to be seen are drawn together, and no count is lost', () => {
  const bars = toChartBars({
    bars: Array.from({ length: 7 }, (_, n) => bar(n, ['threat', 'detected', n], ['posture', 'odd', 1])),
    countedTo: null,
  })
  const coarse = coarsen(bars, 2_500)
  expect(coarse.map(({ from, to }) => [from, to])).toEqual([
    [0, 3_000],
    [3_000, 6_000],
    [6_000, 7_000],
  ])
  expect(coarse.map(({ threat, posture }) => [totalOf(threat), posture.other])).toEqual([
    [3, 3],
    [12, 3],
    [6, 1],
  ])
  expect(coarsen(bars, 1_000)).toBe(bars)
  expect(coarsen([], 1_000)).toEqual([])
})

test('one among a million is seen, none is not, and the most is as high as the lane', () => {
  expect([heightOf(0, 1_000_000, 40), heightOf(1, 1_000_000, 40), heightOf(1_000_000, 1_000_000, 40)]).toEqual([0, leastHeight, 40])
  expect(heightOf(25, 100, 40)).toBe(20)
})

test('the highest bar is that of what is in view', () => {
  const bars = toChartBars({
    bars: [bar(0, ['threat', 'detected', 9]), bar(1, ['threat', 'detected', 4]), bar(2, ['posture', 'ongoing', 7])],
    countedTo: null,
  })
  expect([mostIn(bars, 'threat', { from: 1_000, to: 3_000 }), mostIn(bars, 'posture', { from: 0, to: 3_000 })]).toEqual([4, 7])
})

test('shares fill the bar exactly, each as large as its part or just large enough to be seen', () => {
  const count = fc.integer({ min: 0, max: 100_000 })
  fc.assert(
    fc.property(
      fc.record({ detected: count, ongoing: count, other: count, resolved: count }),
      fc.double({ min: 1.5, max: 60, noNaN: true }),
      (stack, height) => {
        fc.pre(totalOf(stack) > 0)
        const shares = sharesOf(stack, height)
        expect(shares.reduce((sum, [, share]) => sum + share, 0)).toBeCloseTo(height)
        for (const [tone, share] of shares) {
          expect(stack[tone]).toBeGreaterThan(0)
          expect(share).toBeGreaterThan(0)
          if (height >= shares.length * leastHeight * 2) expect(share).toBeGreaterThanOrEqual(leastHeight - 1e-9)
        }
      },
    ),
  )
})

test.each([
  [3, null],
  [4, 1],
  [32, 10],
  [4_203, 1_000],
  [1_202, 200],
])('of at most %i the line stands at %s', (most, count) => expect(gridCount(most)).toBe(count))
