import { describe, expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import { clockTime, dayName, dayOf, duration, exactTime, relativeTime } from './time.ts'

const instant = '2031-05-17T22:30:05.123Z' as Instant
const now = Date.parse(instant)

describe('times', () => {
  test('are shown in the zone of the user, with the zone', () => {
    expect(exactTime(instant, 'Europe/Berlin')).toMatch(/^2031-05-18 00:30:05 (CEST|GMT\+2)$/)
    expect(exactTime(instant, 'UTC')).toBe('2031-05-17 22:30:05 UTC')
    expect(clockTime(instant, 'Asia/Kolkata')).toBe('04:00')
  })

  test('that cannot be read do not break the page', () => {
    expect(exactTime('soon' as Instant)).toBe('unreadable time')
    expect(clockTime('soon' as Instant)).toBe('--:--')
    expect(relativeTime('soon' as Instant, now)).toBe('')
    expect(dayName(dayOf(Number.NaN), '2031-05-17')).toBe('No date')
  })

  test('belong to the day of the zone', () => {
    expect(dayOf(now, 'UTC')).toBe('2031-05-17')
    expect(dayOf(now, 'Asia/Kolkata')).toBe('2031-05-18')
  })

  test('have day names that people use', () => {
    expect(dayName('2031-05-17', '2031-05-17')).toBe('Today')
    expect(dayName('2031-04-30', '2031-05-01')).toBe('Yesterday')
    expect(dayName('2031-05-15', '2031-05-17')).toBe('Thursday 15 May')
    expect(dayName('2030-12-31', '2031-05-17')).toBe('Tuesday 31 December 2030')
  })

  test.each([
    [0, 'just now'],
    [4_999, 'just now'],
    [12_000, '12 s ago'],
    [119_000, '1 min ago'],
    [3 * 3_600_000, '3 h ago'],
    [86_400_000, '1 day ago'],
    [3 * 86_400_000, '3 days ago'],
    [-300_000, 'in 5 min'],
  ])('%i ms ago reads as %s', (ms, words) => {
    expect(relativeTime(instant, now + ms)).toBe(words)
  })

  test.each([
    [10, 'under a second'],
    [61_000, '1 min 1 s'],
    [3 * 3_600_000 + 12 * 60_000 + 5_000, '3 h 12 min'],
    [2 * 86_400_000, '2 days'],
  ])('a duration of %i ms reads as %s', (ms, words) => {
    expect(duration(ms)).toBe(words)
  })
})

test('the zone of the user is told without a formatter as with one', () => {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  for (const at of ['2031-01-01T00:00:00Z', '2031-03-30T01:30:00Z', '2031-07-09T23:59:59Z', '1999-12-31T12:34:56Z']) {
    expect(clockTime(at as Instant)).toBe(clockTime(at as Instant, timeZone))
    expect(dayOf(Date.parse(at))).toBe(dayOf(Date.parse(at), timeZone))
  }
})
