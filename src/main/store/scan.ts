import type { Query } from '../query/query.ts'
import { needsWords, toSql } from '../query/to-sql.ts'
import type { Database } from './database.ts'
import { chooseDriver, conjunction, type Driver } from './drivers.ts'
import { createKnownWords } from './known-words.ts'
import type { Range } from './spans.ts'
import { createSubstrings } from './substrings.ts'
import type { TextIndex } from './text-index.ts'
import { toInstant } from './time.ts'

/** Looks at what a search finds, newest first, for as long as its time allows. */
export type Scan = {
  /** By their last change, the order of lists; at most so many. */
  byChange<Row>(query: Query, columns: string, most: number, visit: (row: Row) => void): Scanned
  /** Those that were detected in this range, which holds so many rows; in whatever order looks at the fewest. At most so many, if any bound is given. */
  byTime<Row>(query: Query, columns: string, range: Range & { readonly rows: number }, visit: (row: Row) => void, most?: number): Scanned
}
export type Scanned = {
  /** There are more than were wanted. */
  readonly isCapped: boolean
  /** Where the time ran out: all at or after this moment has been seen, by when it was asked for. null where nothing is left. */
  readonly seenTo: number | null
  /** Whether the index of words has seen everything. */
  readonly isIndexed: boolean
}

export const scanBudgetMs = 150
const firstStride = 512
const longestStride = 8_192
/** Rows visited between two looks at the clock, where more than a stride of them fall into one second. */
const rowsALook = 1_024
/** A range of no more is looked at whole, however much a search narrows down: what fits may be anywhere in time. */
const fewRows = 20_000
/** Each shape of a search is a statement of its own; more than this are not remembered. */
const mostStatements = 128

type Order = 'changed_at' | 'detected_at'
type Key = { readonly at: number; readonly row: number }
/** The year 2096, as far as places in the index of words reach. */
const newestChange: Key = { at: 4_000_000_000_000, row: Number.MAX_SAFE_INTEGER }

type Late = { readonly low: number | null; readonly late: number | null; readonly looked: number }
const nothing: Late = { low: null, late: null, looked: 0 }
const everything = Number.MAX_SAFE_INTEGER

