import type { DetectionId, Instant, OrganizationId, Trust } from '../../shared/detection.ts'
import { silences, type Digest, type DigestLine } from '../../shared/inbox.ts'
import { importInlet } from '../../shared/imported.ts'
import { matching } from '../query/matches.ts'
import type { Query } from '../query/query.ts'
import type { Database } from './database.ts'
import { fromRow, type DetectionRow } from './detection-row.ts'
import type { GapRows } from './gaps.ts'
import type { SearchReader } from './search-reader.ts'
import { toInstant, toMillis } from './time.ts'

export type DigestAsked = {
  readonly since: Instant
  readonly until: Instant
  /** The newest delivery of then, where it is known: what was relayed with an older time, and came only since, is news as well. */
  readonly after: number | null
}
/** `newest`: the delivery up to which it tells. */
export type DigestRead = { readonly digest: Digest; readonly newest: number }

/** Changes that are looked at: the newest. */
export const mostLooked = 20_000
const mostLines = 50
const mostGaps = 100

type ChangeRow = {
  readonly row: number
  readonly sequence: number
  readonly issued_at: number
  readonly from_status: string | null
  readonly to_status: string
  readonly organization_id: string
  readonly id: string
  readonly kind: string
  readonly type: string
  readonly status: string
  readonly trust: string
  readonly entity_type: string | null
  readonly entity_id: string | null
  readonly source_type: string | null
  readonly confidence: number | null
}
type Part = 'threats' | 'newPosture' | 'resolvedPosture'

/**
 * What happened while nobody looked, ranked, whatever became of it: what was told, what was kept quiet and what came too late to be told stand
 * side by side. What a rule of the user's keeps for the timeline alone is left out, and so is what is suppressed now. Looks at many rows.
 */
export function createDigest(
  db: Database,
  { gaps, readSearch }: { readonly gaps: Pick<GapRows, 'list'>; readonly readSearch: SearchReader },
): (asked: DigestAsked) => DigestRead {
  const whole = db.prepare<[number], DetectionRow>('SELECT * FROM detections WHERE row = ?')
  const newest = db.prepare<[], number>('SELECT coalesce(max(sequence), 0) FROM transitions').pluck()
  const howMany = db
    .prepare<[number, number], number>('SELECT count(*) FROM (SELECT 1 FROM transitions WHERE sequence > ? LIMIT ?)')
    .pluck()
  // In the line of transitions that the present is of: what nobody signed is no news of what somebody did.
  const changes = db.prepare<[{ after: number; since: number; most: number; imported: string }], ChangeRow>(`
    SELECT detections.row, changes.sequence, changes.issued_at, from_status, to_status, detections.organization_id, id, kind, type, status, detections.trust AS trust,
      entity_type, entity_id, source_type, confidence
    FROM (SELECT sequence, detection, issued_at, from_status, to_status FROM transitions WHERE sequence > @after ORDER BY sequence DESC LIMIT @most)
        AS changes
      CROSS JOIN deliveries ON deliveries.sequence = changes.sequence CROSS JOIN detections ON detections.row = detection
    WHERE deliveries.received_at >= @since AND inlet <> @imported AND (deliveries.trust = 'unsigned') = (detections.trust = 'unsigned')
    ORDER BY changes.sequence DESC`)
  const oldestLooked = db
    .prepare<[number], number>(
      'SELECT received_at FROM deliveries WHERE sequence = (SELECT sequence FROM transitions ORDER BY sequence DESC LIMIT 1 OFFSET ?)',
    )
    .pluck()
  const ruledOut = db
    .prepare<[{ after: number; most: number }], number>(
      `SELECT sequence FROM (SELECT sequence FROM notification_log INDEXED BY notification_log_by_said WHERE said = 'rule' ORDER BY id DESC LIMIT @most)
       WHERE sequence > @after`,
    )
    .pluck()
  const quietOnes = db.prepare<[{ after: number; since: number; most: number }], { said: string; count: number }>(`
    SELECT said, count(*) AS count FROM (SELECT sequence, at, said FROM notification_log ORDER BY id DESC LIMIT @most)
    WHERE sequence > @after AND at >= @since AND said NOT IN ('normal', 'urgent') GROUP BY said ORDER BY count DESC, said`)

  return db.transaction((asked: DigestAsked): DigestRead => {
    const after = asked.after ?? 0
    const since = asked.after === null ? toMillis(asked.since) : Number.MIN_SAFE_INTEGER
    const silenced = new Set(ruledOut.all({ after, most: mostLooked }))
    const rows = changes.all({ after, since, most: mostLooked, imported: importInlet }).filter(({ sequence }) => !silenced.has(sequence))
    const found = gather(rows, suppressedNow())
    const quiet = quietOnes.all({ after, since, most: mostLooked }).flatMap(({ said, count }) => {
      const because = silences.find((one) => one === said)
      return because === undefined ? [] : [{ because, count }]
    })
    return {
      newest: newest.get() ?? 0,
      digest: {
        since: asked.since,
        until: asked.until,
        threats: ranked(found.threats),
        newPosture: ranked(found.newPosture),
        resolvedPosture: ranked(found.resolvedPosture),
        counts: {
          threats: found.threats.length,
          newPosture: found.newPosture.length,
          resolvedPosture: found.resolvedPosture.length,
          quiet: quiet.reduce((sum, { count }) => sum + count, 0),
        },
        gaps: gaps.list({ inlet: null, since: asked.since, limit: mostGaps }),
        quiet,
        isExact: isWhole(after, since),
      },
    }
  })

  function suppressedNow(): (row: number) => boolean {
    // Compared here and in no statement: however many there are, they keep quiet what they say.
    const read = readSearch('is:suppressed', Infinity)
    if (read.kind === 'refused' || isNothing(read.query)) return () => false
    const matches = matching(read.query)
    return (row) => {
      const found = whole.get(row)
      return found !== undefined && matches(fromRow(found))
    }
  }

  function isWhole(after: number, since: number): boolean {
    if ((howMany.get(after, mostLooked + 1) ?? 0) <= mostLooked) return true
    // Those beyond are older by sequence; only where their time is, too, nothing of interest was left out.
    const next = oldestLooked.get(mostLooked)
    return since !== Number.MIN_SAFE_INTEGER && next !== undefined && next < since
  }
}

