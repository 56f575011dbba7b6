import { indexedTokens } from '../query/tokens.ts'
import type { Database } from './database.ts'
import { fromRow } from './detection-row.ts'
import type { DetectionRow } from './detection-row.ts'

/** The index of words. It follows the deliveries at a distance, so that nobody waits for it who waits for an answer. */
export type TextIndex = {
  /** Indexes what the next so many deliveries have changed, in one commit. Answers whether all of them are indexed now. */
  catchUp(deliveries: number): boolean
  /** Whether everything can be found. */
  isUpToDate(): boolean
  /** To be told of a second look at a delivery, inside its transaction: it may stand before the watermark. */
  lookedAgain(sequence: number): void
  /** To be told of a detection that goes, inside its transaction. */
  forget(row: number): void
}

type ToIndex = { readonly sequence: number; readonly row: number }

export function createTextIndex(db: Database): TextIndex {
  const watermark = db.prepare<[], number>('SELECT sequence FROM text_watermark').pluck()
  const setWatermark = db.prepare<[number]>('UPDATE text_watermark SET sequence = ?')
  const newest = db.prepare<[], number>('SELECT coalesce(max(sequence), 0) FROM transitions').pluck()
  const changedAfter = db.prepare<[number, number], ToIndex>(
    'SELECT sequence, detection AS row FROM transitions WHERE sequence > ? ORDER BY sequence LIMIT ?',
  )
  const behind = db.prepare<[number], number>('SELECT row FROM text_behind ORDER BY row LIMIT ?').pluck()
  const addBehind = db.prepare<[number]>(`
    INSERT OR IGNORE INTO text_behind
    SELECT detection FROM transitions WHERE sequence = ? AND sequence <= (SELECT sequence FROM text_watermark)`)
  const removeBehind = db.prepare<[number]>('DELETE FROM text_behind WHERE row = ?')
  const removePlace = db.prepare<[number]>('DELETE FROM text_places WHERE row = ?')
  const byRow = db.prepare<[number], DetectionRow>('SELECT * FROM detections WHERE row = ?')
  // Places are beyond what a number holds exactly, so they are made and compared in SQL alone.
  const unindex = db.prepare<[number]>('DELETE FROM text_index WHERE rowid = (SELECT place FROM text_places WHERE row = ?)')
  const place = db.prepare<[{ row: number; changedAt: number }]>(`
    INSERT INTO text_places VALUES (@row, ${placeOf('@changedAt', '@row')}) ON CONFLICT (row) DO UPDATE SET place = excluded.place`)
  // VALUES and no SELECT: for a statement that might write several rows FTS5 puts everything it has gathered on the disk first.
  const index = db.prepare<[{ row: number; tokens: string }]>(
    'INSERT INTO text_index (rowid, tokens) VALUES ((SELECT place FROM text_places WHERE row = @row), @tokens)',
  )

  const catchUp = db.transaction((deliveries: number): boolean => {
    const changed = changedAfter.all(watermark.get() ?? 0, deliveries)
    const late = behind.all(Math.max(0, deliveries - changed.length))
    for (const row of new Set([...changed.map((one) => one.row), ...late])) write(row)
    for (const row of late) removeBehind.run(row)
    const last = changed.at(-1)
    if (last !== undefined) setWatermark.run(last.sequence)
    return changed.length + late.length < deliveries
  })

  function write(row: number): void {
    const detection = byRow.get(row)
    if (detection === undefined) return
    unindex.run(row)
    place.run({ row, changedAt: detection.changed_at })
    index.run({ row, tokens: indexedTokens(fromRow(detection)).join(' ') })
  }

  function isUpToDate(): boolean {
    return (watermark.get() ?? 0) >= (newest.get() ?? 0) && behind.get(1) === undefined
  }

  return {
    // Without a write, and the wait for one, where there is nothing to do.
    catchUp: (deliveries) => isUpToDate() || catchUp.immediate(deliveries),
    isUpToDate,
    lookedAgain: (sequence) => void addBehind.run(sequence),
    forget(row) {
      unindex.run(row)
      removePlace.run(row)
      removeBehind.run(row)
    },
  }
}

/** Where a detection stands in the index. Rows beyond 2^31 would share places: at ten new ones a second that takes seven years. */
export function placeOf(changedAt: string, row: string): string {
  return `(CAST(${changedAt} / 1000 AS INTEGER) << 31 | ${row})`
}

/** The row that a place names. */
export function rowAt(place: string): string {
  return `(${place} & 2147483647)`
}
