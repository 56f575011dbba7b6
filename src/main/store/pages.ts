import type { Instant } from '../../shared/detection.ts'
import type { PageAnswer, PageKey } from '../../shared/ipc.ts'
import type { AsOf } from '../../shared/triage.ts'
import type { TimeRange } from '../../shared/view.ts'
import { matching } from '../query/matches.ts'
import { within, type Query } from '../query/query.ts'
import { needsWords } from '../query/to-sql.ts'
import type { Database } from './database.ts'
import { fromRow } from './detection-row.ts'
import type { DetectionRow } from './detection-row.ts'
import { byRange, chooseDriver, conjunction, detectedRange, type Driver } from './drivers.ts'
import { createKnownWords } from './known-words.ts'
import { createLateChanges } from './late-changes.ts'
import { isNewer, isSame, keyOf, newestFirst, secondOf, toKey, toPageKey, type Key } from './page-key.ts'
import { createPositions } from './positions.ts'
import { createSearchReader } from './search-reader.ts'
import type { Range } from './spans.ts'
import { createSubstrings } from './substrings.ts'
import type { TextIndex } from './text-index.ts'
import { toInstant } from './time.ts'

export type PageQuery = {
  readonly text: string
  /** By detectedAt; everything where there is none. */
  readonly range?: TimeRange | null
  readonly before: PageKey | null
  /** Rows to pass over after `before`, or from the top. Of the list of everything only: any other would have to be looked through. */
  readonly skip?: number
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
/** A range of no more is asked whole: what fits may be anywhere in it. */
const shortRange = 5_000
/** Rows of which the keys alone are sorted, where an index in the order of lists would have to pass more than a quarter as many first. */
const mostSorted = 500_000
const passesPerRow = 4
/** Changes that the index of words has not seen yet and that are searched without it: of one page, and for whoever waits for them. */
const mostUnindexed = 5_000
const mostForThePatient = 1_000_000

/** What an index has not seen: all such rows, and those of them that fit. */
type Apart = { readonly rows: ReadonlySet<number>; readonly fitting: readonly DetectionRow[]; readonly isWhole: boolean }
/** The year 2096: the second of a place has 32 bits. */
const newestKey: Key = { changedAt: 4_000_000_000_000, row: Number.MAX_SAFE_INTEGER }

/** Pages of lists, newest first, at most 500 rows each. `clock` is in ms from any start. */
export function createPages(
  db: Database,
  parts: { readonly textIndex: TextIndex; readonly total: () => number; readonly now: () => number; readonly clock?: () => number },
): (query: PageQuery) => PageAnswer {
  const { textIndex, total, clock = () => performance.now() } = parts
  const readSearch = createSearchReader(db, parts.now)
  const prepare = (sql: string) => db.prepare<unknown[]>(sql)
  const statements = new Map<string, ReturnType<typeof prepare>>()
  const matchOf = createKnownWords(db)
  const gatherCandidates = createSubstrings(db, textIndex)
  const lateChanges = createLateChanges(db)
  const unindexed = db.prepare<[{ most: number }], { row: number; changed_at: number }>(`
    SELECT row, changed_at FROM detections WHERE row IN (
      SELECT row FROM (SELECT row FROM text_behind ORDER BY row DESC LIMIT @most) UNION
      SELECT detection FROM (
        SELECT detection FROM transitions WHERE sequence > (SELECT sequence FROM text_watermark) ORDER BY sequence DESC LIMIT @most))
    ORDER BY changed_at DESC, row DESC LIMIT @most`)
  const byRow = db.prepare<[number], DetectionRow>('SELECT * FROM detections WHERE row = ?')

  const rowsIn = db
    .prepare<[number, number, number], number>(
      'SELECT count(*) FROM (SELECT 1 FROM detections INDEXED BY detections_by_time WHERE detected_at >= ? AND detected_at < ? LIMIT ?)',
    )
    .pluck()
  const isThere = db.prepare<[number, number], number>('SELECT 1 FROM detections WHERE row = ? AND changed_at = ?').pluck()
  const positions = createPositions(db, clock)
  /** The key of the last of so many after this one, which need not be there any more. */
  const keyAfter = db.transaction((before: PageKey | null, count: number): PageKey | null => {
    if (before === null) return positions.keyAt(count - 1)
    const { changedAt, row } = toKey(before)
    return positions.keyAt(positions.positionOf(before) + (isThere.get(row, changedAt) ?? 0) + count - 1)
  })

  return ({ text, range = null, before, skip = 0, limit, patienceMs }) => {
    const parsed = readSearch(text)
    if (parsed.kind === 'refused') return parsed
    // Before all else: what comes meanwhile may be on the page, and counts as not seen.
    const asOf = lateChanges.now()
    const query = within(parsed.query, range)
    if (skip > 0 && conjunction(query).length > 0) throw new Error('only the list of everything can be skipped through')
    const size = Math.max(1, Math.min(longestPage, Math.trunc(limit)))
    const from = passOver(before, skip)
    if (from === null) return page([], null, asOf)
    // One more than asked tells whether there is a next page.
    const wanted = size + 1
    const { hasCandidates, apart } = needsWords(query)
      ? { hasCandidates: false, apart: withoutIndex(query, { from, wanted, patienceMs }) }
      : substrings(query, { from, wanted })
    const found = look(driverOf(query, from, hasCandidates), from, wanted, apart?.rows ?? new Set())
    const end = found.end
    const rows = [
      ...found.rows,
      ...(apart?.fitting ?? []).filter((row) => end === null || isNewer(keyOf(row), end) || isSame(keyOf(row), end)),
    ].sort(newestFirst)
    const shown = rows.slice(0, size)
    const last = rows.length > size ? shown.at(-1) : undefined
    const next = last === undefined ? end : keyOf(last)
    const searchedTo = last === undefined && end !== null ? toInstant(end.changedAt) : null
    return page(shown, next, asOf, { searchedTo, isWhole: apart?.isWhole ?? true })
  }

  function page(
    shown: readonly DetectionRow[],
    next: Key | null,
    asOf: AsOf,
    looked = { searchedTo: null as Instant | null, isWhole: true },
  ): PageAnswer {
    const [first] = shown
    return {
      kind: 'page',
      detections: shown.map(fromRow),
      first: first === undefined ? null : toPageKey(keyOf(first)),
      next: next === null ? null : toPageKey(next),
      total: total(),
      asOf,
      ...looked,
    }
  }

  /** The key to look below; null beyond the end. What arrives meanwhile stands before `before`, so the place does not move. */
  function passOver(before: PageKey | null, skip: number): Key | null {
    if (skip === 0) return before === null ? newestKey : toKey(before)
    const last = keyAfter(before, skip)
    return last === null ? null : toKey(last)
  }

  /** What the index of parts of fields is asked for, and what it has not seen; nothing where the fields themselves are to be looked at. */
  function substrings(
    query: Query,
    asked: { readonly from: Key; readonly wanted: number },
  ): { hasCandidates: boolean; apart: Apart | null } {
    const apart = gatherCandidates(query) ? withoutIndex(query, { ...asked, patienceMs: undefined }) : null
    // Once more, by what the index has taken up since. Where it is far behind, to go by every field takes longer, and misses nothing.
    return apart?.isWhole === true && gatherCandidates(query) ? { hasCandidates: true, apart } : { hasCandidates: false, apart: null }
  }

  function driverOf(query: Query, from: Key, hasCandidates: boolean): Driver {
    const range = needsWords(query) ? null : detectedRange(query)
    if (range === null) return chooseDriver(query, matchOf, hasCandidates)
    if (holdsAtMost(range, shortRange)) return byRange(query, range, true)
    const chosen = chooseDriver(query, matchOf, hasCandidates)
    const passed = chosen.isNarrow ? 0 : changedBetween(range.to, from)
    return holdsAtMost(range, Math.min(passesPerRow * passed, mostSorted)) ? byRange(query, range, false) : chosen
  }

  function holdsAtMost({ from, to }: Range, most: number): boolean {
    return most > 0 && (rowsIn.get(from, to, most + 1) ?? 0) <= most
  }

  /** What changed after a range began to be over, but stands below where the page begins: none of the range, but for what changed late. */
  function changedBetween(end: number, from: Key): number {
    if (end >= from.changedAt) return 0
    return positions.positionOf(toPageKey({ changedAt: end, row: 0 })) - positions.positionOf(toPageKey(from))
  }

  /** At most so many that fit, and the key where the time ran out; null where the end was reached or there were enough. */
  function look(driver: Driver, from: Key, wanted: number, except: ReadonlySet<number>): { rows: DetectionRow[]; end: Key | null } {
    const { source, bounded, order, values, isExact, isSorted } = driver
    const rest = driver.rest ?? { sql: 'TRUE', values: [] }
    if (driver.rest === null) {
      const most = wanted + (isExact ? 0 : sameSecond)
      const found = `${source} ORDER BY ${order} LIMIT @limit`
      const sql = isSorted ? `SELECT * FROM detections WHERE row IN (SELECT detections.row ${found})` : `SELECT detections.* ${found}`
      const taken = first(most, except, sql, values, from)
      const cut = taken.at(-1)
      if (!isExact || isSorted) taken.sort(newestFirst)
      // Within the second where it was cut off, others may come before those that are here.
      const last = taken[wanted - 1]
      const isWhole = isExact || taken.length < most || (cut !== undefined && last !== undefined && secondOf(last) > secondOf(cut))
      if (isWhole) return { rows: taken.slice(0, wanted), end: null }
    }
    const startedAt = clock()
    const rows: DetectionRow[] = []
    let start = from
    for (
      let stride = driver.isLikely === true ? 2 * wanted : Math.max(firstStride, wanted);
      ;
      stride = Math.min(stride * 2, longestStride)
    ) {
      const [last] = all<{ changed_at: number; row: number; looked: number }>(
        `SELECT changed_at, row, count(*) OVER () AS looked
         FROM (SELECT detections.changed_at, detections.row ${source} ORDER BY ${order} LIMIT @stride) ORDER BY changed_at, row LIMIT 1`,
        values,
        { ...start, stride },
      )
      if (last === undefined) return { rows, end: null }
      const end = keyOf(last)
      rows.push(
        ...first(
          wanted - rows.length,
          except,
          `SELECT detections.* ${bounded} AND ${rest.sql} ORDER BY detections.changed_at DESC, detections.row DESC LIMIT @limit`,
          [...values, ...rest.values],
          { ...start, endAt: end.changedAt, endRow: end.row },
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
  ): Apart {
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
