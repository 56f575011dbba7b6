import type { Counted } from '../../shared/overview.ts'
import type { Database } from './database.ts'
import { addPacked, chunkSize } from './packed-counts.ts'
import { dimensions, placeOfChunk, type Dimension } from './rollups.ts'
import { cover, hourLevel, minuteLevel, type Cover, type Edge, type Range } from './spans.ts'

/** `isExact` is false where an end of the range fell into so many rows of one minute or hour that it was moved to the nearer end of that. */
export type Sums<Of> = { readonly counts: Of; readonly isExact: boolean }

/** What rollups say of a range of detected_at. Each asks within one transaction, so that buckets and rows are of the same moment. */
export type RollupSums = {
  /** By value, most first, and the one that was seen first before others of as many. */
  byValue(dimension: Dimension, range: Range): Sums<readonly Counted[]>
  /** Kind and status, bar by bar. */
  states(bars: readonly Range[]): Sums<readonly (readonly Counted[])[]>
  /** The `most` that have most, and how many values there are at all. */
  top(dimension: Dimension, range: Range, most: number): Sums<readonly Counted[]> & { readonly values: number }
  /** The same of entities whose id begins like this, whatever the case of A to Z. */
  topEntities(begins: string, range: Range, most: number): Sums<readonly Counted[]> & { readonly values: number }
}

/** Rows at one end of a range that are counted one by one. */
const mostAtEdge = 20_000

const columns: Readonly<Record<Dimension, string>> = {
  [dimensions.state]: "kind || ' ' || status",
  [dimensions.type]: 'type',
  [dimensions.source]: 'source_type',
  [dimensions.entityType]: 'entity_type',
  [dimensions.organization]: 'organization_id',
  [dimensions.trust]: 'trust',
  [dimensions.triage]: 'triage_state',
  [dimensions.tactic]: 'tactics',
  [dimensions.technique]: 'techniques',
  [dimensions.entity]: 'entity_id',
  [dimensions.mapping]: "iif(tactics = '[]' AND techniques = '[]', 'none', NULL)",
}

type Sum = { readonly word: number; readonly count: number }

