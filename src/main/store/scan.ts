import type { Query } from '../query/query.ts'
import { needsWords, toSql } from '../query/to-sql.ts'
import type { Database } from './database.ts'
import { chooseDriver, conjunction, type Driver } from './drivers.ts'
import { createKnownWords } from './known-words.ts'
import type { Range } from './spans.ts'
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
  /** Where the time ran out: all that changed, and so all that was detected, at or after this moment has been seen. null where nothing is left. */
  readonly seenTo: number | null
  /** Whether the index of words has seen everything. */
  readonly isIndexed: boolean
}

export const scanBudgetMs = 150
const firstStride = 512
const longestStride = 8_192
/** A range of no more is looked at whole, however much a search narrows down: what fits may be anywhere in time. */
const fewRows = 20_000
/** Each shape of a search is a statement of its own; more than this are not remembered. */
const mostStatements = 128

type Order = 'changed_at' | 'detected_at'
type Key = { readonly at: number; readonly row: number }
/** The year 2096, as far as places in the index of words reach. */
const newestChange: Key = { at: 4_000_000_000_000, row: Number.MAX_SAFE_INTEGER }

/** `clock` is in ms from any start. */
export function createScan(db: Database, parts: { readonly textIndex: TextIndex; readonly clock: () => number }): Scan {
  const { textIndex, clock } = parts
  const statements = new Map<string, ReturnType<typeof db.prepare>>()
  const matchOf = createKnownWords(db)

  return {
    byChange: (query, columns, most, visit) => scan(chooseDriver(query, matchOf), 'changed_at', newestChange, query, columns, most, visit),
    byTime(query, columns, range, visit, most = Number.MAX_SAFE_INTEGER) {
      const isNarrow = needsWords(query) || (chooseDriver(query, matchOf).isNarrow && range.rows > fewRows)
      const within: Query = { kind: 'all', of: [...conjunction(query), timeIn(range)] }
      return isNarrow
        ? scan(chooseDriver(within, matchOf), 'changed_at', newestChange, query, columns, most, visit)
        : scan(byTimeDriver(query, range), 'detected_at', { at: range.to, row: 0 }, query, columns, most, visit)
    },
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
      const rows = all<Row>(
        `SELECT ${columns} ${bounded} AND ${rest?.sql ?? 'TRUE'} ORDER BY ${order} LIMIT @limit`,
        [...values, ...(rest?.values ?? [])],
        { changedAt: start.at, row: start.row, endAt: last.at, endRow: last.row, limit: Math.min(left, longestStride) + 1 },
      )
      for (const row of rows.slice(0, left)) visit(row)
      if (rows.length > left) return { isCapped: true, seenTo: null, isIndexed }
      left -= rows.length
      if (last.looked < stride) return { isCapped: false, seenTo: null, isIndexed }
      if (clock() - startedAt >= scanBudgetMs) return { isCapped: false, seenTo: last.at, isIndexed }
      start = { at: last.at, row: last.row }
    }
  }

  function catchUp(startedAt: number): boolean {
    if (!db.readonly) while (!textIndex.catchUp(256)) if (clock() - startedAt >= scanBudgetMs / 3) break
    return textIndex.isUpToDate()
  }

  function all<Row>(sql: string, values: readonly (string | number)[], named: Readonly<Record<string, number>>): Row[] {
    const statement = statements.get(sql) ?? db.prepare(sql)
    if (statements.size < mostStatements) statements.set(sql, statement)
    return statement.all([...values], named) as Row[]
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
