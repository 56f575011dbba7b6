import { toSql, type Condition } from '../query/to-sql.ts'
import type { Query, TextField } from '../query/query.ts'
import type { MatchOf } from './known-words.ts'
import { always, intersect, type Range } from './spans.ts'
import { placeOf, rowAt } from './text-index.ts'
import { toMillis } from './time.ts'

/**
 * Where a list begins to look: what an index answers in the order of all lists, and what is left to be asked of each row. In `source` stand
 * the names @changedAt and @row, the key to look below; in `bounded` also @endAt and @endRow, the key to stop at. Its own values come first.
 */
export type Driver = {
  readonly source: string
  readonly bounded: string
  readonly order: string
  readonly values: readonly (string | number)[]
  /** What else a row has to be; null where the source is enough. */
  readonly rest: Condition | null
  /** Whether `order` is the very order of lists; else it is that of whole seconds. */
  readonly isExact: boolean
  /** Whether it leaves out most of what does not fit, as far as an index can say. */
  readonly isNarrow: boolean
  /** Whether most of what it gives is found, so that not many more are to be looked at than are wanted. */
  readonly isLikely?: boolean
  /** Whether `order` is that of no index: keys are to be sorted before rows are read. */
  readonly isSorted: boolean
}

const indexOf: Readonly<Partial<Record<TextField, readonly [index: string, column: string]>>> = {
  entity: ['detections_by_entity', 'entity_id'],
  connection: ['detections_by_connection', 'connection_id'],
  type: ['detections_by_type', 'type'],
  source: ['detections_by_source', 'source_type'],
  entity_type: ['detections_by_entity_type', 'entity_type'],
  organization: ['detections_by_organization', 'organization_id'],
  status: ['detections_by_status', 'status'],
  kind: ['detections_by_kind', 'kind'],
}
/** The one that leaves the fewest rows, as a rule, comes first. */
const preferred = Object.keys(indexOf) as readonly TextField[]

/**
 * Chooses by the shape of a query alone, so that the same search always goes the same way; `matchOf` says what its words are matched by, and
 * `hasCandidates` whether `temp.candidates` has all that it can find.
 */
export function chooseDriver(query: Query, matchOf: MatchOf, hasCandidates: boolean): Driver {
  const parts = conjunction(query)
  const words = parts.filter((part) => part.kind === 'words')
  if (words.length > 0) {
    const match = words.map(matchOf).join(' AND ')
    return byWords(
      match,
      parts.filter((part) => part.kind !== 'words'),
    )
  }
  const one = parts.find((part) => part.kind === 'text' && namesOne.has(part.field) && part.pattern.parts.length === 1)
  if (hasCandidates && one === undefined) return byCandidates(parts)
  for (const field of preferred) {
    const chosen = parts.find((part) => part.kind === 'text' && part.field === field && part.pattern.parts.length === 1)
    const index = indexOf[field]
    if (chosen?.kind !== 'text' || index === undefined) continue
    const [name, column] = index
    return {
      ...byIndex(
        `detections INDEXED BY ${name}`,
        `${column} = ? COLLATE NOCASE`,
        chosen.pattern.parts,
        // Of a text with a NUL in it the index gives others as well.
        chosen.pattern.parts[0]?.includes('\0') === true ? parts : parts.filter((part) => part !== chosen),
      ),
      isNarrow: field !== 'kind' && field !== 'status',
    }
  }
  const unread = parts.find((part) => part.kind === 'is' && part.state === 'unread')
  if (unread !== undefined) {
    return byIndex(
      'detections INDEXED BY detections_unread_by_change',
      "opened_at IS NULL AND triage_state = 'new'",
      [],
      parts.filter((part) => part !== unread),
    )
  }
  return { ...byIndex('detections INDEXED BY detections_by_change', 'TRUE', [], parts), isNarrow: false }
}

/**
 * Takes a range of detected_at, sorted into the order of lists: for what lies so far back that an index in that order would have to pass more
 * than the range holds. A short range is asked whole.
 */
