import type { DetectionId, DetectionKey, OrganizationId } from '../../shared/detection.ts'
import type { EntityDetail, EntityKey, EntityLine, EntityList, ThreatPoint } from '../../shared/entity.ts'
import type { Counted } from '../../shared/overview.ts'
import type { TimeRange } from '../../shared/view.ts'
import type { Database } from './database.ts'
import { fromRow, type DetectionRow } from './detection-row.ts'
import { createPostureIntervals } from './posture-intervals.ts'
import { createRollupSums } from './rollup-sums.ts'
import { itemsOf } from './rollups.ts'
import { always } from './spans.ts'
import { toInstant, toMillis } from './time.ts'

export type Entities = {
  list(wanted: { readonly range: TimeRange | null; readonly begins: string }): EntityList
  read(key: EntityKey): EntityDetail | null
}

const mostLines = 100
export const mostLookedAt = 2_000
const budgetMs = 150
/** Of each entity that is left when the time is over. */
const leastLookedAt = 20
const mostPoints = 1_000
const mostOpen = 200
const mostCounted = 100
const mostNotes = 50
const mostRelated = 20
const mostConnections = 10

type FactsRow = {
  readonly entity_type: string | null
  readonly threats: number
  readonly open: number
  readonly confidence: number | null
  readonly changed_at: number | null
}
type SeenRow = Pick<
  DetectionRow,
  | 'row'
  | 'organization_id'
  | 'id'
  | 'kind'
  | 'type'
  | 'status'
  | 'detected_at'
  | 'changed_at'
  | 'confidence'
  | 'entity_type'
  | 'source_type'
  | 'connection_id'
  | 'techniques'
>
type NoteRow = { readonly organization_id: string; readonly id: string; readonly type: string; readonly text: string; readonly at: number }
type RelatedRow = { readonly entity_id: string; readonly entity_type: string | null; readonly count: number }

