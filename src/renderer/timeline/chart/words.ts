import type { Kind } from '../../../shared/detection.ts'
import type { StateCount, Step } from '../../../shared/overview.ts'
import { toVisible } from '../../ui/safe-text.ts'
import { duration } from '../../ui/time.ts'
import { tones, toneOf, totalOf, type ChartBar } from './bars.ts'
import type { Span } from './span.ts'

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const
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

/** `Sat 17 May 14:00–15:00`, `Sat 17 May`, `May 2031`: the year only where it is not this one. */
export function spanWords({ from, to }: Span, now: number): string {
  const [start, end] = [new Date(from), new Date(to)]
  const year =
    start.getFullYear() === new Date(now).getFullYear() && end.getFullYear() === start.getFullYear() ? '' : ` ${start.getFullYear()}`
  if (isMidnight(start) && isMidnight(end)) {
    const last = new Date(start.getFullYear(), start.getMonth() + 1, 1).getTime()
    if (start.getDate() === 1 && to === last) return `${months[start.getMonth()]} ${start.getFullYear()}`
    const lastDay = new Date(to - 1)
    const isOneDay = lastDay.toDateString() === start.toDateString()
    return isOneDay
      ? `${weekdays[start.getDay()]} ${dayWords(start)}${year}`
      : `${dayWords(start)} – ${dayWords(lastDay)}${year === '' ? '' : ` ${lastDay.getFullYear()}`}`
  }
  const isSameDay = new Date(to - 1).toDateString() === start.toDateString()
  if (isSameDay) return `${weekdays[start.getDay()]} ${dayWords(start)}${year} ${clockWords(start)}–${clockWords(end)}`
  return `${dayWords(start)}${year} ${clockWords(start)} – ${dayWords(end)}${year === '' ? '' : ` ${end.getFullYear()}`} ${clockWords(end)}`
}

/** What the lanes show: `3 May 2029 – now · 2 years 14 days`. */
export function rangeWords(span: Span, now: number): string {
  const isLive = span.to >= now && span.from < now
  const start = new Date(span.from)
  const isThisYear = start.getFullYear() === new Date(now).getFullYear()
  const from = `${dayWords(start)}${isThisYear ? '' : ` ${start.getFullYear()}`} ${clockWords(start)}`
  return `${isLive ? `${from} – now` : spanWords(span, now)} · ${duration((isLive ? now : span.to) - span.from)}`
}

function isMidnight(date: Date): boolean {
  return date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0 && date.getMilliseconds() === 0
}

function dayWords(date: Date): string {
  return `${date.getDate()} ${months[date.getMonth()]}`
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
