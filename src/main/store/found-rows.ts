import type { SearchRefused } from '../../shared/ipc.ts'
import type { Wanted } from '../../shared/view.ts'
import { matching } from '../query/matches.ts'
import { within, type Query } from '../query/query.ts'
import { needsWords } from '../query/to-sql.ts'
import type { Database } from './database.ts'
import { fromRow } from './detection-row.ts'
import type { DetectionRow } from './detection-row.ts'
import { chooseDriver } from './drivers.ts'
import { createKnownWords } from './known-words.ts'
import { createSearchReader } from './search-reader.ts'
import type { TextIndex } from './text-index.ts'

export type RowKey = { readonly changedAt: number; readonly row: number }
/** Where an answer goes on: first through what the index of words has not seen, then through what it has. */
export type FoundPlace = RowKey | { readonly unindexed: 'behind' | 'newer'; readonly after: number }
export type FoundRowsAsked = Wanted & { readonly before: FoundPlace | null; readonly most: number }
export type FoundRows =
  | {
      readonly kind: 'rows'
      readonly rows: readonly number[]
      /** Where the time ran out: to be asked again from here. null where the end was reached, or there are as many as were wanted. */
      readonly next: FoundPlace | null
    }
  | SearchRefused

export const foundBudgetMs = 150
const firstStride = 512
const longestStride = 8_192
const mostStatements = 128
/** Changes that the index of words has not seen, read between two looks at the clock. */
const unindexedAtOnce = 250
/** The year 2096, as far as places in the index of words reach. */
const newest: RowKey = { changedAt: 4_000_000_000_000, row: Number.MAX_SAFE_INTEGER }

type Unindexed = { readonly place: number; readonly row: number }

/** All that a view finds, as rows, in several answers where it takes long: newest first, but for what the index of words has not seen. */
export function createFoundRows(
  db: Database,
  parts: { readonly textIndex: Pick<TextIndex, 'isUpToDate'>; readonly now: () => number; readonly clock: () => number },
): (asked: FoundRowsAsked) => FoundRows {
  const { textIndex, clock } = parts
  const readSearch = createSearchReader(db, parts.now)
  const statements = new Map<string, ReturnType<typeof db.prepare>>()
  const matchOf = createKnownWords(db)
  const behind = db.prepare<[number, number], Unindexed>('SELECT row AS place, row FROM text_behind WHERE row > ? ORDER BY row LIMIT ?')
  const newer = db.prepare<[number, number], Unindexed>(`
    SELECT sequence AS place, detection AS row FROM transitions
    WHERE sequence > max(?, (SELECT sequence FROM text_watermark)) ORDER BY sequence LIMIT ?`)
  const byRow = db.prepare<[number], DetectionRow>('SELECT * FROM detections WHERE row = ?')

  return ({ text, range, before, most }) => {
    const parsed = readSearch(text)
    if (parsed.kind === 'refused') return parsed
    const query = within(parsed.query, range)
    const isBehind = needsWords(query) && !textIndex.isUpToDate()
    const startedAt = clock()
    const start = before ?? (isBehind ? ({ unindexed: 'behind', after: 0 } as const) : newest)
    const beside = 'unindexed' in start ? withoutIndex(query, start, most, startedAt) : null
    if (beside !== null && (beside.rows.length >= most || beside.next !== null)) return { kind: 'rows', ...beside }
    const from = 'unindexed' in start ? newest : start
    const found = look(query, { from, most: most - (beside?.rows.length ?? 0), startedAt }, isBehind ? asItIsNow(query) : null)
    return { kind: 'rows', rows: [...new Set([...(beside?.rows ?? []), ...found.rows])], next: found.next }
  }

  function look(
    query: Query,
    { from, most, startedAt }: { readonly from: RowKey; readonly most: number; readonly startedAt: number },
    isStillFound: ((row: number) => boolean) | null,
  ): { rows: readonly number[]; next: RowKey | null } {
    const { source, bounded, order, values, rest } = chooseDriver(query, matchOf, false)
    const rows: number[] = []
    let start = from
    for (let stride = firstStride; ; stride = Math.min(stride * 2, longestStride)) {
      const [last] = all<RowKey & { readonly looked: number }>(
        `SELECT changedAt, row, count(*) OVER () AS looked FROM (
           SELECT detections.changed_at AS changedAt, detections.row AS row ${source} ORDER BY ${order} LIMIT @stride
         ) ORDER BY changedAt, row LIMIT 1`,
        values,
        { changedAt: start.changedAt, row: start.row, stride },
      )
      if (last === undefined) return { rows, next: null }
      const fitting = all<{ readonly row: number }>(
        `SELECT detections.row AS row ${bounded} AND ${rest?.sql ?? 'TRUE'} ORDER BY ${order} LIMIT @limit`,
        [...values, ...(rest?.values ?? [])],
        {
          ...{ changedAt: start.changedAt, row: start.row, endAt: last.changedAt, endRow: last.row },
          // Of those that are looked at again, nobody knows how many are left.
          limit: isStillFound === null ? most - rows.length : -1,
        },
      )
      for (const { row } of fitting) if (rows.length < most && isStillFound?.(row) !== false) rows.push(row)
      if (rows.length >= most || last.looked < stride) return { rows, next: null }
      start = { changedAt: last.changedAt, row: last.row }
      if (clock() - startedAt >= foundBudgetMs) return { rows, next: start }
    }
  }

  /** All that is to be indexed anew, then all that is newer than the index; `next` is null at the end of both. What is indexed meanwhile is found in it. */
  function withoutIndex(
    query: Query,
    start: Extract<FoundPlace, { unindexed: string }>,
    most: number,
    startedAt: number,
  ): { rows: readonly number[]; next: FoundPlace | null } {
    const isFound = matching(query)
    const rows = new Set<number>()
    for (let { unindexed, after } = start; ;) {
      const some = (unindexed === 'behind' ? behind : newer).all(after, unindexedAtOnce)
      for (const { row } of some) {
        const found = rows.has(row) || rows.size >= most ? undefined : byRow.get(row)
        if (found !== undefined && isFound(fromRow(found))) rows.add(row)
      }
      if (rows.size >= most) return { rows: [...rows], next: null }
      const last = some.at(-1)
      if (last !== undefined && some.length === unindexedAtOnce) after = last.place
      else if (unindexed === 'newer') return { rows: [...rows], next: null }
      else ({ unindexed, after } = { unindexed: 'newer', after: 0 })
      if (clock() - startedAt >= foundBudgetMs) return { rows: [...rows], next: { unindexed, after } }
    }
  }

  /** What the index of words says of a row may be of before its last change, and nobody is to change a row for what it was. */
  function asItIsNow(query: Query): (row: number) => boolean {
    const isFound = matching(query)
    return (row) => {
      const found = byRow.get(row)
      return found !== undefined && isFound(fromRow(found))
    }
  }

  function all<Row>(sql: string, values: readonly (string | number)[], named: Readonly<Record<string, number>>): Row[] {
    const statement = statements.get(sql) ?? db.prepare(sql)
    if (statements.size < mostStatements) statements.set(sql, statement)
    return statement.all([...values], named) as Row[]
  }
}
