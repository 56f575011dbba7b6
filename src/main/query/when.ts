import type { Instant } from '../../shared/detection.ts'

/** A stretch of time in epoch ms: `from` inclusive, `to` exclusive. */
export type Span = { readonly from: number; readonly to: number }

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** How long `7d` or `90m` is; null for what is none. */
export function readDuration(text: string): number | null {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? []
  return count === undefined || unit === undefined ? null : Number(count) * (unitMs[unit] ?? 0)
}

/** What something lies within: a date, or `7d` for the last seven days, since nobody looks for the one millisecond so long ago. */
export function readStretch(text: string, now: number): Span | { readonly from: number; readonly to: null } | null {
  const lengthMs = readDuration(text)
  return lengthMs === null ? readSpan(text, now) : { from: now - lengthMs, to: null }
}

/**
 * What a date covers: a year, a month, a day (in the time zone of this computer), or one moment, which ISO 8601 writes or
 * which lies `7d` ago. null for what is none of these.
 */
export function readSpan(text: string, now: number): Span | null {
  const today = new Date(now)
  const day = (offset: number): Span => spanOf(today.getFullYear(), today.getMonth(), today.getDate() + offset, 'day')
  if (text === 'today') return day(0)
  if (text === 'yesterday') return day(-1)
  if (text === 'now') return moment(now)
  const agoMs = readDuration(text)
  if (agoMs !== null) return moment(now - agoMs)
  const [, year, month, date] = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(text) ?? []
  if (year !== undefined) return readDate(Number(year), month, date)
  const [, onYear, onMonth, onDate] =
    /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})?$/.exec(text) ?? []
  // A time of a day that no month has is read as one of a later day.
  if (onYear === undefined || !isInCalendar(Number(onYear), Number(onMonth), Number(onDate))) return null
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : moment(at)
}

function isInCalendar(year: number, month: number, date: number): boolean {
  const day = new Date(0)
  // Unlike its constructor, this takes the years up to 99 as they are.
  day.setUTCFullYear(year, month - 1, date)
  return day.getUTCMonth() === month - 1 && day.getUTCDate() === date
}

/** Years from 100 on: a smaller one means another century to Date. */
function readDate(year: number, month: string | undefined, date: string | undefined): Span | null {
  if (year < 100) return null
  if (month === undefined) return spanOf(year, 0, 1, 'year')
  if (date === undefined) return Number(month) >= 1 && Number(month) <= 12 ? spanOf(year, Number(month) - 1, 1, 'month') : null
  const first = new Date(year, Number(month) - 1, Number(date))
  // The 30th of February would be taken for a day of March.
  const isThere = first.getMonth() === Number(month) - 1 && first.getDate() === Number(date)
  return isThere ? spanOf(year, Number(month) - 1, Number(date), 'day') : null
}

function spanOf(year: number, month: number, date: number, what: 'year' | 'month' | 'day'): Span {
  const next = { year: [year + 1, month, date], month: [year, month + 1, date], day: [year, month, date + 1] } as const
  const [nextYear, nextMonth, nextDate] = next[what]
  return { from: new Date(year, month, date).getTime(), to: new Date(nextYear, nextMonth, nextDate).getTime() }
}

function moment(at: number): Span {
  return { from: at, to: at + 1 }
}

/** The last moment that an Instant writes in four digits of a year: nothing is later. */
const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** From the beginning of 1900 on, before which nothing is, to the last moment there is. */
export function toInstant(at: number): Instant {
  return new Date(Math.min(Math.max(at, Date.UTC(0, 0, 1)), lastMoment)).toISOString() as Instant
}

/** Where a span ends, which that moment is not in any more; null where it goes on to the last there is. */
export function toEnd(at: number): Instant | null {
  return at > lastMoment ? null : toInstant(at)
}
