import { indexedTokens } from '../query/tokens.ts'
import { indexedText } from '../query/trigrams.ts'
import type { Database } from './database.ts'
import { fromRow } from './detection-row.ts'
import type { DetectionRow } from './detection-row.ts'
import { emptySearchIndexes, type SearchIndex } from './search-damage.ts'

/** The indexes of words and of parts of fields. They follow the deliveries at a distance, so that nobody waits for them who waits for an answer. */
export type TextIndex = {
  /** Indexes what the next so many deliveries have changed, in one commit. Answers whether all of them are indexed now. */
  catchUp(deliveries: number): boolean
  /** Whether everything can be found. */
  isUpToDate(): boolean
  /** Takes up parts of the fields of so many detections that are older than their index. Answers whether none of these is left. */
  fill(detections: number): boolean
  /** Whether none of these is left: before that, parts of fields are not to be looked for in their index. */
  isFilled(): boolean
  /** Merges a little of what was written to either index. Answers whether nothing is left to be merged. */
  merge(): boolean
  /** Begins these anew, in one commit: to be filled by `catchUp` and `fill`, as at their first time. For what is damaged. */
  beginAnew(indexes: readonly SearchIndex[]): void
  /** To be told of a second look at a delivery, inside its transaction: it may stand before the watermark. */
  lookedAgain(sequence: number): void
  /** To be told of a detection that goes, inside its transaction. */
  forget(row: number): void
}

type ToIndex = { readonly sequence: number; readonly row: number }

/** Measured: these take 4 ms; left to the index itself, a commit in between merged for 30 ms. */
const mergedPages = 16

type Backlog = { readonly row: number; readonly last: number }
const nothingLeft: Backlog = { row: 0, last: 0 }

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

  const unindexParts = db.prepare<[number]>('DELETE FROM substring_index WHERE rowid = ?')
  const indexParts = db.prepare<[number, string]>('INSERT INTO substring_index (rowid, fields) VALUES (?, ?)')
  const backlog = db.prepare<[], Backlog>('SELECT row, last FROM substring_backlog')
  const setBacklog = db.prepare<[number]>('UPDATE substring_backlog SET row = ?')
  const older = db.prepare<[Backlog & { most: number }], DetectionRow>(
    'SELECT * FROM detections WHERE row > @row AND row <= @last ORDER BY row LIMIT @most',
  )

  const catchUp = db.transaction((deliveries: number): boolean => {
    const changed = changedAfter.all(watermark.get() ?? 0, deliveries)
    const late = behind.all(Math.max(0, deliveries - changed.length))
    write([...new Set([...changed.map((one) => one.row), ...late])].flatMap((row) => byRow.get(row) ?? []))
    for (const row of late) removeBehind.run(row)
    const last = changed.at(-1)
    if (last !== undefined) setWatermark.run(last.sequence)
    return changed.length + late.length < deliveries
  })

  /** Each index in its own order: for what stands before the last that it was given it puts all it has gathered on the disk first. */
  function write(detections: readonly DetectionRow[]): void {
    const inOrder = detections.map((detection) => ({ ...detection, content: fromRow(detection) })).sort((one, other) => one.row - other.row)
    for (const { row } of inOrder) {
      unindex.run(row)
      unindexParts.run(row)
    }
    for (const { row, content } of inOrder) indexParts.run(row, indexedText(content))
    inOrder.sort((one, other) => Math.floor(one.changed_at / 1000) - Math.floor(other.changed_at / 1000))
    for (const { row, changed_at: changedAt, content } of inOrder) {
      place.run({ row, changedAt })
      index.run({ row, tokens: indexedTokens(content).join(' ') })
    }
  }

  const fill = db.transaction((most: number): boolean => {
    const { row: from, last } = backlog.get() ?? nothingLeft
    const rows = older.all({ row: from, last, most })
    for (const detection of rows) {
      // It may have changed since, and be there.
      unindexParts.run(detection.row)
      indexParts.run(detection.row, indexedText(fromRow(detection)))
    }
    const end = rows.length < most ? last : (rows.at(-1)?.row ?? last)
    setBacklog.run(end)
    return end >= last
  })

  const totalChanges = db.prepare<[], number>('SELECT total_changes()').pluck()
  const merges = [
    db.prepare(`INSERT INTO text_index (text_index, rank) VALUES ('merge', ${mergedPages})`),
    db.prepare(`INSERT INTO substring_index (substring_index, rank) VALUES ('merge', ${mergedPages})`),
  ]
  const merge = db.transaction((): boolean => {
    for (const one of merges) {
      const before = totalChanges.get() ?? 0
      one.run()
      // An order of which nothing came counts as one change; one that did something is enough for a commit.
      if ((totalChanges.get() ?? 0) - before > 1) return false
    }
    return true
  })

  function isFilled(): boolean {
    const { row, last } = backlog.get() ?? nothingLeft
    return row >= last
  }

  function isUpToDate(): boolean {
    return (watermark.get() ?? 0) >= (newest.get() ?? 0) && behind.get(1) === undefined
  }

  return {
    // Without a write, and the wait for one, where there is nothing to do.
    catchUp: (deliveries) => isUpToDate() || catchUp.immediate(deliveries),
    isUpToDate,
    fill: (detections) => isFilled() || fill.immediate(detections),
    isFilled,
    merge: () => merge.immediate(),
    beginAnew: (indexes) => emptySearchIndexes(db, indexes),
    lookedAgain: (sequence) => void addBehind.run(sequence),
    forget(row) {
      unindex.run(row)
      unindexParts.run(row)
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
