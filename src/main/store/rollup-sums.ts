import type { Database } from './database.ts'
import { addPacked, chunkSize } from './packed-counts.ts'
import { bucketAt, bucketOfStates, books, counterOfStates, firstWord, partAt, placeOf, rowOfStates, statesInRow } from './rollup-places.ts'
import { bookOf, dimensions, finestOf, untouchedTriage, type Dimension } from './rollups.ts'
import { cover, hourLevel, minuteLevel, topLevel, type Cover, type Edge, type Level, type Range, type Span } from './spans.ts'

export type Counted = { readonly value: string; readonly count: number }
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
}

type Word = { readonly id: number; readonly value: string }
type Blob = [place: number, counts: Uint8Array]
type BarSpan = Span & { readonly bar: number }

export function createRollupSums(db: Database): RollupSums {
  const blobs = db.prepare<[number, number], Blob>('SELECT place, counts FROM rollups WHERE place BETWEEN ? AND ?').raw()
  const triages = db
    .prepare<[number, number, number], [state: string, count: number]>(
      'SELECT state, count FROM triage_rollups WHERE level = ? AND bucket BETWEEN ? AND ?',
    )
    .raw()
  const wordsOf = db.prepare<[number], Word>('SELECT id, value FROM rollup_words WHERE dimension = ? ORDER BY id')
  const valueOf = db.prepare<[number], string>('SELECT value FROM rollup_words WHERE id = ?').pluck()
  const idOf = db.prepare<[number, string], number>('SELECT id FROM rollup_words WHERE dimension = ? AND value = ?').pluck()
  const rowsAtEdge = db
    .prepare<[number, number, number], number>(
      'SELECT count(*) FROM (SELECT 1 FROM detections INDEXED BY detections_by_time WHERE detected_at >= ? AND detected_at < ? LIMIT ?)',
    )
    .pluck()
  const edgeSums = new Map(Object.values(dimensions).map((dimension) => [dimension, prepareEdge(dimension)]))

  return {
    byValue: db.transaction((dimension, range) => sumUp(dimension, range)),

    states: db.transaction((bars: readonly Range[]) => sumStates(bars)),

    top: db.transaction((dimension, range, most) => {
      if (dimension === dimensions.entity) return topEntities(cover(range, hourLevel, tops()), most)
      const { counts, isExact } = sumUp(dimension, range)
      return { counts: counts.slice(0, most), values: counts.length, isExact }
    }),
  }

  function sumUp(dimension: Dimension, range: Range): Sums<readonly Counted[]> {
    if (dimension === dimensions.state) {
      const { counts, isExact } = sumStates([range])
      return { counts: counts[0] ?? [], isExact }
    }
    const covered = cover(range, finestOf(bookOf(dimension)), tops())
    if (dimension === dimensions.triage) return sumTriage(covered)
    const { totals, isExact } = sumWords(dimension, covered)
    const first = firstWord(bookOf(dimension))
    const counted = wordsOf.all(dimension).map(({ id, value }) => ({ value, count: totals[id - first] ?? 0 }))
    return { counts: mostFirst(counted.filter(({ count }) => count > 0)), isExact }
  }

  /** What is in no other triage is in the first. */
  function sumTriage({ spans, edges }: Cover): Sums<readonly Counted[]> {
    const counts = new Map([[untouchedTriage, 0]])
    const add = (state: string, count: number): void => void counts.set(state, (counts.get(state) ?? 0) + count)
    eachState(
      spans.map((span) => ({ ...span, bar: 0 })),
      (_, __, count) => add(untouchedTriage, count),
    )
    for (const { level, from, to, sign } of runsOf(spans)) {
      for (const [state, count] of triages.all(level, from, to)) {
        add(state, sign * count)
        add(untouchedTriage, -sign * count)
      }
    }
    const isExact = addEdges(dimensions.triage, edges, add)
    return { counts: mostFirst([...counts].map(([value, count]) => ({ value, count })).filter(({ count }) => count > 0)), isExact }
  }

  function sumStates(bars: readonly Range[]): Sums<readonly (readonly Counted[])[]> {
    const held = tops()
    const counts = bars.map(() => new Map<number, number>())
    const add = (bar: number, word: number, count: number): void => {
      const sum = counts[bar]
      sum?.set(word, (sum.get(word) ?? 0) + count)
    }
    const covers = bars.map((bar) => cover(bar, minuteLevel, held))
    eachState(
      covers.flatMap(({ spans }, bar) => spans.map((span) => ({ ...span, bar }))),
      add,
    )
    let isExact = true
    for (const [bar, { edges }] of covers.entries()) {
      if (!addEdges(dimensions.state, edges, (value, count) => add(bar, idOf.get(dimensions.state, value) ?? -1, count))) isExact = false
    }
    const names = new Map<number, string>()
    const nameOf = (word: number): string => {
      const name = names.get(word) ?? valueOf.get(word) ?? ''
      names.set(word, name)
      return name
    }
    const toCounted = (sum: ReadonlyMap<number, number>) =>
      [...sum]
        .filter(([word, count]) => word >= 0 && count > 0)
        .sort(([word, count], [otherWord, otherCount]) => otherCount - count || word - otherWord)
        .map(([word, count]) => ({ value: nameOf(word), count }))
    return { counts: counts.map(toCounted), isExact }
  }

  /** Row by row: most of the bars that follow each other are counted in the same one. */
  function eachState(spans: readonly BarSpan[], add: (bar: number, word: number, count: number) => void): void {
    const sorted = spans
      .map((span) => ({ ...span, row: rowOfStates(span.level, span.bucket) }))
      .sort((one, other) => one.level - other.level || one.row - other.row)
    const counters = new Int32Array(chunkSize)
    let from = 0
    while (from < sorted.length) {
      const { level, row } = sorted[from] ?? { level: topLevel, row: 0 }
      let last = row
      let to = from + 1
      for (; sorted[to]?.level === level && (sorted[to]?.row ?? 0) <= last + 1; to++) last = sorted[to]?.row ?? last
      let at = from
      for (const [place, counts] of blobs.all(placeOf(books.states, level, row, 0), placeOf(books.states, level, last, 2 ** 16 - 1))) {
        counters.fill(0)
        addPacked(counters, 0, counts, 1)
        const here = bucketAt(place)
        while (at < to && (sorted[at]?.row ?? 0) < here) at++
        for (let next = at; next < to && sorted[next]?.row === here; next++) {
          const span = sorted[next]
          if (span === undefined) break
          const first = counterOfStates(level, span.bucket)
          for (let state = 0; state < statesInRow; state++) {
            const count = counters[first + state] ?? 0
            if (count !== 0) add(span.bar, partAt(place) * statesInRow + state, span.sign * count)
          }
        }
      }
      from = to
    }
  }

  /** The buckets of the highest level that hold anything. */
  function tops(): readonly number[] {
    const found: number[] = []
    const counters = new Int32Array(chunkSize)
    for (const [place, counts] of blobs.all(
      placeOf(books.states, topLevel, -(2 ** 27), 0),
      placeOf(books.states, topLevel, 2 ** 27 - 1, 2 ** 16 - 1),
    )) {
      counters.fill(0)
      addPacked(counters, 0, counts, 1)
      for (const [counter, count] of counters.entries()) if (count > 0) found.push(bucketOfStates(topLevel, bucketAt(place), counter))
    }
    return [...new Set(found)].sort((one, other) => one - other)
  }

  /** Of each word of the book of a dimension, whether it is of that dimension or not: those of one bucket are packed together. */
  function sumWords(dimension: Dimension, { spans, edges }: Cover): { readonly totals: Int32Array; readonly isExact: boolean } {
    const book = bookOf(dimension)
    let totals = new Int32Array(4 * chunkSize)
    const grow = (length: number): void => {
      if (length <= totals.length) return
      const larger = new Int32Array(Math.max(length, 2 * totals.length))
      larger.set(totals)
      totals = larger
    }
    for (const { level, from, to, sign } of runsOf(spans)) {
      for (const [place, counts] of blobs.all(placeOf(book, level, from, 0), placeOf(book, level, to, 2 ** 16 - 1))) {
        const first = partAt(place) * chunkSize
        grow(first + chunkSize)
        addPacked(totals, first, counts, sign)
      }
    }
    const isExact = addEdges(dimension, edges, (value, count) => {
      const id = idOf.get(dimension, value)
      if (id === undefined) return
      const word = id - firstWord(book)
      grow(word + 1)
      totals[word] = (totals[word] ?? 0) + count
    })
    return { totals, isExact }
  }

  function topEntities(covered: Cover, most: number): Sums<readonly Counted[]> & { readonly values: number } {
    const { totals, isExact } = sumWords(dimensions.entity, covered)
    const best: { readonly word: number; readonly count: number }[] = []
    let values = 0
    for (let word = 0; word < totals.length; word++) {
      const count = totals[word] ?? 0
      if (count <= 0) continue
      values += 1
      if (best.length === most && count <= (best[most - 1]?.count ?? 0)) continue
      let at = best.length
      while (at > 0 && (best[at - 1]?.count ?? 0) < count) at -= 1
      best.splice(at, 0, { word, count })
      if (best.length > most) best.pop()
    }
    const counts = best.map(({ word, count }) => ({ value: valueOf.get(firstWord(books.entities) + word) ?? '', count }))
    return { counts, values, isExact }
  }

  /** Answers whether all of them could be counted. */
  function addEdges(dimension: Dimension, edges: readonly Edge[], add: (value: string, count: number) => void): boolean {
    let isExact = true
    for (const { from, to, sign } of edges) {
      if ((rowsAtEdge.get(from, to, mostAtEdge + 1) ?? 0) > mostAtEdge) isExact = false
      else for (const { value, count } of edgeSums.get(dimension)?.all(from, to) ?? []) if (value !== null) add(value, sign * count)
    }
    return isExact
  }

  function prepareEdge(dimension: Dimension) {
    const column = columns[dimension]
    const isList = dimension === dimensions.tactic || dimension === dimensions.technique
    const counted = isList
      ? `SELECT item.value AS value, count(DISTINCT row) AS count FROM detections INDEXED BY detections_by_time, json_each(detections.${column}) AS item`
      : `SELECT ${column} AS value, count(*) AS count FROM detections INDEXED BY detections_by_time`
    return db.prepare<[number, number], { readonly value: string | null; readonly count: number }>(
      `${counted} WHERE detected_at >= ? AND detected_at < ? GROUP BY 1`,
    )
  }
}

/** Buckets of a level that follow each other, read in one go. */
function runsOf(
  spans: readonly Span[],
): readonly { readonly level: Level; readonly from: number; readonly to: number; readonly sign: 1 | -1 }[] {
  const runs: { level: Level; from: number; to: number; sign: 1 | -1 }[] = []
  for (const { level, bucket, sign } of [...spans].sort((one, other) => one.level - other.level || one.bucket - other.bucket)) {
    const last = runs.at(-1)
    if (last?.level === level && last.sign === sign && last.to === bucket - 1) last.to = bucket
    else runs.push({ level, from: bucket, to: bucket, sign })
  }
  return runs
}

function mostFirst(counted: readonly Counted[]): readonly Counted[] {
  return [...counted].sort((one, other) => other.count - one.count)
}
