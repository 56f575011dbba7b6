import type { DetectionKey } from '../../shared/detection.ts'
import type { DetectionDetail } from '../../shared/ipc.ts'
import type { TriageChange, TriageEntry } from '../../shared/triage.ts'
import type { Database } from './database.ts'
import type { NotificationLog } from './notification-log.ts'
import { toInstant } from './time.ts'

/** What stands beside a detection: what the user made of it, what was said of it, and how many are like it. */
export type TriageTrail = {
  /** null where there is no such detection. */
  read(key: DetectionKey): Trail | null
}
export type Trail = Pick<DetectionDetail, 'notes' | 'triageHistory' | 'verdictReason' | 'said' | 'entityCount' | 'connectionCount'>

/** What is left of detections that go. */
export type TriageRemains = {
  /** Inside the transaction that removes a detection, before it goes. */
  forget(row: number): void
  /** At the end of that transaction: acts that are about no detection any more, with the texts of their notes. */
  forgetActs(): void
}

const mostEntries = 200
const mostNotesShown = 500
const mostCounted = 10_000

type OwnRow = {
  readonly row: number
  readonly verdict_reason: string | null
  readonly entity_id: string | null
  readonly connection_id: string | null
}
type ActRow = {
  readonly id: number
  readonly at: number
  readonly made_by: string
  readonly change: string
  readonly is_undone: number
}

export function createTriageTrail(db: Database, log: Pick<NotificationLog, 'of'>): TriageTrail {
  const own = db.prepare<[string, string], OwnRow>(
    'SELECT row, verdict_reason, entity_id, connection_id FROM detections WHERE organization_id = ? AND id = ?',
  )
  const actsOf = db.prepare<[number, number], ActRow>(`
    SELECT id, at, made_by, change, is_undone FROM triage_changes JOIN triage_acts ON id = act
    WHERE detection = ? ORDER BY act DESC LIMIT ?`)
  const notesOf = db.prepare<[number, number], Pick<ActRow, 'id' | 'at' | 'change'>>(`
    SELECT id, at, change FROM notes JOIN triage_acts ON id = act WHERE detection = ? ORDER BY act DESC LIMIT ?`)
  const likeEntity = countBy('detections_by_entity', 'entity_id')
  const likeConnection = countBy('detections_by_connection', 'connection_id')

  return {
    read(key) {
      const found = own.get(key.organizationId, key.id)
      if (found === undefined) return null
      return {
        notes: notesOf
          .all(found.row, mostNotesShown)
          .map(({ id, at, change }) => ({ id, at: toInstant(at), text: toChange(change).note ?? '' })),
        triageHistory: actsOf.all(found.row, mostEntries).map(toEntry),
        verdictReason: found.verdict_reason,
        said: log.of(found.row),
        entityCount: found.entity_id === null ? null : (likeEntity.get({ value: found.entity_id, most: mostCounted }) ?? null),
        connectionCount:
          found.connection_id === null ? null : (likeConnection.get({ value: found.connection_id, most: mostCounted }) ?? null),
      }
    },
  }

  function countBy(index: string, column: string) {
    return db
      .prepare<[{ value: string; most: number }], number>(
        `SELECT count(*) FROM (SELECT 1 FROM detections INDEXED BY ${index} WHERE ${column} = @value COLLATE NOCASE AND lower(${column}) = lower(@value) LIMIT @most)`,
      )
      .pluck()
  }
}

export function createTriageRemains(db: Database): TriageRemains {
  const actsOf = db.prepare<[number], number>('SELECT act FROM triage_changes WHERE detection = ?').pluck()
  const forgetNotes = db.prepare<[number]>('DELETE FROM notes WHERE detection = ?')
  const forgetChanges = db.prepare<[number]>('DELETE FROM triage_changes WHERE detection = ?')
  const forgetAct = db.prepare<[number]>(
    'DELETE FROM triage_acts WHERE id = ? AND NOT EXISTS (SELECT 1 FROM triage_changes WHERE act = triage_acts.id)',
  )
  const touched = new Set<number>()

  return {
    forget(row) {
      for (const act of actsOf.iterate(row)) touched.add(act)
      for (const one of [forgetNotes, forgetChanges]) one.run(row)
    },
    forgetActs() {
      for (const act of touched) forgetAct.run(act)
      touched.clear()
    },
  }
}

function toEntry({ id, at, made_by, change, is_undone }: ActRow): TriageEntry {
  const entry = { id, at: toInstant(at), change: toChange(change), isUndone: is_undone === 1 }
  return made_by === 'delivery' ? { ...entry, isComeback: true } : entry
}

function toChange(json: string): TriageChange {
  return JSON.parse(json) as TriageChange
}