export function byRange(query: Query, { from, to }: Range, isShort: boolean): Driver {
  const rest = toSql(query)
  const inRange = `FROM detections INDEXED BY detections_by_time WHERE detected_at >= ? AND detected_at < ? AND ${below}`
  const source = isShort ? `${inRange} AND ${rest.sql}` : inRange
  return {
    source,
    bounded: `${source} AND ${notBeyond}`,
    order: newestFirst,
    values: isShort ? [from, to, ...rest.values] : [from, to],
    rest: isShort || conjunction(query).every(isDetected) ? null : rest,
    isExact: true,
    isNarrow: true,
    isSorted: true,
  }
}

function isDetected(part: Query): boolean {
  return part.kind === 'time' && part.field === 'detected'
}

/** When all that a query finds was detected; null where it does not say, or says by what it is about that few are worth a look. */
export function detectedRange(query: Query): Range | null {
  let range: Range = always
  for (const part of conjunction(query)) {
    if (part.kind === 'text' && namesOne.has(part.field) && part.pattern.parts.length === 1) return null
    if (part.kind !== 'time' || part.field !== 'detected') continue
    range = intersect(range, {
      from: part.from === null ? always.from : toMillis(part.from),
      to: part.to === null ? always.to : toMillis(part.to),
    })
  }
  return range.from === always.from && range.to === always.to ? null : range
}

const namesOne: ReadonlySet<TextField> = new Set(['entity', 'connection'])

/** What must all be so, however deep the parentheses. */
export function conjunction(query: Query): readonly Query[] {
  return query.kind === 'all' ? query.of.flatMap(conjunction) : [query]
}

const newestFirst = 'detections.changed_at DESC, detections.row DESC'
const below = '(detections.changed_at, detections.row) < (@changedAt, @row)'
const notBeyond = '(detections.changed_at, detections.row) >= (@endAt, @endRow)'
/** Places go by whole seconds: those of the two keys are taken whole, and the keys decide within them. */
const placeBelow = `text_index.rowid < ${placeOf('(@changedAt + 1000)', '0')}`
const placeNotBeyond = `text_index.rowid >= ${placeOf('(@endAt - 1000)', '0')}`

function restOf(parts: readonly Query[]): Condition | null {
  return parts.length === 0 ? null : toSql({ kind: 'all', of: parts }, `${placeBelow} AND ${placeNotBeyond}`)
}

function byIndex(table: string, condition: string, values: readonly string[], rest: readonly Query[]): Driver {
  const source = `FROM ${table} WHERE ${condition} AND ${below}`
  return {
    source,
    bounded: `${source} AND ${notBeyond}`,
    order: newestFirst,
    values,
    rest: restOf(rest),
    isExact: true,
    isNarrow: true,
    isSorted: false,
  }
}

function byWords(match: string, rest: readonly Query[]): Driver {
  const source = `FROM text_index JOIN detections ON detections.row = ${rowAt('text_index.rowid')}
    WHERE text_index MATCH ? AND ${placeBelow} AND ${below}`
  return {
    source,
    bounded: `${source} AND ${placeNotBeyond} AND ${notBeyond}`,
    order: 'text_index.rowid DESC',
    values: [match],
    rest: restOf(rest),
    isExact: false,
    isNarrow: true,
    isSorted: false,
  }
}

/** They are few, and lie in `temp.candidates` by their places: no more of the detections are read than are looked at. */
function byCandidates(parts: readonly Query[]): Driver {
  const source = `FROM temp.candidates AS candidate CROSS JOIN detections ON detections.row = candidate.row
    WHERE candidate.place < ${placeOf('(@changedAt + 1000)', '0')} AND ${below}`
  return {
    source,
    bounded: `${source} AND candidate.place >= ${placeOf('(@endAt - 1000)', '0')} AND ${notBeyond}`,
    order: 'candidate.place DESC',
    values: [],
    rest: restOf(parts),
    isExact: false,
    isNarrow: true,
    isLikely: true,
    isSorted: false,
  }
}
