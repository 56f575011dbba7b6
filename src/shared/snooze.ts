import type { Instant } from './detection.ts'

export const snoozes = ['hour', 'tomorrow', 'monday'] as const
export type Snooze = (typeof snoozes)[number]

export const snoozeWords: Readonly<Record<Snooze, string>> = {
  hour: 'for 1 hour',
  tomorrow: 'until tomorrow, 09:00',
  monday: 'until Monday, 09:00',
}

/** By this computer's calendar: nine in the morning is nine also where a clock change lies between. */
export function snoozedUntil(snooze: Snooze, now: number): Instant {
  if (snooze === 'hour') return new Date(now + 3_600_000).toISOString() as Instant
  const day = new Date(now)
  day.setHours(9, 0, 0, 0)
  // Monday is the next one, never today.
  day.setDate(day.getDate() + (snooze === 'tomorrow' ? 1 : (8 - day.getDay()) % 7 || 7))
  return day.toISOString() as Instant
}
