import type { Hours, Weekday } from '../../shared/rules.ts'

/** What the clock on the wall shows: minutes after midnight, and the day of the week. */
export type WallClock = { readonly weekday: Weekday; readonly minute: number }

/**
 * Whether the clock on the wall shows a time within these hours at `at` (epoch ms). It is asked what it shows, never how long something is:
 * so the hours hold on days of 23 and 25 hours and after any jump, and an hour that comes twice is in them twice.
 */
export function isWithin(hours: Hours, at: number, wallClockOf: (at: number) => WallClock = localClock): boolean {
  const { weekday, minute } = wallClockOf(at)
  if (hours.from < hours.to) return hours.days.includes(weekday) && minute >= hours.from && minute < hours.to
  // They reach into the next day, and belong to the one on which they begin.
  const hasBegunToday = hours.days.includes(weekday) && minute >= hours.from
  return hasBegunToday || (hours.days.includes(dayBefore(weekday)) && minute < hours.to)
}

/** In the time zone of this computer, as it is now: also where the user travels. */
function localClock(at: number): WallClock {
  const date = new Date(at)
  const weekday = ((date.getDay() + 6) % 7) + 1
  return { weekday: weekday as Weekday, minute: date.getHours() * 60 + date.getMinutes() }
}

function dayBefore(weekday: Weekday): Weekday {
  return (weekday === 1 ? 7 : weekday - 1) as Weekday
}
