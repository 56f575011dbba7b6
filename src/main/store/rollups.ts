import type { Database } from './database.ts'
import type { DetectionRow } from './detection-row.ts'
import { chunkSize, movePacked } from './packed-counts.ts'
import { bucketOf, hourLevel, levels, minuteLevel, topLevel, type Level } from './spans.ts'

/** Counts that are true with every commit: what they are made of and they themselves are written together. */
export type Rollups = {
  /** Gathers what the changes of one transaction do to the counts; `write` belongs at the end of that transaction. */
  gather(): RollupGathering
}
export type RollupGathering = {
  /** A detection became what it is: `before` is null where it is new, `after` where it goes. */
  moved(before: CountedRow | null, after: CountedRow | null): void
  /** Only its triage became another. */
  retriaged(detectedAt: number, before: string, after: string): void
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
  mapping: 11,
} as const
export type Dimension = (typeof dimensions)[keyof typeof dimensions]

const valuesOf: readonly (readonly [dimension: Dimension, value: (row: CountedRow) => string | null])[] = [
  [dimensions.type, (row) => row.type],
  [dimensions.source, (row) => row.source_type],
  [dimensions.entityType, (row) => row.entity_type],
  [dimensions.organization, (row) => row.organization_id],
  [dimensions.trust, (row) => row.trust],
  [dimensions.triage, (row) => row.triage_state],
  [dimensions.entity, (row) => row.entity_id],
  // Only where there is none: most posture, and few threats.
  [dimensions.mapping, ({ tactics, techniques }) => (tactics === '[]' && techniques === '[]' ? 'none' : null)],
]
const listsOf: readonly (readonly [dimension: Dimension, list: (row: CountedRow) => string])[] = [
  [dimensions.tactic, (row) => row.tactics],
  [dimensions.technique, (row) => row.techniques],
]

/** By bucket and word, so much more or less. */
type Deltas = Map<number, Map<number, number>>
/** A word that stands for the whole of a bucket. */
const whole = 0

