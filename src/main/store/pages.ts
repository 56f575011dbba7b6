import type { PageAnswer, PageKey } from '../../shared/ipc.ts'
import { matching } from '../query/matches.ts'
import { parse } from '../query/parse.ts'
import type { Query } from '../query/query.ts'
import { needsWords } from '../query/to-sql.ts'
import type { Database } from './database.ts'
import { fromRow } from './detection-row.ts'
import type { DetectionRow } from './detection-row.ts'
import { chooseDriver, type Driver } from './drivers.ts'
import { createKnownWords } from './known-words.ts'
import type { TextIndex } from './text-index.ts'
import { toInstant, toMillis } from './time.ts'

export type PageQuery = {
  readonly text: string
  readonly before: PageKey | null
  readonly limit: number
  /** Ms that the reader waits for words of deliveries that are not indexed yet; as long as for anything else unless given. */
  readonly patienceMs?: number
}

/** How long a page may be looked for; beyond it the answer says how far it came. */
export const pageBudgetMs = 150
const longestPage = 500
/** Rows looked at between two looks at the clock: more each time, while few of them fit. */
const firstStride = 512
const longestStride = 8_192
/** Each shape of a search is a statement of its own; more than this are not remembered. */
const mostStatements = 128
/** Rows read beyond a page where their order is that of whole seconds. */
const sameSecond = 16
/** Changes that the index of words has not seen yet and that are searched without it: of one page, and for whoever waits for them. */
const mostUnindexed = 5_000
const mostForThePatient = 1_000_000

type Key = { readonly changedAt: number; readonly row: number }
/** The year 2096: the second of a place has 32 bits. */
const newestKey: Key = { changedAt: 4_000_000_000_000, row: Number.MAX_SAFE_INTEGER }

