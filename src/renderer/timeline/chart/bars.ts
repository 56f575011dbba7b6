import type { Kind, Status } from '../../../shared/detection.ts'
import type { Bar, Histogram, StateCount } from '../../../shared/overview.ts'
import type { Span } from './span.ts'

/** How a status is drawn, from the foot of a bar upwards. Ours is the drawing, the words are SlashID's: whatever it does not document is `other`. */
export const tones = ['detected', 'ongoing', 'other', 'resolved'] as const
export type Tone = (typeof tones)[number]
export type Stack = Readonly<Record<Tone, number>>

export type ChartBar = Span & {
  readonly threat: Stack
  readonly posture: Stack
  readonly counts: readonly StateCount[]
  /** Its counting ran out of time: there may be more. */
  readonly isLeast: boolean
}

/** One detection among a million is still to be seen. */
export const leastHeight = 1.5

export function toneOf(status: Status): Tone {
  return status === 'detected' || status === 'ongoing' || status === 'resolved' ? status : 'other'
}

export function toChartBars({ bars, countedTo }: Pick<Histogram, 'bars' | 'countedTo'>): readonly ChartBar[] {
  const counted = countedTo === null ? -Infinity : Date.parse(countedTo)
  return bars.map((bar) => toChartBar(bar, counted))
}

function toChartBar({ from, to, counts }: Bar, counted: number): ChartBar {
  const start = Date.parse(from)
  return {
    from: start,
    to: Date.parse(to),
    counts,
    threat: stackOf(counts, 'threat'),
    posture: stackOf(counts, 'posture'),
    isLeast: start < counted,
  }
}

function stackOf(counts: readonly StateCount[], wanted: Kind): Stack {
  const stack = { ongoing: 0, detected: 0, other: 0, resolved: 0 }
  for (const { kind, status, count } of counts) if (kind === wanted) stack[toneOf(status)] += count
  return stack
}

export function totalOf(stack: Stack): number {
  return stack.ongoing + stack.detected + stack.other + stack.resolved
}

/** Bars that would be thinner than this are drawn together with their neighbours. */
export function coarsen(bars: readonly ChartBar[], leastMs: number): readonly ChartBar[] {
  const second = bars[1] ?? bars[0]
  const together = second ? Math.ceil(leastMs / Math.max(1, second.to - second.from)) : 1
  if (together <= 1) return bars
  const coarse: ChartBar[] = []
  for (let index = 0; index < bars.length; index += together) coarse.push(joined(bars.slice(index, index + together)))
  return coarse
}

function joined(bars: readonly ChartBar[]): ChartBar {
  const counts = new Map<string, StateCount>()
  for (const bar of bars) {
    for (const state of bar.counts) {
      const key = `${state.kind} ${state.status}`
      counts.set(key, { ...state, count: state.count + (counts.get(key)?.count ?? 0) })
    }
  }
  const all = [...counts.values()]
  return {
    from: bars[0]?.from ?? 0,
    to: bars.at(-1)?.to ?? 0,
    counts: all,
    threat: stackOf(all, 'threat'),
    posture: stackOf(all, 'posture'),
    isLeast: bars.some(({ isLeast }) => isLeast),
  }
}

/** The largest count of one bar that can be seen. */
export function mostIn(bars: readonly ChartBar[], kind: Kind, { from, to }: Span): number {
  let most = 0
  for (const bar of bars) if (bar.to > from && bar.from < to) most = Math.max(most, totalOf(bar[kind]))
  return most
}

/**
 * Heights grow with the square root of the count: a burst of ten thousand does not flatten the days of ten beside it. The chart says so,
 * and how many the highest bar and the line across the lane stand for.
 */
export function heightOf(count: number, most: number, height: number): number {
  return count === 0 || most === 0 ? 0 : Math.max(leastHeight, Math.sqrt(count / most) * height)
}

/** What each tone has of a bar's height. Where there is room, the least of them is still seen. Written plainly: it runs for every bar. */
export function sharesOf(stack: Stack, height: number): readonly (readonly [Tone, number])[] {
  const perOne = height / totalOf(stack)
  const shares: [Tone, number][] = []
  let largest: [Tone, number] | null = null
  for (const tone of tones) {
    if (stack[tone] === 0) continue
    const share: [Tone, number] = [tone, stack[tone] * perOne]
    if (largest === null || share[1] > largest[1]) largest = share
    shares.push(share)
  }
  if (largest === null || height < shares.length * leastHeight * 2) return shares
  for (const share of shares) {
    if (share[1] >= leastHeight) continue
    // What it lacks the largest gives: it has more than enough.
    largest[1] -= leastHeight - share[1]
    share[1] = leastHeight
  }
  return shares
}

/** A round count near a quarter of the most, which stands half as high; null where the numbers are too small to part. */
export function gridCount(most: number): number | null {
  if (most < 4) return null
  const target = most / 4
  const power = 10 ** Math.floor(Math.log10(target))
  const round = [1, 2, 5, 10].map((factor) => factor * power)
  return round.reduce((best, one) => (Math.abs(Math.log(one / target)) < Math.abs(Math.log(best / target)) ? one : best))
}
