import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mostBars } from '../../shared/overview.ts'
import { barsOf } from './bars.ts'

const zone = process.env['TZ']
afterEach(() => {
  if (zone === undefined) delete process.env['TZ']
  else process.env['TZ'] = zone
})

const range = (from: string, to: string) => ({ from: Date.parse(from), to: Date.parse(to) })
const hours = (bars: readonly { from: number; to: number }[]) => bars.map(({ from, to }) => (to - from) / 3_600_000)

describe('where the clock is changed', () => {
  beforeEach(() => {
    process.env['TZ'] = 'Europe/Berlin'
  })

  test('a day has 23 or 25 hours and begins at midnight', () => {
    const spring = barsOf(range('2026-03-27T23:00:00Z', '2026-03-30T22:00:00Z'), 'day')
    expect(hours(spring.bars)).toEqual([24, 23, 24])
    const autumn = barsOf(range('2026-10-23T22:00:00Z', '2026-10-26T23:00:00Z'), 'day')
    expect(hours(autumn.bars)).toEqual([24, 25, 24])
  })

  test('hours stay hours, and the one that comes twice is two', () => {
    expect(hours(barsOf(range('2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'), 'hour').bars)).toEqual(Array(23).fill(1))
    expect(hours(barsOf(range('2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'), 'hour').bars)).toEqual(Array(25).fill(1))
  })

  test('twelve hours end at noon and at midnight', () => {
    expect(hours(barsOf(range('2026-10-24T22:00:00Z', '2026-10-26T23:00:00Z'), 5).bars)).toEqual([13, 12, 12, 12])
  })

  test('a month begins on its first at midnight, whatever its length', () => {
    const { bars, step } = barsOf(range('2025-12-31T23:00:00Z', '2026-04-30T22:00:00Z'), 'month')
    expect(step).toEqual({ unit: 'month', count: 1 })
    expect(bars.map(({ from }) => new Date(from).toISOString())).toEqual([
      '2025-12-31T23:00:00.000Z',
      '2026-01-31T23:00:00.000Z',
      '2026-02-28T23:00:00.000Z',
      '2026-03-31T22:00:00.000Z',
    ])
    expect(hours(bars)).toEqual([31 * 24, 28 * 24, 31 * 24 - 1, 30 * 24])
  })

  test('a week begins on Monday', () => {
    const { bars } = barsOf(range('2026-03-25T12:00:00Z', '2026-04-07T12:00:00Z'), 'week')
    expect(bars.map(({ from }) => new Date(from).getDay())).toEqual([3, 1, 1])
  })
})

test('in a zone off by half an hour, days and hours begin where its clock has them', () => {
  process.env['TZ'] = 'Asia/Kolkata'
  const { bars } = barsOf(range('2026-03-01T18:00:00Z', '2026-03-01T20:00:00Z'), 'hour')
  expect(bars.map(({ from }) => new Date(from).toISOString().slice(11, 16))).toEqual(['18:00', '18:30', '19:30'])
})

test('where the clock is moved by half an hour, every bar ends with an hour of it, and none crosses midnight', () => {
  process.env['TZ'] = 'Australia/Lord_Howe'
  // From +11 to +10:30 at 02:00 on April 5, and back at 02:00 on October 4.
  const of = (from: string, to: string) => barsOf(range(from, to), 'hour').bars
  const autumn = of('2026-04-04T13:00:00Z', '2026-04-06T13:30:00Z')
  expect(hours(autumn)).toEqual([1, 1, 0.5, ...Array<number>(46).fill(1)])
  const spring = of('2026-10-03T13:30:00Z', '2026-10-05T13:00:00Z')
  expect(hours(spring)).toEqual([1, 1, 0.5, ...Array<number>(45).fill(1)])
  for (const { to } of [...autumn, ...spring]) expect([0, 30]).toContain(new Date(to).getMinutes())
  expect([...autumn, ...spring].filter(({ to }) => new Date(to).getMinutes() !== 0)).toHaveLength(2)
})

test('a number asks for at most so many, of a width that a clock or a calendar knows', () => {
  const year = range('2025-01-01T00:00:00Z', '2026-01-01T00:00:00Z')
  for (const most of [1, 2, 13, 60, 100, 366, 800]) expect(barsOf(year, most).bars.length).toBeLessThanOrEqual(most)
  expect(barsOf(year, 60).step).toEqual({ unit: 'day', count: 7 })
  expect(barsOf(year, 14).step).toEqual({ unit: 'month', count: 1 })
})

test('between a day and a month bars grow in small steps, and begin on the same days wherever a range begins', () => {
  process.env['TZ'] = 'Europe/Berlin'
  const stepOf = (days: number) => barsOf({ from: 0, to: days * 86_400_000 }, 100).step
  const widths = Array.from({ length: 30 }, (_, index) => stepOf(60 + 60 * index)).filter(({ unit }) => unit === 'day')
  expect([...new Set(widths.map(({ count }) => count))]).toEqual([1, 2, 4, 7, 14])
  for (const [most, count] of [
    [200, 2],
    [100, 4],
    [30, 14],
  ] as const) {
    const one = barsOf(range('2025-12-31T23:00:00Z', '2026-12-31T23:00:00Z'), most)
    const other = barsOf(range('2026-01-08T11:00:00Z', '2026-12-31T23:00:00Z'), most)
    expect([one.step.count, other.step.count]).toEqual([count, count])
    const begins = new Set(one.bars.map(({ from }) => from))
    expect(other.bars.slice(1).filter(({ from }) => !begins.has(from))).toEqual([])
    if (count === 14) expect(one.bars.slice(1).map(({ from }) => new Date(from).getDay())).toEqual(one.bars.slice(1).map(() => 1))
  }
})

test('bars are as many as can be drawn, however long the range, and follow each other without a hole', () => {
  for (const bucket of ['minute', 'hour', 'day', 'week', 'month', 300] as const) {
    const { bars } = barsOf(range('0001-01-01T00:00:00Z', '9999-12-31T00:00:00Z'), bucket)
    expect(bars.length).toBeLessThanOrEqual(mostBars)
    for (const [index, bar] of bars.entries()) expect(bar.from).toBe(index === 0 ? Date.parse('0001-01-01T00:00:00Z') : bars[index - 1]?.to)
    expect(bars.at(-1)?.to).toBe(Date.parse('9999-12-31T00:00:00Z'))
  }
  expect(barsOf({ from: 5, to: 5 }, 'day').bars).toEqual([])
})
