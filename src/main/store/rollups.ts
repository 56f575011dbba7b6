import type { Database } from './database.ts'
import type { DetectionRow } from './detection-row.ts'
import { movePacked } from './packed-counts.ts'
import { books, counterOf, firstWord, type Book } from './rollup-places.ts'
import { bucketOf, hourLevel, levels, minuteLevel, topLevel, type Level } from './spans.ts'

/** Counts that are true with every commit: what they are made of and they themselves are written together. */
export type Rollups = {
  /** Gathers what the changes of one transaction do to the counts; `write` belongs at the end of that transaction. */
  gather(): RollupGathering
}
export type RollupGathering = {
  /** A detection became what it is: `before` is null where it is new, `after` where it goes. */
  moved(before: CountedRow | null, after: CountedRow | null): void
  write(): void
}

/** What of a detection is counted. */
export type CountedRow = Pick<
  DetectionRow,
  | 'detected_at'
  | 'changed_at'
  | 'kind'
  | 'status'
  | 'type'
  | 'source_type'
  | 'entity_type'
  | 'organization_id'
  | 'trust'
  | 'triage_state'
  | 'tactics'
  | 'techniques'
  | 'entity_id'
>

/** By their numbers in the schema. */
export const dimensions = {
  state: 1,
  type: 2,
  source: 3,
  entityType: 4,
  organization: 5,
  trust: 6,
  triage: 7,
  tactic: 8,
  technique: 9,
  entity: 10,
} as const
export type Dimension = (typeof dimensions)[keyof typeof dimensions]

/** What a detection is in until somebody looks at it: not counted, since it is what the others leave. */
export const untouchedTriage = 'new'

const valuesOf: readonly (readonly [dimension: Dimension, value: (row: CountedRow) => string | null])[] = [
  [dimensions.state, stateOf],
  [dimensions.type, (row) => row.type],
  [dimensions.source, (row) => row.source_type],
  [dimensions.entityType, (row) => row.entity_type],
  [dimensions.organization, (row) => row.organization_id],
  [dimensions.trust, (row) => row.trust],
  [dimensions.entity, (row) => row.entity_id],
]
const listsOf: readonly (readonly [dimension: Dimension, list: (row: CountedRow) => string])[] = [
  [dimensions.tactic, (row) => row.tactics],
  [dimensions.technique, (row) => row.techniques],
]

/** By bucket and word, so much more or less. */
type Deltas<Word = number> = Map<number, Map<Word, number>>
/** A word that stands for the whole of a bucket. */
const whole = 0
/** Ids that are remembered of a dimension: a sender who varies without end is only looked up again. */
const mostKnown = 50_000

