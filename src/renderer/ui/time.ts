import type { Instant } from '../../shared/detection.ts'

/** Times are shown in the user's own zone, on a 24 hour clock; `timeZone` is for tests. */
type Zone = string | undefined

// Formatters cost a hundred times what formatting does, and every painted row formats: each is made once per zone.
function keepPerZone(options: Intl.DateTimeFormatOptions): (timeZone: Zone) => Intl.DateTimeFormat {
  const kept = new Map<Zone, Intl.DateTimeFormat>()
  return (timeZone) => {
    let format = kept.get(timeZone)
    if (!format) kept.set(timeZone, (format = new Intl.DateTimeFormat('en-GB', { ...options, hourCycle: 'h23', timeZone })))
    return format
  }
}

const date = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
const exact = keepPerZone({ ...date, hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' })
const clock = keepPerZone({ hour: '2-digit', minute: '2-digit' })
const calendar = keepPerZone(date)
const heading = keepPerZone({ weekday: 'long', day: 'numeric', month: 'long' })

function partsOf(format: Intl.DateTimeFormat, at: number): Readonly<Record<string, string>> {
  return Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]))
}

const unreadable = 'unreadable time'

export function exactTime(instant: Instant, timeZone?: Zone): string {
  const at = Date.parse(instant)
  if (Number.isNaN(at)) return unreadable
  const part = partsOf(exact(timeZone), at)
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second} ${part.timeZoneName}`
}

/** Hours and minutes, for a list that is grouped by day. Of the user's own zone without a formatter: every row that is painted asks for it. */
export function clockTime(instant: Instant, timeZone?: Zone): string {
  const at = Date.parse(instant)
  if (Number.isNaN(at)) return '--:--'
  if (timeZone !== undefined) return clock(timeZone).format(at)
  const date = new Date(at)
  return `${padded(date.getHours())}:${padded(date.getMinutes())}`
}

function padded(number: number, length = 2): string {
  return String(number).padStart(length, '0')
}

/** The local calendar day as `2031-05-17`: equal for two moments of the same day, and in order. */
export function dayOf(at: number, timeZone?: Zone): string {
  if (Number.isNaN(at)) return ''
  if (timeZone === undefined) {
    const date = new Date(at)
    return `${padded(date.getFullYear(), 4)}-${padded(date.getMonth() + 1)}-${padded(date.getDate())}`
  }
  // en-GB writes 17/05/2031.
  return calendar(timeZone).format(at).split('/').reverse().join('-')
}

/** `Today`, `Yesterday` or the date; the year only where it is not this one. Both are days as `dayOf` gives them. */
export function dayName(day: string, today: string): string {
  if (day === '') return 'No date'
  // A day as such has no zone: noon in UTC is that day wherever it is formatted as UTC.
  const noon = Date.parse(`${day}T12:00:00Z`)
  const daysAgo = Math.round((Date.parse(`${today}T12:00:00Z`) - noon) / 86_400_000)
  if (daysAgo === 0) return 'Today'
  if (daysAgo === 1) return 'Yesterday'
  // Some versions of the locale data put a comma after the weekday.
  const name = heading('UTC').format(noon).replace(',', '')
  return day.slice(0, 4) === today.slice(0, 4) ? name : `${name} ${day.slice(0, 4)}`
}

const units = [
  { one: 'year', many: 'years', ms: 365 * 86_400_000 },
  { one: 'month', many: 'months', ms: 30 * 86_400_000 },
  { one: 'day', many: 'days', ms: 86_400_000 },
  { one: 'h', many: 'h', ms: 3_600_000 },
  { one: 'min', many: 'min', ms: 60_000 },
  { one: 's', many: 's', ms: 1_000 },
] as const

function amount(count: number, unit: { readonly one: string; readonly many: string }): string {
  return `${count} ${count === 1 ? unit.one : unit.many}`
}

/** `2 min ago`, `in 5 min`, `just now`. */
export function relativeTime(instant: Instant, now: number): string {
  const ms = now - Date.parse(instant)
  if (Number.isNaN(ms)) return ''
  const unit = units.find((candidate) => Math.abs(ms) >= candidate.ms)
  if (!unit || Math.abs(ms) < 5_000) return 'just now'
  const text = amount(Math.floor(Math.abs(ms) / unit.ms), unit)
  return ms > 0 ? `${text} ago` : `in ${text}`
}

/** `3 h 12 min`: the two largest units that are not zero. */
export function duration(ms: number): string {
  const first = units.findIndex((unit) => ms >= unit.ms)
  const major = units[first]
  if (!major) return 'under a second'
  const whole = Math.floor(ms / major.ms)
  const minor = units[first + 1]
  const rest = minor ? Math.floor((ms - whole * major.ms) / minor.ms) : 0
  return minor && rest > 0 ? `${amount(whole, major)} ${amount(rest, minor)}` : amount(whole, major)
}