/** `clock` is in ms from any start. */
export function createScan(db: Database, parts: { readonly textIndex: TextIndex; readonly clock: () => number }): Scan {
  const { textIndex, clock } = parts
  const prepare = (sql: string) => db.prepare<unknown[]>(sql)
  const statements = new Map<string, ReturnType<typeof prepare>>()
  const matchOf = createKnownWords(db)
  const gatherCandidates = createSubstrings(db, textIndex)
  const latest = db.prepare<[{ seenTo: number; from: number; to: number }], Late>(`
    SELECT min(detected_at) AS low, max(CASE WHEN changed_at < @seenTo THEN detected_at END) AS late, count(*) AS looked
    FROM (SELECT detected_at, changed_at FROM detections INDEXED BY detections_by_time
      WHERE detected_at >= @from AND detected_at < @to ORDER BY detected_at DESC LIMIT ${longestStride})`)

  return {
    byChange: (query, columns, most, visit) => scan(driverOf(query), 'changed_at', newestChange, query, columns, most, visit),
    byTime(query, columns, range, visit, most = everything) {
      const isNarrow = needsWords(query) || (driverOf(query).isNarrow && range.rows > fewRows)
      const within: Query = { kind: 'all', of: [...conjunction(query), timeIn(range)] }
      if (!isNarrow) return scan(byTimeDriver(query, range), 'detected_at', { at: range.to, row: 0 }, query, columns, most, visit)
      const scanned = scan(driverOf(within), 'changed_at', newestChange, query, columns, most, visit)
      return { ...scanned, seenTo: scanned.seenTo === null ? null : detectedTo(scanned.seenTo, range) }
    },
  }

  /** While the index of parts of fields is behind, every field is looked at itself: what was received last is not to be missing. */
  function driverOf(query: Query): Driver {
    return chooseDriver(query, matchOf, gatherCandidates(query) && catchUp(clock()) && gatherCandidates(query))
  }

  function scan<Row>(
    driver: Driver,
    column: Order,
    from: Key,
    query: Query,
    columns: string,
    most: number,
    visit: (row: Row) => void,
  ): Scanned {
    const startedAt = clock()
    const isOver = (): boolean => clock() - startedAt >= scanBudgetMs
    const isIndexed = !needsWords(query) || catchUp(startedAt)
    const { source, bounded, order, values, rest } = driver
    let start = from
    let left = most
    for (let stride = firstStride; ; stride = Math.min(stride * 2, longestStride)) {
      const [last] = all<Key & { readonly looked: number }>(
        `SELECT at, row, count(*) OVER () AS looked
         FROM (SELECT detections.${column} AS at, detections.row AS row ${source} ORDER BY ${order} LIMIT @stride) ORDER BY at, row LIMIT 1`,
        values,
        { changedAt: start.at, row: start.row, stride },
      )
      if (last === undefined) return { isCapped: false, seenTo: null, isIndexed }
      // One window may hold any number, since places in the index of words go by whole seconds.
      let visited = 0
      for (const row of statementOf(`SELECT ${columns} ${bounded} AND ${rest?.sql ?? 'TRUE'} ORDER BY ${order}`).iterate(
        [...values, ...(rest?.values ?? [])],
        { changedAt: start.at, row: start.row, endAt: last.at, endRow: last.row },
      )) {
        if (left === 0) return { isCapped: true, seenTo: null, isIndexed }
        visit(row as Row)
        left -= 1
        visited += 1
        if (visited % rowsALook === 0 && isOver()) return { isCapped: false, seenTo: start.at + 1, isIndexed }
      }
      if (last.looked < stride) return { isCapped: false, seenTo: null, isIndexed }
      // Others of that very moment may be left.
      if (isOver()) return { isCapped: false, seenTo: last.at + 1, isIndexed }
      start = { at: last.at, row: last.row }
    }
  }

  /**
   * From when on all that was detected has been seen, where all that changed from `seenTo` on was: a sender may say of something that it was
   * detected later than it says that it told us. Looks for such ones from the newer end of the range, for a part of the time.
   */
  function detectedTo(seenTo: number, range: Range): number {
    const startedAt = clock()
    for (let to = range.to; to > seenTo;) {
      const { low, late, looked } = latest.get({ seenTo, from: Math.max(seenTo, range.from), to }) ?? nothing
      if (late !== null) return late + 1
      if (low === null || looked < longestStride) return seenTo
      if (low + 1 === to || clock() - startedAt >= scanBudgetMs / 3) return low + 1
      to = low + 1
    }
    return seenTo
  }

  function catchUp(startedAt: number): boolean {
    if (!db.readonly) while (!textIndex.catchUp(256)) if (clock() - startedAt >= scanBudgetMs / 3) break
    return textIndex.isUpToDate()
  }

  function all<Row>(sql: string, values: readonly (string | number)[], named: Readonly<Record<string, number>>): Row[] {
    return statementOf(sql).all([...values], named) as Row[]
  }

  function statementOf(sql: string): ReturnType<typeof prepare> {
    const statement = statements.get(sql) ?? prepare(sql)
    if (statements.size < mostStatements) statements.set(sql, statement)
    return statement
  }
}

function timeIn({ from, to }: Range): Query {
  return { kind: 'time', field: 'detected', from: toInstant(from), to: toInstant(to) }
}

/** Where nothing narrows a search down, it is looked for on the axis itself, from its newer end. */
function byTimeDriver(query: Query, { from }: Range): Driver {
  const source = `FROM detections INDEXED BY detections_by_time WHERE detected_at >= ? AND (detections.detected_at, detections.row) < (@changedAt, @row)`
  return {
    source,
    bounded: `${source} AND (detections.detected_at, detections.row) >= (@endAt, @endRow)`,
    order: 'detections.detected_at DESC, detections.row DESC',
    values: [from],
    rest: toSql(query),
    isExact: true,
    isNarrow: false,
    isSorted: false,
  }
}