export function createRollups(db: Database): Rollups {
  const wordOf = db.prepare<[number, string], number>('SELECT id FROM rollup_words WHERE dimension = ? AND value = ?').pluck()
  const addWord = db
    .prepare<[number, number, number, number, string], number>(
      `INSERT INTO rollup_words
       VALUES (ifnull((SELECT id FROM rollup_words WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1) + 1, ?), ?, ?) RETURNING id`,
    )
    .pluck()
  const countsAt = db.prepare<[number], Uint8Array>('SELECT counts FROM rollups WHERE place = ?').pluck()
  const writeCounts = db.prepare<[number, Uint8Array]>('REPLACE INTO rollups VALUES (?, ?)')
  const dropCounts = db.prepare<[number]>('DELETE FROM rollups WHERE place = ?')
  const countTriage = db.prepare<[number, number, string, number]>(
    'INSERT INTO triage_rollups VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
  )
  const dropTriage = db.prepare<[number, number, string]>(
    'DELETE FROM triage_rollups WHERE level = ? AND bucket = ? AND state = ? AND count = 0',
  )
  const countChange = db.prepare<[number, number, number]>(
    'INSERT INTO change_rollups VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
  )
  const dropChange = db.prepare<[number, number]>('DELETE FROM change_rollups WHERE level = ? AND bucket = ? AND count = 0')
  // None is ever deleted, so what was there before a transaction stays known; what was made in one may be rolled back with it.
  const known = new Map(Object.values(dimensions).map((dimension) => [dimension, new Map<string, number>()]))

  return {
    gather() {
      // Gathered at the finest level alone: most deliveries of a commit fall into the same few buckets, and each is written once.
      const made = new Map<string, number>()
      const deltas: Readonly<Record<Book, Deltas>> = { 0: new Map(), 1: new Map(), 2: new Map() }
      const triages: Deltas<string> = new Map()
      const changes: Deltas = new Map()

      const word = (dimension: Dimension, value: string): number => {
        const words = known.get(dimension)
        const key = `${dimension} ${value}`
        const remembered = words?.get(value) ?? made.get(key)
        if (remembered !== undefined) return remembered
        const found = wordOf.get(dimension, value)
        if (found !== undefined) {
          if (words !== undefined && words.size >= mostKnown) words.clear()
          words?.set(value, found)
          return found
        }
        const book = bookOf(dimension)
        const id = addWord.get(firstWord(book), firstWord(book) + 2 ** 26 - 1, firstWord(book), dimension, value)
        if (id === undefined) throw new Error('a word was not written')
        made.set(key, id)
        return id
      }
      const move = (dimension: Dimension, at: number, value: string | null, delta: number): void => {
        if (value === null) return
        const book = bookOf(dimension)
        add(deltas[book], bucketOf(at, finestOf(book)), word(dimension, value) - firstWord(book), delta)
      }
      const moveAll = (row: CountedRow, other: CountedRow | null, delta: 1 | -1): void => {
        const at = row.detected_at
        const isThen = at === other?.detected_at
        for (const [dimension, value] of valuesOf) if (!isThen || value(row) !== value(other)) move(dimension, at, value(row), delta)
        for (const [dimension, list] of listsOf) {
          if (isThen && list(row) === list(other)) continue
          for (const value of itemsOf(list(row))) move(dimension, at, value, delta)
        }
        if (row.triage_state !== untouchedTriage && !(isThen && row.triage_state === other.triage_state))
          add(triages, bucketOf(at, hourLevel), row.triage_state, delta)
        if (row.changed_at !== other?.changed_at) add(changes, bucketOf(row.changed_at, minuteLevel), whole, delta)
      }

      return {
        moved(before, after) {
          if (before !== null) moveAll(before, after, -1)
          if (after !== null) moveAll(after, before, 1)
        },
        write() {
          for (const book of Object.values(books)) writeBook(book, deltas[book])
          writeUp(triages, hourLevel, (level, bucket, state, delta) => {
            countTriage.run(level, bucket, state, delta)
            if (delta < 0) dropTriage.run(level, bucket, state)
          })
          writeUp(changes, minuteLevel, (level, bucket, _, delta) => {
            countChange.run(level, bucket, delta)
            if (delta < 0) dropChange.run(level, bucket)
          })
        },
      }
    },
  }

  /** Each row once, however many of its counters have moved. */
  function writeBook(book: Book, deltas: Deltas): void {
    const rows: Deltas = new Map()
    writeUp(deltas, finestOf(book), (level, bucket, word, delta) => {
      const { place, counter } = counterOf(book, level, bucket, word)
      add(rows, place, counter, delta)
    })
    for (const [place, moves] of rows) {
      const counts = movePacked(countsAt.get(place), moves)
      if (counts === null) dropCounts.run(place)
      else writeCounts.run(place, counts)
    }
  }
}

/** Triage is in none of them: it changes in many places, and SQL counts it. */
export function bookOf(dimension: Dimension): Book {
  if (dimension === dimensions.state) return books.states
  return dimension === dimensions.entity ? books.entities : books.fields
}

export function finestOf(book: Book): typeof minuteLevel | typeof hourLevel {
  return book === books.states ? minuteLevel : hourLevel
}

/** Kinds have no space in them. */
export function stateOf({ kind, status }: Pick<CountedRow, 'kind' | 'status'>): string {
  return `${kind} ${status}`
}

export function itemsOf(list: string): ReadonlySet<string> {
  return new Set(list === '[]' ? [] : (JSON.parse(list) as readonly string[]))
}

/** Everything that is not 0, level by level. */
function writeUp<Word>(
  deltas: Deltas<Word>,
  finest: Level,
  write: (level: Level, bucket: number, word: Word, delta: number) => void,
): void {
  let here = deltas
  for (let level = finest; ; level = (level + 1) as Level) {
    const above: Deltas<Word> = new Map()
    for (const [bucket, byWord] of here) {
      const parent = level === topLevel ? 0 : bucketOf(bucket * levels[level], (level + 1) as Level)
      for (const [word, delta] of byWord) {
        if (delta === 0) continue
        write(level, bucket, word, delta)
        add(above, parent, word, delta)
      }
    }
    if (level === topLevel) return
    here = above
  }
}

function add<Word>(deltas: Deltas<Word>, bucket: number, word: Word, delta: number): void {
  let byWord = deltas.get(bucket)
  if (byWord === undefined) deltas.set(bucket, (byWord = new Map()))
  byWord.set(word, (byWord.get(word) ?? 0) + delta)
}