export function createRollupSums(db: Database): RollupSums {
  // From one to the next, so that what lies in the buckets is not read.
  const tops = db
    .prepare<[], number>(
      `WITH RECURSIVE top (bucket) AS (
         SELECT min(bucket) FROM rollups WHERE level = 4
         UNION ALL SELECT (SELECT min(bucket) FROM rollups WHERE level = 4 AND bucket > top.bucket) FROM top WHERE bucket IS NOT NULL)
       SELECT bucket FROM top WHERE bucket IS NOT NULL`,
    )
    .pluck()
  const sums = db.prepare<[string, number], Sum & { readonly bar: number }>(`
    SELECT span.value ->> 3 AS bar, word, sum((span.value ->> 2) * count) AS count
    FROM json_each(?) AS span CROSS JOIN rollups ON level = span.value ->> 0 AND bucket = span.value ->> 1 AND dimension = ?
    GROUP BY bar, word`)
  const entityCounts = db
    .prepare<[string], [place: number, counts: Uint8Array, sign: 1 | -1]>(
      `SELECT place, counts, span.value ->> 1 FROM json_each(?) AS span
       CROSS JOIN entity_rollups ON place BETWEEN span.value ->> 0 AND (span.value ->> 0) + 65535`,
    )
    .raw()
  const entitiesWith = db
    .prepare<[number, string, string], number>(
      `SELECT id FROM rollup_words
       WHERE dimension = ? AND value >= ? COLLATE NOCASE AND value < ? COLLATE NOCASE ORDER BY id`,
    )
    .pluck()
  const valueOf = db.prepare<[number], string>('SELECT value FROM rollup_words WHERE id = ?').pluck()
  const rowsAtEdge = db
    .prepare<[number, number, number], number>(
      'SELECT count(*) FROM (SELECT 1 FROM detections INDEXED BY detections_by_time WHERE detected_at >= ? AND detected_at < ? LIMIT ?)',
    )
    .pluck()
  const edgeSums = new Map(Object.values(dimensions).map((dimension) => [dimension, prepareEdge(dimension)]))

  return {
    byValue: db.transaction((dimension, range) => {
      const covered = cover(range, finestOf(dimension), tops.all())
      const { counts, isExact } = sumUp(dimension, [covered])
      return { counts: toCounted(counts[0] ?? new Map()), isExact }
    }),

    states: db.transaction((bars: readonly Range[]) => {
      const held = tops.all()
      const { counts, isExact } = sumUp(
        dimensions.state,
        bars.map((bar) => cover(bar, minuteLevel, held)),
      )
      return { counts: counts.map(toCounted), isExact }
    }),

    topEntities: db.transaction((begins: string, range: Range, most: number) => {
      const covered = cover(range, finestOf(dimensions.entity), tops.all())
      return topEntities(covered, most, begins === '' ? null : entitiesWith.all(dimensions.entity, begins, `${begins}\u{10ffff}`))
    }),

    top: db.transaction((dimension, range, most) => {
      const covered = cover(range, finestOf(dimension), tops.all())
      if (dimension === dimensions.entity) return topEntities(covered, most, null)
      const { counts, isExact } = sumUp(dimension, [covered])
      const all = toCounted(counts[0] ?? new Map())
      return { counts: all.slice(0, most), values: all.length, isExact }
    }),
  }

  function sumUp(dimension: Dimension, covers: readonly Cover[]): Sums<readonly Map<number, number>[]> {
    const counts = covers.map(() => new Map<number, number>())
    const add = (bar: number, word: number, count: number): void => {
      const sum = counts[bar]
      sum?.set(word, (sum.get(word) ?? 0) + count)
    }
    const spans = covers.flatMap((one, bar) => one.spans.map(({ level, bucket, sign }) => [level, bucket, sign, bar]))
    for (const { bar, word, count } of sums.all(JSON.stringify(spans), dimension)) add(bar, word, count)
    let isExact = true
    for (const [bar, { edges }] of covers.entries()) {
      if (!addEdges(dimension, edges, (word, count) => add(bar, word, count))) isExact = false
    }
    return { counts, isExact }
  }

  /** Answers whether all of them could be counted. */
  function addEdges(dimension: Dimension, edges: readonly Edge[], add: (word: number, count: number) => void): boolean {
    let isExact = true
    for (const { from, to, sign } of edges) {
      if ((rowsAtEdge.get(from, to, mostAtEdge + 1) ?? 0) > mostAtEdge) isExact = false
      else for (const { word, count } of edgeSums.get(dimension)?.all(from, to, dimension) ?? []) add(word, sign * count)
    }
    return isExact
  }

  function prepareEdge(dimension: Dimension) {
    const column = columns[dimension]
    const isList = dimension === dimensions.tactic || dimension === dimensions.technique
    const counted = isList
      ? `SELECT item.value AS named, count(DISTINCT row) AS count FROM detections INDEXED BY detections_by_time, json_each(detections.${column}) AS item`
      : `SELECT ${column} AS named, count(*) AS count FROM detections INDEXED BY detections_by_time`
    return db.prepare<[number, number, number], Sum>(`
      SELECT rollup_words.id AS word, count
      FROM (${counted} WHERE detected_at >= ? AND detected_at < ? GROUP BY named) CROSS JOIN rollup_words ON dimension = ? AND rollup_words.value = named`)
  }

  /** Sums up packed counts of thousands of entities without touching one by itself. `among` are words in order; null is all of them. */
  function topEntities(
    { spans, edges }: Cover,
    most: number,
    among: readonly number[] | null,
  ): Sums<readonly Counted[]> & { readonly values: number } {
    let totals = new Int32Array(16 * chunkSize)
    const grow = (length: number): void => {
      if (length <= totals.length) return
      const larger = new Int32Array(Math.max(length, 2 * totals.length))
      larger.set(totals)
      totals = larger
    }
    const places = spans.map(({ level, bucket, sign }) => [placeOfChunk(level, bucket, 0), sign])
    for (const [place, counts, sign] of entityCounts.all(JSON.stringify(places))) {
      const offset = (place % 2 ** 16) * chunkSize
      grow(offset + chunkSize)
      addPacked(totals, offset, counts, sign)
    }
    const isExact = addEdges(dimensions.entity, edges, (word, count) => {
      grow(word + 1)
      totals[word] = (totals[word] ?? 0) + count
    })
    const best: Sum[] = []
    let values = 0
    for (let index = 0; index < (among?.length ?? totals.length); index++) {
      const word = among === null ? index : (among[index] ?? 0)
      const count = totals[word] ?? 0
      if (count <= 0) continue
      values += 1
      if (best.length === most && count <= (best[most - 1]?.count ?? 0)) continue
      let at = best.length
      while (at > 0 && (best[at - 1]?.count ?? 0) < count) at -= 1
      best.splice(at, 0, { word, count })
      if (best.length > most) best.pop()
    }
    return { counts: best.map(({ word, count }) => ({ value: nameOf(word), count })), values, isExact }
  }

  function toCounted(counts: ReadonlyMap<number, number>): readonly Counted[] {
    return [...counts]
      .filter(([, count]) => count > 0)
      .sort(([word, count], [otherWord, otherCount]) => otherCount - count || word - otherWord)
      .map(([word, count]) => ({ value: nameOf(word), count }))
  }

  function nameOf(word: number): string {
    return valueOf.get(word) ?? ''
  }
}

function finestOf(dimension: Dimension): typeof minuteLevel | typeof hourLevel {
  return dimension === dimensions.state ? minuteLevel : hourLevel
}
