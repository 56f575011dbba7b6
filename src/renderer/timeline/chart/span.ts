import type { Instant } from '../../../shared/detection.ts'
import { openEnd, type TimeRange } from '../../../shared/view.ts'

/** Epoch ms: `from` inclusive, `to` exclusive. */
export type Span = { readonly from: number; readonly to: number }

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** As far as zooming goes: bars are a minute wide at the least. */
export const leastMs = 5 * minute
const grains = [minute, 5 * minute, 15 * minute, 30 * minute, hour] as const
/** How many moves of its right end a live chart is wide. */
const movesPerChart = 400

/** Where a chart that begins at `from` and shows what arrives ends: a little after now, so that it moves seldom and by a bar or less. */
export function liveEnd(from: number, now: number): number {
  const grain = grains.findLast((ms) => ms <= (now - from) / movesPerChart) ?? minute
  return (Math.floor(now / grain) + 1) * grain
}

/** What the chart shows while no range is chosen: the whole history and the time since, or the last day where there is none. */
export function wholeOf(history: Span | null, now: number): Span {
  if (history === null) {
    const end = liveEnd(now - day, now)
    return { from: end - day, to: end }
  }
  const to = Math.max(history.to, liveEnd(history.from, now))
  const from = Math.min(history.from, to - hour)
  // The oldest bar does not stick to the edge.
  return { from: from - (to - from) * 0.01, to }
}

/** What the chart shows of a range. A range that ends after now is live: its right end moves with the clock. */
export function spanOf(range: TimeRange | null, whole: Span, now: number): Span {
  if (range === null) return whole
  const [from, to] = [Date.parse(range.from), Date.parse(range.to)]
  return to > now && from < now ? { from, to: Math.min(to, Math.max(liveEnd(from, now), from + leastMs)) } : { from, to }
}

/** The range to ask for so that the chart shows this. What reaches to now stays open to what arrives. In whole minutes, as bars are. */
export function toRange({ from, to }: Span, whole: Span, now: number): TimeRange | null {
  const isOpen = to >= now
  if (isOpen && from <= whole.from) return null
  return { from: toInstant(Math.floor(from / minute) * minute), to: isOpen ? openEnd : toInstant(Math.ceil(to / minute) * minute) }
}

export function toInstant(at: number): Instant {
  return new Date(Math.round(at)).toISOString() as Instant
}

/** Kept within the whole, and no shorter than it makes sense to look at. */
export function clamp({ from, to }: Span, whole: Span): Span {
  const most = whole.to - whole.from
  const width = Math.min(Math.max(to - from, Math.min(leastMs, most)), most)
  const start = Math.min(Math.max((from + to - width) / 2, whole.from), whole.to - width)
  return { from: start, to: start + width }
}

/** `factor` below 1 shows less time; `at` stays where it is. */
export function zoom(span: Span, at: number, factor: number, whole: Span): Span {
  const width = span.to - span.from
  const most = whole.to - whole.from
  const wanted = Math.min(Math.max(width * factor, Math.min(leastMs, most)), most)
  const scale = wanted / width
  const from = at - (at - span.from) * scale
  return clamp({ from, to: from + wanted }, whole)
}

/** Moves the window; it keeps its width, and stops at the ends. */
export function pan({ from, to }: Span, by: number, whole: Span): Span {
  const move = Math.min(Math.max(by, whole.from - from), Math.max(0, whole.to - to))
  return { from: from + move, to: to + move }
}

/** The bars that a stretch touches, whole. */
export function snap({ from, to }: Span, bars: readonly Span[]): Span | null {
  const first = bars.find((bar) => bar.to > from)
  const last = bars.findLast((bar) => bar.from < to)
  return first && last && first.from < last.to ? { from: first.from, to: last.to } : null
}

/** The bar at a moment; -1 where there is none. */
export function barAt(bars: readonly Span[], at: number): number {
  let [low, high] = [0, bars.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const bar = bars[middle]
    if (!bar) return -1
    if (at < bar.from) high = middle - 1
    else if (at >= bar.to) low = middle + 1
    else return middle
  }
  return -1
}
