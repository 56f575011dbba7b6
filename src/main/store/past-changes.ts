import type { DetectionId, DetectionKey, OrganizationId, Sequence } from '../../shared/detection.ts'
import type { Database } from './database.ts'
import { createRises } from './rises.ts'
import { pastColumns, toPastChange, type PastChange, type PastChangeRow } from './past-change-row.ts'

export type { PastChange } from './past-change-row.ts'

export type PastChanges = {
  /**
   * Of the newest so many those that were received at `since` or later, in epoch ms: the newest first, so many in each part. Answers whether
   * all that came since then was among them; it is not, either, where the time was over.
   */
  newestFirst(wanted: { readonly since: number; readonly most: number; readonly size: number }): Generator<readonly PastChange[], boolean>
  /** Changes that were told since then, as far as the log of notifications goes back: by the row of their detection. */
  told(since: number): IterableIterator<{ readonly row: number; readonly urgency: 'normal' | 'urgent' }>
  /** For how long the confidence was lower before this change, in ms; null where it never was as high before. */
  lowerMs(sequence: Sequence): number | null
  /** In the order of the rows; those that are gone are left out. */
  keys(rows: readonly number[]): readonly DetectionKey[]
}

/** After it, what was looked at by then has to do. */
const budgetMs = 10_000
/** Of one detection, that came after a change and were issued before it: behind more of them nobody looks for what was there before it. */
const mostLater = 100

/** `clock` is in ms from any start. */
export function createPastChanges(db: Database, clock: () => number): PastChanges {
  const newest = db.prepare<[], number>('SELECT coalesce(max(sequence), 0) FROM transitions').pluck()
  const begin = db.prepare<[number, number], { first: number | null; count: number }>(
    'SELECT min(sequence) AS first, count(*) AS count FROM (SELECT sequence FROM transitions WHERE sequence <= ? ORDER BY sequence DESC LIMIT ?)',
  )
  const next = db
    .prepare<[number], number>(
      `SELECT received_at FROM deliveries WHERE sequence = (SELECT max(sequence) FROM transitions WHERE sequence < ?)`,
    )
    .pluck()
  // In the line of transitions that the present is of: what nobody signed changes nothing of what somebody did.
  const changes = db
    .prepare<[number, number, number], PastChangeRow>(
      `SELECT ${pastColumns} FROM transitions AS changes CROSS JOIN deliveries ON deliveries.sequence = changes.sequence
         CROSS JOIN detections ON detections.row = changes.detection
       WHERE changes.sequence >= ? AND changes.sequence <= ? AND deliveries.received_at >= ?
         AND (deliveries.trust = 'unsigned') = (detections.trust = 'unsigned')
       ORDER BY changes.sequence DESC`,
    )
    .raw()
  const statusBefore = db
    .prepare<[{ sequence: number; detection: number; issuedAt: number; mostLater: number }], string>(
      `SELECT status FROM (
         SELECT before.sequence, before.to_status AS status FROM transitions AS before
           CROSS JOIN deliveries ON deliveries.sequence = before.sequence CROSS JOIN detections ON detections.row = before.detection
         WHERE before.detection = @detection AND before.issued_at <= @issuedAt
           AND (deliveries.trust = 'unsigned') = (detections.trust = 'unsigned')
         ORDER BY before.issued_at DESC, before.sequence DESC LIMIT @mostLater)
       WHERE sequence < @sequence LIMIT 1`,
    )
    .pluck()
  const told = db.prepare<[number], { row: number; urgency: 'normal' | 'urgent' }>(
    "SELECT detection AS row, said AS urgency FROM notification_log WHERE said IN ('normal', 'urgent') AND at >= ?",
  )
  const key = db.prepare<[number], { organization_id: string; id: string }>('SELECT organization_id, id FROM detections WHERE row = ?')

  /** What was under way for longer put itself before it since: what it came from then was another status. */
  function asItCame(row: PastChangeRow, later: Map<number, number>): void {
    const [sequence, detection, issuedAt] = row
    const earliest = later.get(detection) ?? issuedAt
    if (earliest < issuedAt) row[3] = statusBefore.get({ sequence, detection, issuedAt, mostLater }) ?? null
    later.set(detection, Math.min(earliest, issuedAt))
  }

  return {
    *newestFirst({ since, most, size }) {
      const startedAt = clock()
      /** By detection, when the earliest of those was issued that came after what is read next. */
      const later = new Map<number, number>()
      let until = newest.get() ?? 0
      for (let left = most; ;) {
        const { first, count } = begin.get(until, Math.min(size, left)) ?? { first: null, count: 0 }
        if (first === null) return true
        const rows = changes.all(first, until, since)
        for (const row of rows) asItCame(row, later)
        yield rows.map(toPastChange)
        left -= count
        const isOlder = (next.get(first) ?? Number.NEGATIVE_INFINITY) < since
        if (left <= 0) return isOlder
        if (clock() - startedAt >= budgetMs) return isOlder
        until = first - 1
      }
    },

    told: (since) => told.iterate(since),
    lowerMs: createRises(db).lowerMs,

    keys: (rows) =>
      rows.flatMap((row) => {
        const found = key.get(row)
        return found === undefined ? [] : [{ organizationId: found.organization_id as OrganizationId, id: found.id as DetectionId }]
      }),
  }
}
