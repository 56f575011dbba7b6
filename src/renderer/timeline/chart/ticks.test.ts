import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ticksOf } from './ticks.ts'

beforeAll(() => void vi.stubEnv('TZ', 'Europe/Berlin'))
afterAll(() => void vi.unstubAllEnvs())

const at = (text: string) => new Date(text).getTime()
const labels = (from: string, to: string, pixels = 900) => ticksOf({ from: at(from), to: at(to) }, pixels).map(({ label }) => label)

describe('ticks', () => {
  test.each([
    ['minutes', '2031-05-17T14:00', '2031-05-17T14:10', ['14:00', '14:01', '14:02']],
    ['hours', '2031-05-17T00:00', '2031-05-17T10:00', ['17 May', '01:00', '02:00']],
    ['parts of a day', '2031-05-16T20:00', '2031-05-18T20:00', ['17 May', '06:00', '12:00']],
    ['days', '2031-05-30T12:00', '2031-06-08T00:00', ['31 May', '1 Jun', '2 Jun']],
    ['weeks, from Monday', '2031-05-01T00:00', '2031-06-20T00:00', ['5 May', '12 May', '19 May']],
    ['months', '2030-11-15T00:00', '2031-08-01T00:00', ['Dec', '2031', 'Feb']],
    ['years', '2020-06-01T00:00', '2031-06-01T00:00', ['2021', '2022', '2023']],
  ])('stand where the %s of the clock and the calendar turn', (_what, from, to, first) => {
    expect(labels(from, to).slice(0, 3)).toEqual(first)
  })

  test('stay on the clock over the hour that is left out, and name the one that comes twice twice', () => {
    expect(labels('2031-03-30T00:00', '2031-03-30T06:00')).not.toContain('02:00')
    expect(labels('2031-10-26T00:00', '2031-10-26T06:00').filter((label) => label === '02:00')).toHaveLength(2)
    const days = ticksOf({ from: at('2031-03-28T00:00'), to: at('2031-04-04T00:00') }, 900)
    expect(days.map((tick) => new Date(tick.at).getHours())).toEqual(days.map(() => 0))
    expect(labels('2031-03-29T12:00', '2031-03-31T12:00')).toEqual([
      '12:00',
      '18:00',
      '30 Mar',
      '06:00',
      '12:00',
      '18:00',
      '31 Mar',
      '06:00',
    ])
  })

  test('are never denser than their labels can be read, nor many, however long the time', () => {
    for (let ms = 60_000; ms < 3e13; ms *= 1.7) {
      const span = { from: at('2031-05-17T14:02'), to: at('2031-05-17T14:02') + ms }
      const ticks = ticksOf(span, 1_000)
      expect(ticks.length).toBeLessThanOrEqual(60)
      const gaps = ticks.slice(1).map((tick, index) => ((tick.at - (ticks[index]?.at ?? 0)) / ms) * 1_000)
      // February, and the second days around the end of a month, are shorter than what their grid is called.
      expect(Math.min(72, ...gaps)).toBeGreaterThan(36)
    }
  })

  test('there are none of no time', () => {
    expect(ticksOf({ from: 5, to: 5 }, 100)).toEqual([])
  })
})
