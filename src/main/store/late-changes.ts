import type { AsOf } from '../../shared/triage.ts'
import type { Database } from './database.ts'

/** Tells what somebody saw of the history from what came later, by deliveries and by what waited and was believed only then. */
export type LateChanges = {
  /** What whoever reads from now on surely sees. */
  now(): AsOf
  /** A delivery that had waited was believed. Within the transaction of its change. */
  add(sequence: number): void
  /** Whether a delivery changed it that is not known at `asOf`; also where that is so long ago that nobody knows. */
  isSince(row: { readonly row: number; readonly newest_sequence: number }, asOf: AsOf): boolean
}

export const mostLateChanges = 10_000

export function createLateChanges(db: Database, most = mostLateChanges): LateChanges {
  const newest = db.prepare<[], AsOf>(`
    SELECT ifnull((SELECT max(sequence) FROM deliveries), 0) AS sequence, ifnull((SELECT max(number) FROM late_changes), 0) AS late`)
  const record = db
    .prepare<[number], number>('INSERT INTO late_changes (detection) SELECT detection FROM transitions WHERE sequence = ? RETURNING number')
    .pluck()
  const forget = db.prepare<[number]>('DELETE FROM late_changes WHERE number <= ?')
  const oldest = db.prepare<[], number | null>('SELECT min(number) FROM late_changes').pluck()
  const isLater = db.prepare<[number, number], number>('SELECT 1 FROM late_changes WHERE detection = ? AND number > ? LIMIT 1').pluck()
  return {
    now: () => newest.get() ?? { sequence: 0, late: 0 },
    add(sequence) {
      const number = record.get(sequence)
      if (number !== undefined) forget.run(number - most)
    },
    isSince({ row, newest_sequence: sequence }, asOf) {
      if (sequence > asOf.sequence) return true
      return asOf.late + 1 < (oldest.get() ?? 0) || isLater.get(row, asOf.late) !== undefined
    },
  }
}
