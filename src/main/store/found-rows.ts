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
export type FoundRowsAsked = Wanted & { readonly before: RowKey | null; readonly most: number }
export type FoundRows =
  | {
      readonly kind: 'rows'
      readonly rows: readonly number[]
      /** Where the time ran out: to be asked again from here. null where the end was reached, or there are as many as were wanted. */
      readonly next: RowKey | null
    }
  | SearchRefused

export const foundBudgetMs = 150
const firstStride = 512
const longestStride = 8_192
const mostStatements = 128
/** Changes that the index of words has not seen yet and that are searched without it, with the first question. */
const mostUnindexed = 5_000
/** The year 2096, as far as places in the index of words reach. */
const newest: RowKey = { changedAt: 4_000_000_000_000, row: Number.MAX_SAFE_INTEGER }

/** All that a view finds, as rows and newest first, in several answers where it takes long. */
export function createFoundRows(
  db: Database,
  parts: { readonly textIndex: Pick<TextIndex, 'isUpToDate'>; readonly now: () => number; readonly clock: () => number },
): (asked: FoundRowsAsked) => FoundRows {
  const { textIndex, clock } = parts
  const readSearch = createSearchReader(db, parts.now)
  const statements = new Map<string, ReturnType<typeof db.prepare>>()
  const matchOf = createKnownWords(db)
  const unindexed = db.prepare<[number], DetectionRow>(`
    SELECT * FROM detections WHERE row IN (
      SELECT row FROM text_behind UNION ALL SELECT detection FROM transitions WHERE sequence > (SELECT sequence FROM text_watermark)) LIMIT ?`)

  return ({ text, range, before, most }) => {
    const parsed = readSearch(text)
    if (parsed.kind === 'refused') return parsed
    const query = within(parsed.query, range)
    const isBehind = before === null && needsWords(query) && !textIndex.isUpToDate()
    const beside = isBehind ? withoutIndex(query).slice(0, most) : []
    const found = look(query, before ?? newest, most - beside.length)
    return { kind: 'rows', rows: [...new Set([...beside, ...found.rows])], next: found.next }
  }

  function look(query: Query, from: RowKey, most: number): { rows: readonly number[]; next: RowKey | null } {
    const startedAt = clock()
    const { source, bounded, order, values, rest } = chooseDriver(query, matchOf, null)
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
        { changedAt: start.changedAt, row: start.row, endAt: last.changedAt, endRow: last.row, limit: most - rows.length },
      )
      rows.push(...fitting.map(({ row }) => row))
      if (rows.length >= most || last.looked < stride) return { rows, next: null }
      start = { changedAt: last.changedAt, row: last.row }
      if (clock() - startedAt >= foundBudgetMs) return { rows, next: start }
    }
  }

  function withoutIndex(query: Query): readonly number[] {
    const isFound = matching(query)
    return unindexed
      .all(mostUnindexed)
      .filter((row) => isFound(fromRow(row)))
      .map(({ row }) => row)
  }

  function all<Row>(sql: string, values: readonly (string | number)[], named: Readonly<Record<string, number>>): Row[] {
    const statement = statements.get(sql) ?? db.prepare(sql)
    if (statements.size < mostStatements) statements.set(sql, statement)
    return statement.all([...values], named) as Row[]
  }
}
