import type { Instant } from '../../shared/detection.ts'
import type { DigestSince } from '../state/location.ts'
import { clockTime, dayName, dayOf } from '../ui/time.ts'

/** Since when a digest can tell. */
export const sinceWords: Readonly<Record<DigestSince, string>> = { last: 'My last look', day: '24 hours', week: '7 days' }

/** `to` null where that is no later minute: from a moment to itself is no span for a reader. */
export type SpanWords = { readonly from: string; readonly to: string | null }

/** From when to when a digest reaches, on the user's clock; `today` as `dayOf` gives it, `timeZone` is for tests. */
export function spanWords(since: Instant, until: Instant, today: string, timeZone?: string): SpanWords {
  const moment = (at: Instant) => `${dayName(dayOf(Date.parse(at), timeZone), today)} ${clockTime(at, timeZone)}`
  const [from, to] = [moment(since), moment(until)]
  // A clock may also have been set back since.
  return from === to || Date.parse(until) < Date.parse(since) ? { from: `Since ${from}`, to: null } : { from, to }
}
