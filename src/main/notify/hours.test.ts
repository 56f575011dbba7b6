import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { weekdays, type Hours } from '../../shared/rules.ts'
import { isWithin } from './hours.ts'

const daily = (from: string, to: string, days: Hours['days'] = weekdays): Hours => ({ days, from: minutes(from), to: minutes(to) })

function minutes(clock: string): number {
  const [hours = '', minutes = ''] = clock.split(':')
  return Number(hours) * 60 + Number(minutes)
}

const zoneBefore = process.env.TZ
afterEach(() => {
  if (zoneBefore === undefined) delete process.env.TZ
  else process.env.TZ = zoneBefore
})

function travelTo(zone: string): void {
  process.env.TZ = zone
  expect(Intl.DateTimeFormat().resolvedOptions().timeZone).toBe(zone)
}

/** When a day and night of these hours turn from one to the other, as UTC. */
function turns(hours: Hours, from: string, until: string): readonly string[] {
  const found: string[] = []
  let before: boolean | null = null
  for (let at = Date.parse(from); at < Date.parse(until); at += 60_000) {
    const is = isWithin(hours, at)
    if (before !== null && is !== before) found.push(`${is ? 'on' : 'off'} ${new Date(at).toISOString().slice(0, 16)}`)
    before = is
  }
  return found
}

describe('hours', () => {
  // 2026-11-21 is a Saturday.
  test.each([
    ['2026-11-20T23:59', false],
    ['2026-11-21T08:59', false],
    ['2026-11-21T09:00', true],
    ['2026-11-21T16:59', true],
    ['2026-11-21T17:00', false],
    ['2026-11-22T12:00', false],
  ])('from nine to five on a Saturday: %s is %s', (local, is) => {
    expect(isWithin(daily('09:00', '17:00', [6]), new Date(local).getTime())).toBe(is)
  })

  test.each([
    ['2026-11-21T06:00', false],
    ['2026-11-21T21:59', false],
    ['2026-11-21T22:00', true],
    ['2026-11-22T00:00', true],
    ['2026-11-22T06:59', true],
    ['2026-11-22T07:00', false],
    ['2026-11-22T22:00', false],
  ])('over midnight they belong to the day they begin on, a Saturday: %s is %s', (local, is) => {
    expect(isWithin(daily('22:00', '07:00', [6]), new Date(local).getTime())).toBe(is)
  })

  test('over the end of a week, from Sunday to Monday', () => {
    const hours = daily('22:00', '07:00', [7])
    expect(['2026-11-22T23:00', '2026-11-23T06:59', '2026-11-23T23:00'].map((local) => isWithin(hours, new Date(local).getTime()))).toEqual(
      [true, true, false],
    )
  })

  test('that end when they begin last a day', () => {
    expect(turns(daily('09:00', '09:00', [6]), '2026-11-20T00:00Z', '2026-11-24T00:00Z')).toHaveLength(2)
    expect(turns(daily('00:00', '00:00'), '2026-11-20T00:00Z', '2026-11-24T00:00Z')).toEqual([])
    expect(isWithin(daily('00:00', '00:00'), 0)).toBe(true)
  })
})

describe('where the clock is changed', () => {
  test('a night of 23 hours or of 25 is quiet without a gap', () => {
    travelTo('Europe/Berlin')
    const night = daily('22:00', '07:00')
    expect(turns(night, '2026-03-28T12:00Z', '2026-03-29T12:00Z')).toEqual(['on 2026-03-28T21:00', 'off 2026-03-29T05:00'])
    expect(turns(night, '2026-10-24T12:00Z', '2026-10-25T12:00Z')).toEqual(['on 2026-10-24T20:00', 'off 2026-10-25T06:00'])
  })

  test('hours that begin in the hour that is left out begin after it, those that end in it end before it', () => {
    travelTo('America/New_York')
    expect(turns(daily('02:30', '04:00'), '2026-03-08T00:00Z', '2026-03-08T20:00Z')).toEqual([
      'on 2026-03-08T07:00',
      'off 2026-03-08T08:00',
    ])
    expect(turns(daily('01:00', '02:30'), '2026-03-08T00:00Z', '2026-03-08T20:00Z')).toEqual([
      'on 2026-03-08T06:00',
      'off 2026-03-08T07:00',
    ])
    expect(turns(daily('02:00', '03:00'), '2026-03-08T00:00Z', '2026-03-08T20:00Z')).toEqual([])
  })

  test('an hour that comes twice is in them twice', () => {
    travelTo('America/New_York')
    expect(turns(daily('01:00', '02:00'), '2026-11-01T00:00Z', '2026-11-01T20:00Z')).toEqual([
      'on 2026-11-01T05:00',
      'off 2026-11-01T07:00',
    ])
    expect(turns(daily('01:30', '05:00'), '2026-11-01T00:00Z', '2026-11-01T20:00Z')).toEqual([
      'on 2026-11-01T05:30',
      'off 2026-11-01T06:00',
      'on 2026-11-01T06:30',
      'off 2026-11-01T10:00',
    ])
  })

  test('by half an hour, or where midnight itself is left out', () => {
    travelTo('Australia/Lord_Howe')
    expect(turns(daily('22:00', '07:00'), '2026-04-04T04:00Z', '2026-04-05T04:00Z')).toEqual([
      'on 2026-04-04T11:00',
      'off 2026-04-04T20:30',
    ])
    travelTo('Africa/Cairo')
    expect(turns(daily('00:00', '07:00', [5]), '2026-04-23T12:00Z', '2026-04-25T12:00Z')).toEqual([
      'on 2026-04-23T22:00',
      'off 2026-04-24T04:00',
    ])
  })

  test('there is an answer for any hours at any time, everywhere, and only the wall clock decides it', () => {
    const anyHours = fc.record({
      days: fc.subarray([...weekdays], { minLength: 1 }),
      from: fc.integer({ min: 0, max: 1439 }),
      to: fc.integer({ min: 0, max: 1439 }),
    })
    for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Eucla', 'Pacific/Apia']) {
      travelTo(zone)
      fc.assert(
        fc.property(anyHours, fc.integer({ min: -8.64e15, max: 8.64e15 }), (hours, at) => {
          const date = new Date(at)
          // Told another way: how long after each day's beginning of the hours the clock stands.
          const minuteOfWeek = ((date.getDay() + 6) % 7) * 1440 + date.getHours() * 60 + date.getMinutes()
          const lasts = hours.to > hours.from ? hours.to - hours.from : 1440 - hours.from + hours.to
          const is = hours.days.some((day) => (minuteOfWeek - (day - 1) * 1440 - hours.from + 10_080) % 10_080 < lasts)
          expect(isWithin(hours, at)).toBe(is)
        }),
        { numRuns: 500 },
      )
    }
  })
})
