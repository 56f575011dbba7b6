import type { Instant } from '../../shared/detection.ts'
import type { EntityDetail, PostureIntervals, ThreatPoint } from '../../shared/entity.ts'

/** Epoch ms, `to` exclusive. */
export type Span = { readonly from: number; readonly to: number }
export type StripPoint = { readonly point: ThreatPoint; readonly x: number }
export type StripBar = { readonly x: number; readonly width: number; readonly from: Instant; readonly to: Instant | null }
/** One posture issue, and when it was open. */
export type StripLane = { readonly posture: PostureIntervals; readonly bars: readonly StripBar[] }
export type Strip = {
  readonly points: readonly StripPoint[]
  readonly lanes: readonly StripLane[]
  /** Posture issues that have no lane, since there are too many. */
  readonly hidden: number
}

const mostLanes = 12
const leastSpanMs = 3_600_000
const leastZoomMs = 60_000

type Drawn = Pick<EntityDetail, 'points' | 'posture'>

/** All that happened, with a little air, up to now. */
export function wholeSpan({ points, posture }: Drawn, now: number): Span {
  const starts = [
    ...points.map(({ detectedAt }) => Date.parse(detectedAt)),
    ...posture.flatMap(({ intervals }) => intervals.map(({ from }) => Date.parse(from))),
  ]
  const from = Math.min(now - leastSpanMs, ...starts)
  const air = (now - from) * 0.02
  return { from: from - air, to: now + air }
}

/** Scaled about its middle, and within the whole; null where that is all of it. */
export function zoomed({ from, to }: Span, by: number, whole: Span): Span | null {
  const width = Math.max(leastZoomMs, (to - from) * by)
  if (width >= whole.to - whole.from) return null
  const start = Math.min(Math.max((from + to - width) / 2, whole.from), whole.to - width)
  return { from: start, to: start + width }
}

/** Where everything stands in a width of so many pixels: threats as points, posture as bars, those that last up to now. */
export function toStrip({ points, posture }: Drawn, span: Span, width: number, now: number): Strip {
  const scale = width / Math.max(1, span.to - span.from)
  const xOf = (at: number): number => (Math.min(Math.max(at, span.from), span.to) - span.from) * scale
  const isIn = (from: number, to: number): boolean => to >= span.from && from <= span.to
  const lanes = posture
    .map((one): StripLane => ({
      posture: one,
      bars: one.intervals
        .filter(({ from, to }) => isIn(Date.parse(from), to === null ? now : Date.parse(to)))
        .map(({ from, to }) => {
          const x = xOf(Date.parse(from))
          return { x, width: Math.max(2, xOf(to === null ? now : Date.parse(to)) - x), from, to }
        }),
    }))
    .filter(({ bars }) => bars.length > 0)
    // What was there first stands on top.
    .sort((one, other) => (one.bars[0]?.x ?? 0) - (other.bars[0]?.x ?? 0))
  return {
    points: points
      .filter(({ detectedAt }) => isIn(Date.parse(detectedAt), Date.parse(detectedAt)))
      .map((point) => ({ point, x: xOf(Date.parse(point.detectedAt)) }))
      .sort((one, other) => one.x - other.x),
    lanes: lanes.slice(0, mostLanes),
    hidden: Math.max(0, lanes.length - mostLanes),
  }
}

/** A threat that began while posture issues of the same entity were open. */
export type Overlap = { readonly point: ThreatPoint; readonly open: readonly string[] }

const mostOverlaps = 3

/** The newest of them, one for each type of threat. */
export function overlapsOf({ points, posture }: Drawn): readonly Overlap[] {
  const found: Overlap[] = []
  const told = new Set<string>()
  for (const point of [...points].sort((one, other) => (one.detectedAt < other.detectedAt ? 1 : -1))) {
    if (told.has(point.type)) continue
    const open = posture
      .filter(({ intervals }) => intervals.some(({ from, to }) => from <= point.detectedAt && (to === null || point.detectedAt < to)))
      .map(({ type }) => type)
    if (open.length === 0) continue
    told.add(point.type)
    found.push({ point, open: [...new Set(open)] })
    if (found.length === mostOverlaps) break
  }
  return found
}

/** `MissingMFA and 2 others`. */
export function listWords(names: readonly string[]): string {
  const [first = '', second, ...more] = names
  if (second === undefined) return first
  return more.length === 0 ? `${first} and ${second}` : `${first} and ${more.length + 1} others`
}
