import type { Span } from './span.ts'

type Unit = 'minute' | 'hour' | 'day' | 'month' | 'year'
type Grid = { readonly unit: Unit; readonly count: number; readonly ms: number }
/** `isMajor`: a new day among hours, a new month among days, a new year among months. */
export type Tick = { readonly at: number; readonly label: string; readonly isMajor: boolean }

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const grids: readonly Grid[] = [
  ...[1, 5, 15, 30].map((count): Grid => ({ unit: 'minute', count, ms: count * minute })),
  ...[1, 3, 6, 12].map((count): Grid => ({ unit: 'hour', count, ms: count * hour })),
  ...[1, 2, 7, 14].map((count): Grid => ({ unit: 'day', count, ms: count * day })),
  ...[1, 3, 6].map((count): Grid => ({ unit: 'month', count, ms: count * 30 * day })),
  ...[1, 2, 5, 10, 50, 100, 500, 1000].map((count): Grid => ({ unit: 'year', count, ms: count * 365 * day })),
]
const leastPixels = 72
const mostTicks = 60
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** Where the clock and the calendar of this computer turn, as densely as their labels can be read. */
export function ticksOf({ from, to }: Span, pixels: number): readonly Tick[] {
  const grid = grids.find(({ ms }) => (ms / (to - from)) * pixels >= leastPixels) ?? grids.at(-1)
  if (!grid || !(to > from)) return []
  const ticks: Tick[] = []
  for (let at = nextAfter(from - 1, grid); at < to && ticks.length < mostTicks; at = nextAfter(at, grid)) ticks.push(tickAt(at, grid))
  return ticks
}

/** The first line of the grid after `at`. */
function nextAfter(at: number, { unit, count, ms }: Grid): number {
  const date = new Date(at)
  const [year, month, dayOfMonth] = [date.getFullYear(), date.getMonth(), date.getDate()]
  const next = ((): number => {
    if (unit === 'year') return local((Math.floor(year / count) + 1) * count, 0, 1)
    if (unit === 'month') return local(year, (Math.floor(month / count) + 1) * count, 1)
    if (unit === 'day') return nextDay(year, month, dayOfMonth, count)
    if (unit === 'hour' && count > 1) return local(year, month, dayOfMonth, (Math.floor(date.getHours() / count) + 1) * count)
    // An hour that the clock goes through twice has two lines: these are counted on, not read off the clock.
    const midnight = local(year, month, dayOfMonth)
    return Math.min(midnight + (Math.floor((at - midnight) / ms) + 1) * ms, local(year, month, dayOfMonth + 1))
  })()
  return next > at ? next : at + ms
}

/** Weeks begin on Monday; every second day begins with each month anew, so that the first is always there. */
function nextDay(year: number, month: number, dayOfMonth: number, count: number): number {
  if (count === 1) return local(year, month, dayOfMonth + 1)
  if (count === 2) {
    const next = dayOfMonth + (dayOfMonth % 2 === 0 ? 1 : 2)
    // The 31st would stand against the first.
    return next >= new Date(year, month + 1, 0).getDate() ? local(year, month + 1, 1) : local(year, month, next)
  }
  const monday = dayOfMonth + 7 - ((new Date(year, month, dayOfMonth).getDay() + 6) % 7)
  const weeks = count / 7
  // Every second Monday, counted from one that never changes.
  const isOff = weeks > 1 && Math.round((local(year, month, monday) - local(2024, 0, 1)) / (7 * day)) % weeks !== 0
  return local(year, month, monday + (isOff ? 7 : 0))
}

/** Unlike its constructor, does not take the years up to 99 for those of the last century. */
function local(year: number, month: number, dayOfMonth: number, hourOfDay = 0): number {
  const date = new Date(2000, 0, 1, hourOfDay)
  date.setFullYear(year, month, dayOfMonth)
  date.setHours(hourOfDay, 0, 0, 0)
  return date.getTime()
}

function tickAt(at: number, { unit }: Grid): Tick {
  const date = new Date(at)
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0
  const isFirst = date.getDate() === 1
  const isJanuary = date.getMonth() === 0 && isFirst
  const month = months[date.getMonth()] ?? ''
  if (unit === 'year') return { at, label: `${date.getFullYear()}`, isMajor: true }
  if (unit === 'month') return { at, label: isJanuary ? `${date.getFullYear()}` : month, isMajor: isJanuary }
  if (unit === 'day') return { at, label: isJanuary ? `1 Jan ${date.getFullYear()}` : `${date.getDate()} ${month}`, isMajor: isFirst }
  return { at, label: isMidnight ? `${date.getDate()} ${month}` : clockWords(date), isMajor: isMidnight }
}

function clockWords(date: Date): string {
  return `${`${date.getHours()}`.padStart(2, '0')}:${`${date.getMinutes()}`.padStart(2, '0')}`
}
