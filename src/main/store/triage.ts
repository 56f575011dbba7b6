import type { Detection, DetectionKey } from '../../shared/detection.ts'
import type { AsOf, TriageChange, UndoId } from '../../shared/triage.ts'
import type { Database } from './database.ts'
import { fromRow } from './detection-row.ts'
import type { DetectionRow, TriageRow } from './detection-row.ts'
import { createLateChanges } from './late-changes.ts'
import { createRollups, type RollupGathering } from './rollups.ts'
import { changedBy, only, takesNote, touchedColumns, triageColumns } from './triage-columns.ts'
import type { TouchedColumns, TriageColumn } from './triage-columns.ts'

/** What the user makes of detections, in slices of one commit each, so that deliveries are kept between two of them. */
export type Triage = {
  /** Of those that are there. */
  rowsOf(keys: readonly DetectionKey[]): readonly number[]
  /**
   * Changes what of these is not so already. The first slice that changes anything begins an act, which the next ones go on with;
   * `shown` of what changed are answered as they are from now on. What a delivery has changed since `asOf` is left as it is.
   */
  write(act: UndoId | null, rows: readonly number[], change: TriageChange, shown: number, asOf?: AsOf): Written
  /** Whether an act of the user can still be taken back, as far as its age and its history say. */
  stateOf(act: UndoId): ActState
  /** Which of the next so many detections of an act something else has touched since. `after` is a row; 0 begins. */
  lookBack(act: UndoId, after: number, limit: number): LookedBack
  /** Takes the act back on the next so many, but for those that something else has touched since. */
  takeBack(act: UndoId, after: number, limit: number, shown: number): TakenBack
  /** All of it is taken back. */
  finishUndo(act: UndoId): void
}

export type Written = {
  readonly act: UndoId | null
  readonly count: number
  readonly left: number
  readonly detections: readonly Detection[]
}
export type ActState = 'open' | 'undone' | 'too-old' | 'unknown'
export type LookedBack = { readonly untouched: number; readonly touched: number; readonly next: number | null }
export type TakenBack = { readonly count: number; readonly detections: readonly Detection[]; readonly next: number | null }

/** So many acts of the user can be taken back. */
export const mostUndone = 50

type PresentRow = TriageRow & { readonly row: number; readonly detected_at: number; readonly newest_sequence: number }
type ChangedRow = { readonly detection: number; readonly was: string; readonly became: string }

