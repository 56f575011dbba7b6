import type { Instant } from '../../shared/detection.ts'
import { lastInstantMs, toInstant } from './instant.ts'

const form = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/**
 * Reads an RFC 3339 time of any precision and offset; what is finer than a millisecond is cut off. null for anything
 * else, for a day that does not exist, and for moments before 1970: Go's zero time means that nobody set it.
 */
export function readRfc3339(text: string): Instant | null {
  const match = form.exec(text)
  if (match === null) return null
  const [, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, , , offsetHours = 0, offsetMinutes = 0] = match.map((part) =>
    Number(part ?? 0),
  )
  const daysInMonth = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth) return null
  // Second 60 is a leap second: the clock of this machine has none, so it becomes the next second.
  if (hour > 23 || minute > 59 || second > 60 || offsetHours > 23 || offsetMinutes > 59) return null
  const aheadMs = (match[8] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000
  const fraction = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'))
  const ms = Date.UTC(year, month - 1, day, hour, minute, second, fraction) - aheadMs
  // Date.UTC takes a year below 100 for one of the last century.
  return year < 100 || ms < 0 || ms > lastInstantMs ? null : toInstant(ms)
}
