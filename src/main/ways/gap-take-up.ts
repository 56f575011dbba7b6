import type { InletId } from '../../shared/inlets.ts'
import { beginGap, toRecord, turnTo, type GapRecord } from './gap-record.ts'
import type { GapRows } from '../store/gaps.ts'
import type { InletRows } from '../store/inlets.ts'

/** What an earlier start of the app left of one inlet. Times are epoch ms; one that lies ahead says that the clock was set back. */
export function takeUp(
  id: InletId,
  {
    rows,
    inlets,
    at,
  }: { readonly rows: Pick<GapRows, 'list' | 'unfinished'>; readonly inlets: Pick<InletRows, 'read'>; readonly at: number },
): { readonly wasLive: boolean; readonly gap: GapRecord | null; readonly awaiting: GapRecord[]; readonly notBefore: number } {
  const { watchedUntil } = inlets.read(id)
  const endedAt = rows.list({ inlet: id, since: null, limit: 1 })[0]?.to ?? null
  const notBefore = Math.min(at, endedAt === null ? 0 : Date.parse(endedAt))
  const unfinished = rows.unfinished(id).map(toRecord)
  const awaiting = unfinished.filter(({ to }) => to !== null)
  const lasting = unfinished.find(({ to }) => to === null) ?? null
  if (lasting !== null) {
    turnTo(lasting, 'app-closed', Math.min(at, Math.max(watchedUntil ?? 0, lasting.from)))
    return { wasLive: true, gap: lasting, awaiting, notBefore }
  }
  if (watchedUntil === null) return { wasLive: false, gap: null, awaiting, notBefore }
  return { wasLive: true, gap: beginGap(id, Math.min(at, Math.max(watchedUntil, notBefore)), 'app-closed'), awaiting, notBefore }
}