export function createTriage(db: Database, now: () => number): Triage {
  const rollups = createRollups(db)
  const lateChanges = createLateChanges(db)
  const rowOf = db.prepare<[string, string], number>('SELECT row FROM detections WHERE organization_id = ? AND id = ?').pluck()
  const present = db.prepare<[number], PresentRow>(
    `SELECT ${triageColumns.join(', ')}, row, detected_at, newest_sequence FROM detections WHERE row = ?`,
  )
  const whole = db.prepare<[number], DetectionRow>('SELECT * FROM detections WHERE row = ?')
  const begin = db
    .prepare<[number, string], number>("INSERT INTO triage_acts (at, made_by, change, count) VALUES (?, 'user', ?, 0) RETURNING id")
    .pluck()
  const countIn = db.prepare<[number, number]>('UPDATE triage_acts SET count = count + ? WHERE id = ?')
  const record = db.prepare<[number, number, string, string]>(
    'INSERT INTO triage_changes (act, detection, was, became) VALUES (?, ?, ?, ?)',
  )
  const addNote = db.prepare<[number, number]>('INSERT INTO notes (detection, act) VALUES (?, ?)')
  const removeNote = db.prepare<[number, number]>('DELETE FROM notes WHERE detection = ? AND act = ?')
  const actOf = db.prepare<[number], { made_by: string; undone_at: number | null }>(
    'SELECT made_by, undone_at FROM triage_acts WHERE id = ?',
  )
  const newerOnes = db
    .prepare<[number, number], number>(
      "SELECT count(*) FROM (SELECT 1 FROM triage_acts WHERE id > ? AND made_by = 'user' ORDER BY id LIMIT ?)",
    )
    .pluck()
  const changesOf = db.prepare<[number, number, number], ChangedRow>(
    'SELECT detection, was, became FROM triage_changes WHERE act = ? AND detection > ? AND is_undone = 0 ORDER BY detection LIMIT ?',
  )
  const laterOne = db
    .prepare<[number, number], number>('SELECT 1 FROM triage_changes WHERE detection = ? AND act > ? AND is_undone = 0 LIMIT 1')
    .pluck()
  const markUndone = db.prepare<[number, number]>('UPDATE triage_changes SET is_undone = 1 WHERE act = ? AND detection = ?')
  const finish = db.prepare<[number, number]>('UPDATE triage_acts SET undone_at = ? WHERE id = ?')
  // By what they touch: to write all columns would move a row in indexes that it has not moved in.
  const updates = new Map<string, ReturnType<typeof prepareUpdate>>()

  const writeSlice = db.transaction(
    (begun: UndoId | null, rows: readonly number[], change: TriageChange, shown: number, asOf?: AsOf): Written => {
      const at = now()
      const counts = rollups.gather()
      const json = JSON.stringify(change)
      const changed: number[] = []
      let act: number | null = begun
      let left = 0
      for (const row of rows) {
        const before = present.get(row)
        if (before === undefined) continue
        if (asOf !== undefined && lateChanges.isSince(before, asOf)) {
          left += 1
          continue
        }
        const after = changedBy(before, change, at)
        const columns = touchedColumns(before, after)
        if (columns.length === 0) continue
        act ??= begin.get(at, json) ?? null
        if (act === null) throw new Error('an act was not written')
        write(row, before, only(columns, after), counts)
        record.run(act, row, JSON.stringify(only(columns, before)), JSON.stringify(only(columns, after)))
        if (takesNote(before, change)) addNote.run(row, act)
        changed.push(row)
      }
      counts.write()
      if (act !== null) countIn.run(changed.length, act)
      return { act: act as UndoId | null, count: changed.length, left, detections: read(changed.slice(0, shown)) }
    },
  )

  const takeBackSlice = db.transaction((act: UndoId, after: number, limit: number, shown: number): TakenBack => {
    const counts = rollups.gather()
    const changes = changesOf.all(act, after, limit)
    const back: number[] = []
    for (const { detection, was, became } of changes) {
      const before = present.get(detection)
      if (before === undefined || isTouchedSince(act, detection, before, became)) continue
      write(detection, before, JSON.parse(was) as TouchedColumns, counts)
      removeNote.run(detection, act)
      markUndone.run(act, detection)
      back.push(detection)
    }
    counts.write()
    return { count: back.length, detections: read(back.slice(0, shown)), next: nextOf(changes, limit) }
  })

  return {
    rowsOf: (keys) =>
      keys.flatMap(({ organizationId, id }) => {
        const row = rowOf.get(organizationId, id)
        return row === undefined ? [] : [row]
      }),
    write: (act, rows, change, shown, asOf) => writeSlice.immediate(act, rows, change, shown, asOf),

    stateOf(id) {
      const act = actOf.get(id)
      if (act === undefined || act.made_by !== 'user') return 'unknown'
      if (act.undone_at !== null) return 'undone'
      return (newerOnes.get(id, mostUndone) ?? 0) < mostUndone ? 'open' : 'too-old'
    },

    lookBack(act, after, limit) {
      const changes = changesOf.all(act, after, limit)
      const touched = changes.filter(({ detection, became }) => {
        const before = present.get(detection)
        return before !== undefined && isTouchedSince(act, detection, before, became)
      }).length
      return { untouched: changes.length - touched, touched, next: nextOf(changes, limit) }
    },

    takeBack: (act, after, limit, shown) => takeBackSlice.immediate(act, after, limit, shown),
    finishUndo: (act) => void finish.run(now(), act),
  }

  /** By another act that stands, or by opening it, which is no act. */
  function isTouchedSince(act: UndoId, row: number, here: PresentRow, became: string): boolean {
    if (laterOne.get(row, act) !== undefined) return true
    return Object.entries(JSON.parse(became) as TouchedColumns).some(([column, value]) => here[column as TriageColumn] !== value)
  }

  function write(row: number, before: PresentRow, values: TouchedColumns, counts: RollupGathering): void {
    // Only our own columns reach the statement, whatever stands in the history.
    const columns = triageColumns.filter((column) => values[column] !== undefined)
    const key = columns.join(' ')
    const update = updates.get(key) ?? prepareUpdate(columns)
    updates.set(key, update)
    update.run(...columns.map((column) => values[column] ?? null), row)
    counts.retriaged(before.detected_at, before.triage_state, values.triage_state ?? before.triage_state)
  }

  function prepareUpdate(columns: readonly TriageColumn[]) {
    return db.prepare<(string | number | null)[]>(
      `UPDATE detections SET ${columns.map((column) => `${column} = ?`).join(', ')} WHERE row = ?`,
    )
  }

  function read(rows: readonly number[]): readonly Detection[] {
    return rows.flatMap((row) => {
      const found = whole.get(row)
      return found === undefined ? [] : [fromRow(found)]
    })
  }
}

function nextOf(changes: readonly ChangedRow[], limit: number): number | null {
  return changes.length < limit ? null : (changes.at(-1)?.detection ?? null)
}