/** Whom detections are about. Names are compared letter by letter; an index that knows no capitals leads to them. */
export function createEntities(db: Database, { clock }: { readonly clock: () => number }): Entities {
  const sums = createRollupSums(db)
  const intervals = createPostureIntervals(db)
  const newest =
    'FROM detections INDEXED BY detections_by_entity WHERE entity_id = @entityId COLLATE NOCASE ORDER BY changed_at DESC, row DESC'
  const facts = db.prepare<[{ entityId: string; most: number }], FactsRow>(`
    WITH newest AS (SELECT entity_id, entity_type, kind, status, confidence, changed_at ${newest} LIMIT @most)
    SELECT sum(kind = 'threat') AS threats, sum(kind = 'posture' AND status <> 'resolved') AS open, max(confidence) AS confidence,
      max(changed_at) AS changed_at, (SELECT entity_type FROM newest WHERE entity_id = @entityId LIMIT 1) AS entity_type
    FROM newest WHERE entity_id = @entityId`)
  const seen = db.prepare<[{ entityId: string; organizationId: string | null; most: number }], SeenRow>(`
    SELECT row, organization_id, id, kind, type, status, detected_at, changed_at, confidence, entity_type, source_type, connection_id, techniques
    FROM (SELECT * ${newest} LIMIT @most)
    WHERE entity_id = @entityId AND (@organizationId IS NULL OR organization_id = @organizationId)`)
  const lookedAt = db.prepare<[{ entityId: string; most: number }], number>(`SELECT count(*) FROM (SELECT 1 ${newest} LIMIT @most)`).pluck()
  const whole = db.prepare<[number], DetectionRow>('SELECT * FROM detections WHERE row = ?')
  const related = db.prepare<[{ connectionId: string; entityId: string; organizationId: string | null; most: number }], RelatedRow>(`
    SELECT entity_id, max(entity_type) AS entity_type, count(*) AS count FROM (
      SELECT entity_id, entity_type, organization_id, connection_id FROM detections INDEXED BY detections_by_connection
      WHERE connection_id = @connectionId COLLATE NOCASE ORDER BY changed_at DESC, row DESC LIMIT @most)
    WHERE entity_id IS NOT NULL AND entity_id <> @entityId AND connection_id = @connectionId
      AND (@organizationId IS NULL OR organization_id = @organizationId)
    GROUP BY entity_id`)
  const notes = db.prepare<[rows: string, most: number], NoteRow>(`
    SELECT organization_id, detections.id AS id, detections.type AS type, change ->> '$.note' AS text, at
    FROM json_each(?) AS wanted CROSS JOIN notes ON notes.detection = wanted.value
      CROSS JOIN triage_acts ON triage_acts.id = act CROSS JOIN detections ON detections.row = wanted.value
    ORDER BY at DESC, act DESC LIMIT ?`)

  return {
    list: db.transaction(({ range, begins }): EntityList => {
      const startedAt = clock()
      const between = range === null ? always : { from: toMillis(range.from), to: toMillis(range.to) }
      const { counts, values } = sums.topEntities(begins, between, mostLines)
      const entities = counts.flatMap(({ value: entityId, count }): EntityLine[] => {
        const isLate = clock() - startedAt >= budgetMs
        const found = facts.get({ entityId, most: isLate ? leastLookedAt : mostLookedAt })
        if (found === undefined || found.changed_at === null) return []
        return [
          {
            entityId,
            entityType: found.entity_type,
            count,
            threats: found.threats,
            openPosture: found.open,
            highestConfidence: found.confidence,
            lastChangedAt: toInstant(found.changed_at),
          },
        ]
      })
      return { entities, total: values }
    }),

    read: db.transaction(({ entityId, organizationId }): EntityDetail | null => {
      const rows = seen.all({ entityId, organizationId, most: mostLookedAt })
      const [last] = rows
      if (last === undefined) return null
      const isAll = (lookedAt.get({ entityId, most: mostLookedAt + 1 }) ?? 0) <= mostLookedAt
      const threats = rows.filter(({ kind }) => kind === 'threat')
      const posture = intervals({ entityId, ...(organizationId === null ? {} : { organizationId }) })
      const openIssues = rows
        .filter(({ kind, status }) => kind === 'posture' && status !== 'resolved')
        .sort((one, other) => one.detected_at - other.detected_at || one.row - other.row)
        .slice(0, mostOpen)
      return {
        entityId,
        entityTypes: tally(rows, ({ entity_type }) => [entity_type]),
        count: rows.length,
        threats: threats.length,
        firstDetectedAt: toInstant(rows.reduce((first, { detected_at }) => Math.min(first, detected_at), last.detected_at)),
        lastChangedAt: toInstant(last.changed_at),
        types: tally(rows, ({ type }) => [type]),
        sources: tally(rows, ({ source_type }) => [source_type]),
        techniques: tally(rows, ({ techniques }) => itemsOf(techniques)),
        points: [...threats]
          .sort((one, other) => other.detected_at - one.detected_at || other.row - one.row)
          .slice(0, mostPoints)
          .map(toPoint),
        posture: posture.detections,
        openIssues: openIssues.flatMap(({ row }) => whole.all(row).map(fromRow)),
        notes: notes.all(JSON.stringify(rows.map(({ row }) => row)), mostNotes).map(toNote),
        related: relatedTo(rows, { entityId, organizationId }),
        isExact: isAll,
      }
    }),
  }

  /** Through the connections that it was seen through most. */
  function relatedTo(rows: readonly SeenRow[], { entityId, organizationId }: EntityKey): EntityDetail['related'] {
    return tally(rows, ({ connection_id }) => [connection_id])
      .slice(0, mostConnections)
      .flatMap(({ value: connectionId }) =>
        related.all({ connectionId, entityId, organizationId, most: mostLookedAt }).map((one) => ({
          entityId: one.entity_id,
          entityType: one.entity_type,
          connectionId,
          count: one.count,
        })),
      )
      .sort((one, other) => other.count - one.count || (one.entityId < other.entityId ? -1 : 1))
      .slice(0, mostRelated)
  }
}

function toNote(note: NoteRow): EntityDetail['notes'][number] {
  return { key: keyOf(note), type: note.type, text: note.text, at: toInstant(note.at) }
}

function toPoint(row: SeenRow): ThreatPoint {
  return {
    key: keyOf(row),
    type: row.type,
    status: row.status,
    detectedAt: toInstant(row.detected_at),
    confidence: row.confidence,
  }
}

function keyOf({ organization_id, id }: { readonly organization_id: string; readonly id: string }): DetectionKey {
  return { organizationId: organization_id as OrganizationId, id: id as DetectionId }
}

/** Most first, and what was seen last before others of as many. */
function tally(rows: readonly SeenRow[], valuesOf: (row: SeenRow) => Iterable<string | null>): readonly Counted[] {
  const counts = new Map<string, number>()
  for (const row of rows) for (const value of valuesOf(row)) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((one, other) => other.count - one.count)
    .slice(0, mostCounted)
}
