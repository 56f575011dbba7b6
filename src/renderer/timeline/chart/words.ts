import type { Kind } from '../../../shared/detection.ts'
import type { StateCount, Step } from '../../../shared/overview.ts'
import { toVisible } from '../../ui/safe-text.ts'
import { duration } from '../../ui/time.ts'
import { tones, toneOf, totalOf, type ChartBar } from './bars.ts'
import type { Span } from './span.ts'

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const
/** The sender chooses the words: more of them than this are counted together. */
const mostStatuses = 6

export function countWords(count: number): string {
  return count.toLocaleString('en')
}

/** `1 h`, `15 min`, `7 days`: how wide a bar is. */
export function stepWords({ unit, count }: Step): string {
  if (unit === 'minute') return `${count} min`
  if (unit === 'hour') return `${count} h`
  if (unit === 'month' && count % 12 === 0) return count === 12 ? '1 year' : `${count / 12} years`
  return count === 1 ? `1 ${unit}` : `${count} ${unit}s`
}

/** `Sat 17 May 14:00–15:00`, `Sat 17 May`, `May 2031`, `2031`: beside a day the year only where it is not this one. */
export function spanWords({ from, to }: Span, now: number): string {
  const [start, end, last] = [new Date(from), new Date(to), new Date(to - 1)]
  const thisYear = new Date(now).getFullYear()
  const hasYear = start.getFullYear() !== thisYear || last.getFullYear() !== thisYear
  const day = (date: Date): string => `${dayWords(date)}${hasYear ? ` ${date.getFullYear()}` : ''}`
  const isOneDay = last.toDateString() === start.toDateString()
  if (!isMidnight(start) || !isMidnight(end)) {
    if (isOneDay) return `${weekdays[start.getDay()]} ${day(start)} ${clockWords(start)}–${clockWords(end)}`
    return `${day(start)} ${clockWords(start)} – ${day(end)} ${clockWords(end)}`
  }
  const months = monthsBetween(start, end)
  if (months === 12 && start.getMonth() === 0) return `${start.getFullYear()}`
  if (months === 1) return `${monthNames[start.getMonth()]} ${start.getFullYear()}`
  return isOneDay ? `${weekdays[start.getDay()]} ${day(start)}` : `${day(start)} – ${day(last)}`
}

/** How many whole months of the calendar; 0 where they are not whole. */
function monthsBetween(start: Date, end: Date): number {
  if (start.getDate() !== 1 || end.getDate() !== 1) return 0
  return (end.getFullYear() - start.getFullYear()) * 12 + end.getMonth() - start.getMonth()
}

/** What the lanes show: `3 May 2029 – now · 2 years 14 days`. */
export function rangeWords(span: Span, now: number): string {
  const isLive = span.to >= now && span.from < now
  return `${isLive ? `${momentWords(span.from, now)} – now` : spanWords(span, now)} · ${duration((isLive ? now : span.to) - span.from)}`
}

/** `17 May 14:02`, with the year where it is not this one. */
export function momentWords(at: number, now: number): string {
  const date = new Date(at)
  const year = date.getFullYear() === new Date(now).getFullYear() ? '' : ` ${date.getFullYear()}`
  return `${dayWords(date)}${year} ${clockWords(date)}`
}

function isMidnight(date: Date): boolean {
  return date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0 && date.getMilliseconds() === 0
}

function dayWords(date: Date): string {
  return `${date.getDate()} ${monthNames[date.getMonth()]}`
}

function clockWords(date: Date): string {
  return `${`${date.getHours()}`.padStart(2, '0')}:${`${date.getMinutes()}`.padStart(2, '0')}`
}

export type KindCount = { readonly kind: Kind; readonly total: number; readonly states: readonly StateCount[]; readonly others: number }

/** The counts of a bar by kind, those of each status in the order in which they are stacked. */
export function countsOf(bar: ChartBar): readonly KindCount[] {
  return (['threat', 'posture'] as const).map((kind) => {
    const states = bar.counts
      .filter((state) => state.kind === kind && state.count > 0)
      .sort((a, b) => tones.indexOf(toneOf(a.status)) - tones.indexOf(toneOf(b.status)) || b.count - a.count)
    const others = states.slice(mostStatuses).reduce((sum, { count }) => sum + count, 0)
    return { kind, total: totalOf(bar[kind]), states: states.slice(0, mostStatuses), others }
  })
}

export function statusWords(status: string): string {
  return status === '' ? 'no status' : toVisible(status, 40)
}

/** A bar in a sentence: `Sat 17 May 14:00–15:00: 12 threats, 8 ongoing, 4 resolved; no posture`. */
export function barWords(bar: ChartBar, now: number): string {
  const kinds = countsOf(bar).map(({ kind, total, states, others }) => {
    if (total === 0) return `no ${kind}`
    const noun = kind === 'posture' ? 'posture' : total === 1 ? 'threat' : 'threats'
    const parts = states.map(({ status, count }) => `${countWords(count)} ${statusWords(status)}`)
    return [
      `${bar.isLeast ? 'at least ' : ''}${countWords(total)} ${noun}`,
      ...parts,
      ...(others > 0 ? [`${countWords(others)} other`] : []),
    ].join(', ')
  })
  return `${spanWords(bar, now)}: ${kinds.join('; ')}`
}

export function sumOf(bars: readonly ChartBar[], kind: Kind): number {
  return bars.reduce((sum, bar) => sum + totalOf(bar[kind]), 0)
}
