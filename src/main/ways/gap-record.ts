import type { Instant } from '../../shared/detection.ts'
import type { Gap, GapEnd, GapReason, InletId } from '../../shared/inlets.ts'

/** A gap in the making. Times are epoch ms. */
export type GapRecord = {
  /** null until it is worth remembering. */
  id: number | null
  readonly inlet: InletId
  from: number
  to: number | null
  /** What it was for, and since when each; in order, and never empty. */
  spans: { readonly reason: GapReason; readonly at: number }[]
  end: 'open' | 'backlog' | 'unknown'
  delivered: number
  /** Whatever else becomes known of its end, a loss is never unsaid. */
  lost: { readonly count: number | null } | null
}

/** A far end that fails in turns, now one way and now another, must not fill the memory. */
const mostSpans = 64

export function beginGap(inlet: InletId, from: number, reason: GapReason): GapRecord {
  return { id: null, inlet, from, to: null, spans: [{ reason, at: from }], end: 'open', delivered: 0, lost: null }
}

/** One that was remembered. */
export function toRecord({ id, inlet, from, to, because, end }: Gap): GapRecord {
  return {
    ...beginGap(inlet, Date.parse(from), because),
    id,
    to: to === null ? null : Date.parse(to),
    delivered: end.kind === 'backlog' || end.kind === 'lost' ? end.delivered : 0,
    lost: end.kind === 'lost' ? { count: end.count } : null,
  }
}

/** From `at` on it is for this reason, whatever was thought of that time before; where `at` comes before the gap, it began then. */
export function turnTo(gap: GapRecord, reason: GapReason, at: number): void {
  gap.from = Math.min(gap.from, at)
  gap.spans = gap.spans.filter((span) => span.at < at)
  if (gap.spans.at(-1)?.reason !== reason) gap.spans.push({ reason, at })
  if (gap.spans.length > mostSpans) gap.spans.splice(1, 1)
}

export function reasonOf(gap: GapRecord): { readonly reason: GapReason; readonly at: number } {
  const last = gap.spans.at(-1)
  if (last === undefined) throw new Error('a gap has no reason')
  return last
}

export function addLoss(gap: GapRecord, count: number | null): void {
  if (gap.lost === null) gap.lost = { count }
  else gap.lost = { count: gap.lost.count === null || count === null ? null : gap.lost.count + count }
}

/** As it is known at this moment. */
export function toGap(gap: GapRecord, now: number): Omit<Gap, 'id'> {
  return {
    inlet: gap.inlet,
    from: new Date(gap.from).toISOString() as Instant,
    to: gap.to === null ? null : (new Date(gap.to).toISOString() as Instant),
    because: mainReason(gap, gap.to ?? now),
    end: toEnd(gap),
  }
}

/** What most of it was for; of two that are as long, the one that came first. */
function mainReason({ spans }: GapRecord, until: number): GapReason {
  const spent = new Map<GapReason, number>()
  for (const [index, { reason, at }] of spans.entries()) {
    spent.set(reason, (spent.get(reason) ?? 0) + Math.max(0, (spans[index + 1]?.at ?? until) - at))
  }
  return [...spent].reduce((most, one) => (one[1] > most[1] ? one : most))[0]
}

function toEnd({ end, lost, delivered }: GapRecord): GapEnd {
  if (lost !== null) return { kind: 'lost', count: lost.count, delivered }
  return end === 'backlog' ? { kind: 'backlog', delivered } : { kind: end }
}
