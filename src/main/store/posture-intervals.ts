import type { DetectionId, Instant, OrganizationId } from '../../shared/detection.ts'
import type { PostureIntervals } from '../../shared/entity.ts'
import type { Database } from './database.ts'
import { toInstant } from './time.ts'

export type PostureOfEntity = {
  /** Newest change first, at most 200. */
  readonly detections: readonly PostureIntervals[]
  /** false where the entity has more detections, or one of them more changes, than were looked at. */
  readonly isExact: boolean
}

const mostLookedAt = 2_000
const mostDetections = 200
const mostTransitions = 500

type PostureRow = {
  readonly row: number
  readonly organization_id: string
  readonly id: string
  readonly type: string
  readonly status: string
  readonly trust: string
  readonly detected_at: number
}
export type ChangeRow = { readonly issued_at: number; readonly to_status: string }

/** An entity is meant by its exact id, in one organization or in any. */
export function createPostureIntervals(
  db: Database,
): (entity: { readonly entityId: string; readonly organizationId?: OrganizationId }) => PostureOfEntity {
  const lookedAt = db
    .prepare<[string, number], number>(
      'SELECT count(*) FROM (SELECT 1 FROM detections INDEXED BY detections_by_entity WHERE entity_id = ? COLLATE NOCASE LIMIT ?)',
    )
    .pluck()
  const posture = db.prepare<[{ entityId: string; organizationId: string | null; looked: number; most: number }], PostureRow>(`
    SELECT row, organization_id, id, type, status, trust, detected_at FROM (
      SELECT * FROM detections INDEXED BY detections_by_entity WHERE entity_id = @entityId COLLATE NOCASE
      ORDER BY changed_at DESC, row DESC LIMIT @looked)
    WHERE kind = 'posture' AND entity_id = @entityId COLLATE BINARY AND (@organizationId IS NULL OR organization_id = @organizationId)
    LIMIT @most`)
  const changes = prepareChangesOfLine(db)

  return db.transaction(({ entityId, organizationId = null }) => {
    const rows = posture.all({ entityId, organizationId, looked: mostLookedAt, most: mostDetections + 1 })
    let isExact = rows.length <= mostDetections && (lookedAt.get(entityId, mostLookedAt + 1) ?? 0) <= mostLookedAt
    const detections = rows.slice(0, mostDetections).map((row): PostureIntervals => {
      const newest = changes.all(row.row, row.trust === 'unsigned' ? 1 : 0, mostTransitions + 1)
      if (newest.length > mostTransitions) isExact = false
      return {
        key: { organizationId: row.organization_id as OrganizationId, id: row.id as DetectionId },
        type: row.type,
        status: row.status,
        intervals: intervalsOf(row.detected_at, newest.slice(0, mostTransitions).reverse()),
      }
    })
    return { detections, isExact }
  })
}

/** The newest changes of a detection, of its own line only: what nobody signed says nothing of what somebody did. */
export function prepareChangesOfLine(db: Database) {
  return db.prepare<[row: number, isUnsigned: number, most: number], ChangeRow>(`
    SELECT transitions.issued_at, to_status FROM transitions JOIN deliveries USING (sequence)
    WHERE detection = ? AND (trust = 'unsigned') = ? ORDER BY transitions.issued_at DESC, sequence DESC LIMIT ?`)
}

/** Open is all but `resolved`, as `is:open` has it. What it says of itself first has been so since it was detected. */
export function intervalsOf(detectedAt: number, changes: readonly ChangeRow[]): PostureIntervals['intervals'] {
  const intervals: { from: Instant; to: Instant | null }[] = []
  let openSince: number | null = Math.min(detectedAt, changes[0]?.issued_at ?? detectedAt)
  for (const { issued_at: at, to_status: status } of changes) {
    if (status !== 'resolved') openSince ??= at
    else if (openSince !== null) {
      intervals.push({ from: toInstant(openSince), to: toInstant(at) })
      openSince = null
    }
  }
  if (openSince !== null) intervals.push({ from: toInstant(openSince), to: null })
  return intervals
}
