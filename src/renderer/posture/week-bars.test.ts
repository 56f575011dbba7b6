import { expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import { toWeekChart } from './week-bars.ts'

const week = (opened: number, closed: number, openAtEnd: number) => ({
  from: '2031-05-12T00:00:00.000Z' as Instant,
  opened,
  closed,
  openAtEnd,
  medianAgeMs: null,
})
const size = { width: 260, height: 100 }

test('opened stands on the middle, closed hangs from it, on one scale', () => {
  const { bars, most } = toWeekChart([week(10, 5, 5)], size)
  expect(most).toEqual({ changed: 10, open: 5 })
  expect(bars[0]).toMatchObject({ opened: { y: 2, height: 48 }, closed: { y: 50, height: 24 } })
})

test('one among thousands is still seen, and none is not', () => {
  const { bars } = toWeekChart([week(10_000, 1, 1), week(0, 0, 1)], size)
  expect(bars.map(({ opened, closed }) => [opened.height, closed.height])).toEqual([
    [48, 1.5],
    [0, 0],
  ])
})

test('the line passes through the middle of every week', () => {
  expect(toWeekChart([week(0, 0, 0), week(0, 0, 4)], size).line).toBe('M65.0 98.0L195.0 2.0')
})

test('no weeks are an empty chart', () => {
  expect(toWeekChart([], size)).toMatchObject({ bars: [], line: '' })
})