/** Pages of lists, newest first, at most 500 rows each. `clock` is in ms from any start. */
export function createPages(
  db: Database,
  parts: { readonly textIndex: TextIndex; readonly total: () => number; readonly now: () => number; readonly clock?: () => number },
): (query: PageQuery) => PageAnswer {
  const { textIndex, total, now, clock = () => performance.now() } = parts
  const prepare = (sql: string) => db.prepare<unknown[]>(sql)
  const statements = new Map<string, ReturnType<typeof prepare>>()
  const matchOf = createKnownWords(db)
  const unindexed = db.prepare<[{ most: number }], { row: number; changed_at: number }>(`
    SELECT row, changed_at FROM detections WHERE row IN (
      SELECT row FROM (SELECT row FROM text_behind ORDER BY row DESC LIMIT @most) UNION
      SELECT detection FROM (
        SELECT detection FROM transitions WHERE sequence > (SELECT sequence FROM text_watermark) ORDER BY sequence DESC LIMIT @most))
    ORDER BY changed_at DESC, row DESC LIMIT @most`)
  const byRow = db.prepare<[number], DetectionRow>('SELECT * FROM detections WHERE row = ?')

  return ({ text, before, limit, patienceMs }) => {
    const parsed = parse(text, { now: now() })
    if (parsed.kind === 'refused') return parsed
    const size = Math.max(1, Math.min(longestPage, Math.trunc(limit)))
    const from = before === null ? newestKey : { changedAt: toMillis(before.changedAt), row: before.row }
    const apart = needsWords(parsed.query) ? withoutIndex(parsed.query, { from, wanted: size + 1, patienceMs }) : null
    // One more than asked tells whether there is a next page.
    const found = look(chooseDriver(parsed.query, matchOf), from, size + 1, apart?.rows ?? new Set())
    const end = found.end
    const rows = [
      ...found.rows,
      ...(apart?.fitting ?? []).filter((row) => end === null || isNewer(keyOf(row), end) || isSame(keyOf(row), end)),
    ].sort(newestFirst)
    const shown = rows.slice(0, size)
    const last = rows.length > size ? shown.at(-1) : undefined
    const next = last === undefined ? end : keyOf(last)
    return {
      kind: 'page',
      detections: shown.map(fromRow),
      next: next === null ? null : { changedAt: toInstant(next.changedAt), row: next.row },
      total: total(),
      searchedTo: last === undefined && end !== null ? toInstant(end.changedAt) : null,
      isWhole: apart?.isWhole ?? true,
    }
  }

  /** At most so many that fit, and the key where the time ran out; null where the end was reached or there were enough. */
  function look(driver: Driver, from: Key, wanted: number, except: ReadonlySet<number>): { rows: DetectionRow[]; end: Key | null } {
    const { source, bounded, order, values, isExact } = driver
    const rest = driver.rest ?? { sql: 'TRUE', values: [] }
    if (driver.rest === null) {
      const most = wanted + (isExact ? 0 : sameSecond)
      const taken = first(most, except, `SELECT detections.* ${source} ORDER BY ${order} LIMIT @limit`, values, names(from))
      const cut = taken.at(-1)
      if (!isExact) taken.sort(newestFirst)
      // Within the second where it was cut off, others may come before those that are here.
      const last = taken[wanted - 1]
      const isSorted = isExact || taken.length < most || (cut !== undefined && last !== undefined && secondOf(last) > secondOf(cut))
      if (isSorted) return { rows: taken.slice(0, wanted), end: null }
    }
    const startedAt = clock()
    const rows: DetectionRow[] = []
    let start = from
    for (let stride = Math.max(firstStride, wanted); ; stride = Math.min(stride * 2, longestStride)) {
      const [last] = all<{ changed_at: number; row: number; looked: number }>(
        `SELECT changed_at, row, count(*) OVER () AS looked
         FROM (SELECT detections.changed_at, detections.row ${source} ORDER BY ${order} LIMIT @stride) ORDER BY changed_at, row LIMIT 1`,
        values,
        { ...names(start), stride },
      )
      if (last === undefined) return { rows, end: null }
      const end = keyOf(last)
      rows.push(
        ...first(
          wanted - rows.length,
          except,
          `SELECT detections.* ${bounded} AND ${rest.sql} ORDER BY detections.changed_at DESC, detections.row DESC LIMIT @limit`,
          [...values, ...rest.values],
          { ...names(start), endAt: end.changedAt, endRow: end.row },
        ),
      )
      if (rows.length >= wanted) return { rows, end: null }
      if (last.looked < stride) return { rows, end: null }
      if (clock() - startedAt >= pageBudgetMs) return { rows, end }
      start = end
    }
  }

  /**
   * What the index of words has not seen yet is read and compared one by one, after it has been given the time to see it: newest first, until
   * there are enough for a page, or the time is over. `rows` are all of them: what the index says of these is no longer so.
   */
  function withoutIndex(
    query: Query,
    { from, wanted, patienceMs }: { readonly from: Key; readonly wanted: number; readonly patienceMs: number | undefined },
  ): { rows: ReadonlySet<number>; fitting: readonly DetectionRow[]; isWhole: boolean } {
    const startedAt = clock()
    try {
      if (!db.readonly) while (!textIndex.catchUp(256)) if (clock() - startedAt >= pageBudgetMs / 3) break
    } catch {
      // A full disk, or another process that writes: what is not indexed is compared below all the same.
    }
    if (textIndex.isUpToDate()) return { rows: new Set(), fitting: [], isWhole: true }
    const most = patienceMs === undefined ? mostUnindexed : mostForThePatient
    const rows = unindexed.all({ most })
    const isFound = matching(query)
    const fitting: DetectionRow[] = []
    const comparedFrom = clock()
    let isWhole = rows.length < most
    for (const { row, changed_at } of rows) {
      if (!isNewer(from, { changedAt: changed_at, row })) continue
      if (fitting.length >= wanted) break
      if (clock() - comparedFrom >= (patienceMs ?? pageBudgetMs / 3)) {
        isWhole = false
        break
      }
      const found = byRow.get(row)
      if (found !== undefined && isFound(fromRow(found))) fitting.push(found)
    }
    return { rows: new Set(rows.map(({ row }) => row)), fitting, isWhole }
  }

  /** The first so many that are none of these, however many of these there are. */
  function first(
    most: number,
    except: ReadonlySet<number>,
    sql: string,
    values: readonly (string | number)[],
    named: Readonly<Record<string, number>>,
  ): DetectionRow[] {
    const rows: DetectionRow[] = []
    for (const row of statementOf(sql).iterate([...values], { ...named, limit: most + except.size }) as IterableIterator<DetectionRow>) {
      if (!except.has(row.row)) rows.push(row)
      if (rows.length >= most) break
    }
    return rows
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

function names({ changedAt, row }: Key): { readonly changedAt: number; readonly row: number } {
  return { changedAt, row }
}

function keyOf({ changed_at, row }: { readonly changed_at: number; readonly row: number }): Key {
  return { changedAt: changed_at, row }
}

function newestFirst(one: DetectionRow, other: DetectionRow): number {
  return other.changed_at - one.changed_at || other.row - one.row
}

function secondOf({ changed_at }: DetectionRow): number {
  return Math.trunc(changed_at / 1000)
}

function isNewer(one: Key, other: Key): boolean {
  return one.changedAt > other.changedAt || (one.changedAt === other.changedAt && one.row > other.row)
}

function isSame(one: Key, other: Key): boolean {
  return one.changedAt === other.changedAt && one.row === other.row
}
