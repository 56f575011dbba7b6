import { isThereAnew } from '../../shared/comeback.ts'
import type { TriageChange } from '../../shared/triage.ts'
import type { Database } from './database.ts'
import type { DetectionRow, NewestRow } from './detection-row.ts'
import { changedBy, only, touchedColumns } from './triage-columns.ts'

/** Posture issues that are there again after the user was done with them; runs inside the transaction that keeps the delivery. */
export type Comebacks = {
  /**
   * What is there of a detection, for what its newest delivery says: as it was, but new and unread where it was done and is there anew, which
   * its history says. `from` is its status before; null where nothing is known of it. By the same word as the notification: one that only goes
   * on does not come back.
   */
  retriaged(present: DetectionRow, newest: NewestRow, from: string | null): DetectionRow
}

const again: TriageChange = { state: 'new', isRead: false }

export function createComebacks(db: Database): Comebacks {
  const begin = db
    .prepare<[number, string], number>("INSERT INTO triage_acts (at, made_by, change, count) VALUES (?, 'delivery', ?, 1) RETURNING id")
    .pluck()
  const record = db.prepare<[number, number, string, string]>(
    'INSERT INTO triage_changes (act, detection, was, became) VALUES (?, ?, ?, ?)',
  )
  const reopen = db.prepare<[number]>("UPDATE detections SET triage_state = 'new', opened_at = NULL WHERE row = ?")

  return {
    retriaged(present, { kind, status, received_at: at }, from) {
      const isBack = present.triage_state === 'done' && kind === 'posture' && isThereAnew(from, status)
      if (!isBack) return present
      const after = changedBy(present, again, at)
      const columns = touchedColumns(present, after)
      const act = begin.get(at, JSON.stringify(again))
      if (act === undefined) throw new Error('an act was not written')
      record.run(act, present.row, JSON.stringify(only(columns, present)), JSON.stringify(only(columns, after)))
      reopen.run(present.row)
      return { ...present, ...after }
    },
  }
}