/** What no suppression makes of itself: not everything. */
function isNothing(query: Query): boolean {
  return query.kind === 'not' && query.of.kind === 'all' && query.of.of.length === 0
}

/** Each detection once, by what is new about it; the newest change first. */
function gather(rows: readonly ChangeRow[], isSuppressed: (row: number) => boolean): Readonly<Record<Part, readonly DigestLine[]>> {
  const found: Record<Part, DigestLine[]> = { threats: [], newPosture: [], resolvedPosture: [] }
  const seen = new Set<number>()
  for (const row of rows) {
    const part = partOf(row)
    if (part === null || seen.has(row.row)) continue
    seen.add(row.row)
    if (isSuppressed(row.row)) continue
    found[part].push(toLine(row))
  }
  return found
}

/** What came and went meanwhile is told by how it ended. */
function partOf({ kind, status, from_status: from, to_status: to }: ChangeRow): Part | null {
  const isNew = from === null || (from === 'resolved' && to !== 'resolved')
  if (kind === 'threat') return isNew ? 'threats' : null
  if (status === 'resolved') return to === 'resolved' && from !== 'resolved' ? 'resolvedPosture' : null
  return isNew ? 'newPosture' : null
}

function ranked(lines: readonly DigestLine[]): readonly DigestLine[] {
  const isUnsigned = ({ trust }: DigestLine) => Number(trust === 'unsigned')
  return [...lines]
    .sort(
      (one, other) =>
        isUnsigned(one) - isUnsigned(other) || (other.confidence ?? -1) - (one.confidence ?? -1) || toMillis(other.at) - toMillis(one.at),
    )
    .slice(0, mostLines)
}

function toLine(row: ChangeRow): DigestLine {
  return {
    key: { organizationId: row.organization_id as OrganizationId, id: row.id as DetectionId },
    type: row.type,
    status: row.status,
    trust: row.trust as Trust,
    entityType: row.entity_type,
    entityId: row.entity_id,
    sourceType: row.source_type,
    confidence: row.confidence,
    at: toInstant(row.issued_at),
  }
}
