import type { DetectionId, DetectionKey, Instant, OrganizationId, Status, Trust } from '../../shared/detection.ts'
import type { Gap } from '../../shared/inlets.ts'
import type { PostureOverview } from '../../shared/posture.ts'
import type { Database } from './database.ts'
import { createGapRows } from './gaps.ts'
import { startsOfWeeks } from './posture-figures.ts'
import { toInstant, toInstantOrNull } from './time.ts'

/** One of the posture detections that an overview is of. `lastMs` is how long it took to resolve, where that is known. */
export type SeenPosture = { readonly row: number; readonly isOpen: boolean; readonly lastMs: number | null }

export type ReportedPosture = {
  readonly key: DetectionKey
  readonly type: string
  readonly status: Status
  readonly entityId: string | null
  readonly entityType: string | null
  readonly sourceType: string | null
  readonly frameworks: readonly string[]
  readonly trust: Trust
  readonly isDemo: boolean
  readonly isImported: boolean
  readonly detectedAt: Instant
  readonly resolvedAt: Instant | null
  readonly lastMs: number | null
}

/** Everything that a report on posture says, of one moment of the history. */
export type PostureReport = {
  readonly overview: PostureOverview
  /** The longest open first, at most 2,000. */
  readonly open: readonly ReportedPosture[]
  /** The last to be resolved first, at most 2,000. */
  readonly closed: readonly ReportedPosture[]
  /** Of the detections that were looked at. */
  readonly counts: { readonly trust: Readonly<Record<string, number>>; readonly demo: number; readonly imported: number }
  readonly organizations: readonly { readonly id: OrganizationId; readonly name: string; readonly isDemo: boolean }[]
  /** The weeks that are shown. */
  readonly period: { readonly from: Instant; readonly to: Instant }
  /** Times in it without a way in, newest first, at most 500. */
  readonly gaps: readonly Gap[]
  readonly areAllGaps: boolean
  readonly history: {
    readonly id: string
    readonly firstReceivedAt: Instant | null
    readonly lastReceivedAt: Instant | null
    /** Deliveries ever kept; the last of them is the head of the chain of hashes. */
    readonly deliveries: number
    readonly head: string | null
    /** Of them, those whose content was removed by retention, by the user, or for want of room. */
    readonly removed: number
    /** Not believed yet. */
    readonly waiting: number
  }
}

export const mostListed = 2_000
const mostGaps = 500
const mostOrganizations = 200
const stride = 2_000

type ReportedRow = {
  readonly organization_id: string
  readonly id: string
  readonly type: string
  readonly status: string
  readonly entity_id: string | null
  readonly entity_type: string | null
  readonly source_type: string | null
  readonly frameworks: string
  readonly trust: string
  readonly is_demo: number
  readonly is_imported: number
  readonly detected_at: number
  readonly resolved_at: number | null
}
type TrustRow = Pick<ReportedRow, 'trust' | 'is_demo' | 'is_imported'>

/** `look` goes through the detections: the open ones, then those that were resolved, of each the newest first. */
export function* readReport(
  db: Database,
  now: number,
  look: (visit: (seen: SeenPosture) => void) => Generator<void, PostureOverview>,
): Generator<void, PostureReport> {
  const rows: number[] = []
  const open: SeenPosture[] = []
  const closed: SeenPosture[] = []
  const overview = yield* look((seen) => {
    rows.push(seen.row)
    if (seen.isOpen) open.push(seen)
    else if (closed.length < mostListed) closed.push(seen)
  })
  const counts = yield* countTrust(db, rows)
  const period = { from: startsOfWeeks(now)[0] ?? now, to: now }
  const gaps = createGapRows(db).list({ inlet: null, since: toInstant(period.from), limit: mostGaps + 1 })
  const read = prepareReported(db)
  return {
    overview,
    open: open.reverse().slice(0, mostListed).flatMap(read),
    closed: closed.flatMap(read),
    counts,
    organizations: organizationsOf(db),
    period: { from: toInstant(period.from), to: toInstant(period.to) },
    gaps: gaps.slice(0, mostGaps),
    areAllGaps: gaps.length <= mostGaps,
    history: historyOf(db),
  }
}

function prepareReported(db: Database): (seen: SeenPosture) => readonly ReportedPosture[] {
  const get = db.prepare<[number], ReportedRow>(`
    SELECT organization_id, id, type, status, entity_id, entity_type, source_type, frameworks, trust, is_demo, is_imported, detected_at, resolved_at
    FROM detections WHERE row = ?`)
  return ({ row, lastMs }) =>
    get.all(row).map((found) => ({
      key: { organizationId: found.organization_id as OrganizationId, id: found.id as DetectionId },
      type: found.type,
      status: found.status,
      entityId: found.entity_id,
      entityType: found.entity_type,
      sourceType: found.source_type,
      frameworks: JSON.parse(found.frameworks) as readonly string[],
      trust: found.trust as Trust,
      isDemo: found.is_demo === 1,
      isImported: found.is_imported === 1,
      detectedAt: toInstant(found.detected_at),
      resolvedAt: toInstantOrNull(found.resolved_at),
      lastMs,
    }))
}

function* countTrust(db: Database, rows: readonly number[]): Generator<void, PostureReport['counts']> {
  const get = db.prepare<[number], TrustRow>('SELECT trust, is_demo, is_imported FROM detections WHERE row = ?')
  const trust = new Map<string, number>()
  let [demo, imported] = [0, 0]
  for (const [index, row] of rows.entries()) {
    const found = get.get(row)
    if (found === undefined) continue
    trust.set(found.trust, (trust.get(found.trust) ?? 0) + 1)
    demo += found.is_demo
    imported += found.is_imported
    if (index % stride === stride - 1) yield
  }
  return { trust: Object.fromEntries(trust), demo, imported }
}

function organizationsOf(db: Database): PostureReport['organizations'] {
  return db
    .prepare<[number], { id: string; name: string; is_demo: number }>(
      'SELECT id, name, is_demo FROM organizations ORDER BY added_at, id LIMIT ?',
    )
    .all(mostOrganizations)
    .map(({ id, name, is_demo }) => ({ id: id as OrganizationId, name, isDemo: is_demo === 1 }))
}

function historyOf(db: Database): PostureReport['history'] {
  const one = <Value>(sql: string): Value | undefined => db.prepare<[], Value>(sql).pluck().get()
  const head = db
    .prepare<[], { sequence: number; chain_hash: Uint8Array; received_at: number }>(
      'SELECT sequence, chain_hash, received_at FROM deliveries ORDER BY sequence DESC LIMIT 1',
    )
    .get()
  return {
    id: one<string>('SELECT id FROM identity') ?? '',
    firstReceivedAt: toInstantOrNull(one<number>('SELECT received_at FROM deliveries ORDER BY sequence LIMIT 1') ?? null),
    lastReceivedAt: toInstantOrNull(head?.received_at ?? null),
    deliveries: head?.sequence ?? 0,
    head: head === undefined ? null : Buffer.from(head.chain_hash).toString('hex'),
    removed: one<number>("SELECT sum(count) FROM tally WHERE name IN ('crowded-out', 'discarded', 'retention')") ?? 0,
    waiting: one<number>("SELECT count(*) FROM deliveries WHERE state = 'waiting'") ?? 0,
  }
}