export function createRollups(db: Database): Rollups {
  const wordOf = db.prepare<[number, string], number>('SELECT id FROM rollup_words WHERE dimension = ? AND value = ?').pluck()
  const addWord = db.prepare<[number, string], number>('INSERT INTO rollup_words (dimension, value) VALUES (?, ?) RETURNING id').pluck()
  const count = db.prepare<[number, number, number, number, number]>(
    'INSERT INTO rollups VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
  )
  const drop = db.prepare<[number, number, number, number]>(
    'DELETE FROM rollups WHERE level = ? AND bucket = ? AND dimension = ? AND word = ? AND count = 0',
  )
  const countChange = db.prepare<[number, number, number]>(
    'INSERT INTO change_rollups VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
  )
  const dropChange = db.prepare<[number, number]>('DELETE FROM change_rollups WHERE level = ? AND bucket = ? AND count = 0')
  const entityCounts = db.prepare<[number], Uint8Array>('SELECT counts FROM entity_rollups WHERE place = ?').pluck()
  const writeEntityCounts = db.prepare<[number, Uint8Array]>(
    'INSERT INTO entity_rollups VALUES (?, ?) ON CONFLICT DO UPDATE SET counts = excluded.counts',
  )
  const dropEntityCounts = db.prepare<[number]>('DELETE FROM entity_rollups WHERE place = ?')

  return {
    gather() {
      // Gathered at the finest level alone: most deliveries of a commit fall into the same few buckets, and each is written once. Words are
      // looked up anew in each transaction, since one that was made in another may have been rolled back with it.
      const words = new Map<string, number>()
      const dimensionOf = new Map<number, Dimension>()
      const states: Deltas = new Map()
      const others: Deltas = new Map()
      const entities: Deltas = new Map()
      const changes: Deltas = new Map()

      const move = (dimension: Dimension, at: number, value: string | null, delta: number): void => {
        if (value === null) return
        const bucket = bucketOf(at, dimension === dimensions.state ? minuteLevel : hourLevel)
        const deltas = dimension === dimensions.state ? states : dimension === dimensions.entity ? entities : others
        add(deltas, bucket, word(dimension, value), delta)
      }
      const word = (dimension: Dimension, value: string): number => {
        const key = `${dimension} ${value}`
        const known = words.get(key)
        if (known !== undefined) return known
        const id = wordOf.get(dimension, value) ?? addWord.get(dimension, value)
        if (id === undefined) throw new Error('a word was not written')
        words.set(key, id)
        dimensionOf.set(id, dimension)
        return id
      }
      const moveAll = (row: CountedRow, other: CountedRow | null, delta: 1 | -1): void => {
        const at = row.detected_at
        const isThen = at === other?.detected_at
        if (!isThen || row.kind !== other.kind || row.status !== other.status) move(dimensions.state, at, stateOf(row), delta)
        for (const [dimension, value] of valuesOf) if (!isThen || value(row) !== value(other)) move(dimension, at, value(row), delta)
        for (const [dimension, list] of listsOf) {
          if (isThen && list(row) === list(other)) continue
          for (const value of itemsOf(list(row))) move(dimension, at, value, delta)
        }
        if (row.changed_at !== other?.changed_at) add(changes, bucketOf(row.changed_at, minuteLevel), whole, delta)
      }

      return {
        moved(before, after) {
          if (before !== null) moveAll(before, after, -1)
          if (after !== null) moveAll(after, before, 1)
        },
        retriaged(detectedAt, before, after) {
          if (before === after) return
          move(dimensions.triage, detectedAt, before, -1)
          move(dimensions.triage, detectedAt, after, 1)
        },
        write() {
          const countWord = (level: Level, bucket: number, id: number, delta: number): void => {
            const dimension = dimensionOf.get(id) ?? dimensions.state
            count.run(level, bucket, dimension, id, delta)
            if (delta < 0) drop.run(level, bucket, dimension, id)
          }
          writeUp(states, minuteLevel, countWord)
          writeUp(others, hourLevel, countWord)
          writeUp(changes, minuteLevel, (level, bucket, _, delta) => {
            countChange.run(level, bucket, delta)
            if (delta < 0) dropChange.run(level, bucket)
          })
          writeEntities(entities)
        },
      }
    },
  }

  function writeEntities(entities: Deltas): void {
    const chunks: Deltas = new Map()
    writeUp(entities, hourLevel, (level, bucket, id, delta) => {
      add(chunks, placeOfChunk(level, bucket, Math.floor(id / chunkSize)), id % chunkSize, delta)
    })
    for (const [place, deltas] of chunks) {
      const counts = movePacked(entityCounts.get(place), deltas)
      if (counts === null) dropEntityCounts.run(place)
      else writeEntityCounts.run(place, counts)
    }
  }
}

/** Kinds have no space in them. */
export function stateOf({ kind, status }: Pick<CountedRow, 'kind' | 'status'>): string {
  return `${kind} ${status}`
}

export function itemsOf(list: string): ReadonlySet<string> {
  return new Set(list === '[]' ? [] : (JSON.parse(list) as readonly string[]))
}

/** Where the counts of the entities of a chunk stand; 2^16 chunks to a bucket. */
export function placeOfChunk(level: Level, bucket: number, chunk: number): number {
  return (level * 2 ** 28 + bucket + 2 ** 27) * 2 ** 16 + chunk
}

/** Everything that is not 0, level by level. */
function writeUp(deltas: Deltas, finest: Level, write: (level: Level, bucket: number, word: number, delta: number) => void): void {
  let here = deltas
  for (let level = finest; ; level = (level + 1) as Level) {
    const above: Deltas = new Map()
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

function add(deltas: Deltas, bucket: number, word: number, delta: number): void {
  let byWord = deltas.get(bucket)
  if (byWord === undefined) deltas.set(bucket, (byWord = new Map()))
  byWord.set(word, (byWord.get(word) ?? 0) + delta)
}
