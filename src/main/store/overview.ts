import type { Instant, Kind } from '../../shared/detection.ts'
import {
  facetNames,
  type CountAnswer,
  type Counted,
  type FacetName,
  type FacetsAnswer,
  type HistogramAnswer,
  type StateCount,
} from '../../shared/overview.ts'
import type { TimeRange } from '../../shared/view.ts'
import { fits } from '../query/pattern.ts'
import { within, type Query } from '../query/query.ts'
import { barsOf, type Bucket } from './bars.ts'
import type { Database } from './database.ts'
import { conjunction, detectedRange } from './drivers.ts'
import { createPositions, type Positions } from './positions.ts'
import { createPostureIntervals } from './posture-intervals.ts'
import { createRollupSums } from './rollup-sums.ts'
import { dimensions } from './rollups.ts'
import { createSeenValues } from './seen-values.ts'
import { createScan, type Scanned } from './scan.ts'
import { createSearchReader } from './search-reader.ts'
import { always, intersect, type Range } from './spans.ts'
import type { TextIndex } from './text-index.ts'
import { toInstant, toMillis } from './time.ts'

export const topDimensions = ['entity', 'type', 'source', 'technique', 'tactic'] as const
export type TopDimension = (typeof topDimensions)[number]
/** `values`: how many there are in all. */
export type Top = { readonly counts: readonly Counted[]; readonly values: number; readonly isExact: boolean }

/** By detectedAt; everything where there is no range. */
export type Searched = { readonly text: string; readonly range?: TimeRange | null }
export type { CountAnswer } from '../../shared/overview.ts'

/** null leaves an end open. `to` is exclusive. */
type Between = { readonly from: Instant | null; readonly to: Instant | null }

/** Counts of the history by when detections were detected. What no search narrows down is read from rollups and is exact in any range. */
export type Overview = Positions & {
  histogram(wanted: Between & { readonly text: string; readonly bucket: Bucket | number }): HistogramAnswer
  facets(wanted: Searched): FacetsAnswer
  count(wanted: Searched): CountAnswer
  /** At most 100; of as many, the one that was seen first comes first. */
  top(wanted: Between & { readonly dimension: TopDimension; readonly limit: number }): Top
  postureIntervals: ReturnType<typeof createPostureIntervals>
  seen: ReturnType<typeof createSeenValues>
}

export const mostFaceted = 10_000
/** A range of no more is counted whole, however many of them fit. */
const fewRows = 20_000
const mostValues = 100

type FacetRow = Readonly<Record<FacetName, string | null>>
type StateRow = { readonly kind: string; readonly status: string; readonly detected_at: number }

export function createOverview(
  db: Database,
  parts: { readonly textIndex: TextIndex; readonly now: () => number; readonly clock?: () => number },
): Overview {
  const { textIndex, clock = () => performance.now() } = parts
  const readSearch = createSearchReader(db, parts.now)
  const sums = createRollupSums(db)
  const scan = createScan(db, { textIndex, clock })
  const extent = db.prepare<[], { first: number | null; last: number | null }>(
    'SELECT (SELECT min(detected_at) FROM detections) AS first, (SELECT max(detected_at) FROM detections) AS last',
  )

  return {
    ...createPositions(db, clock),
    seen: createSeenValues(db, sums),
    postureIntervals: createPostureIntervals(db),

    histogram({ text, from, to, bucket }) {
      const parsed = readSearch(text)
      if (parsed.kind === 'refused') return parsed
      const plain = plainRange(parsed.query)
      const range = withinHistory(intersect(toRange({ from, to }), plain?.range ?? always))
      const { step, bars } = barsOf(range, bucket)
      const answer = plain === null ? scanBars(parsed.query, range, bars) : sumBars(bars, plain.hasState)
      return {
        kind: 'histogram',
        step,
        bars: bars.map((bar, index) => ({ from: toInstant(bar.from), to: toInstant(bar.to), counts: answer.counts[index] ?? [] })),
        isExact: answer.isExact,
        countedTo: answer.countedTo,
      }
    },

    facets({ text, range = null }) {
      const parsed = readSearch(text)
      if (parsed.kind === 'refused') return parsed
      const query = within(parsed.query, range)
      const plain = plainRange(query)
      return plain === null || plain.isNarrowed ? scanFacets(query) : sumFacets(plain.range)
    },

    count({ text, range = null }) {
      const parsed = readSearch(text)
      if (parsed.kind === 'refused') return parsed
      const query = within(parsed.query, range)
      const plain = plainRange(query)
      if (plain !== null) {
        const states = sums.byValue(dimensions.state, plain.range).counts.map(toState).filter(plain.hasState)
        return { kind: 'count', count: states.reduce((sum, { count }) => sum + count, 0), isCapped: false }
      }
      let count = 0
      const { isCapped, seenTo, isIndexed } = visitAll(query, 'detections.row', () => {
        count += 1
      })
      return { kind: 'count', count, isCapped: isCapped || seenTo !== null || !isIndexed }
    },

    top: ({ dimension, from, to, limit }) =>
      sums.top(dimensions[dimension], toRange({ from, to }), Math.max(1, Math.min(mostValues, Math.trunc(limit)))),
  }

  function sumBars(bars: readonly Range[], isWanted: (state: StateCount) => boolean) {
    const { counts, isExact } = sums.states(bars)
    return { counts: counts.map((states) => states.map(toState).filter(isWanted)), isExact, countedTo: null }
  }

  function scanBars(query: Query, range: Range, bars: readonly Range[]) {
    const counts = bars.map(() => new Map<string, number>())
    const rows = sums.byValue(dimensions.state, range).counts.reduce((sum, { count }) => sum + count, 0)
    const { seenTo, isIndexed } = scan.byTime<StateRow>(
      query,
      'kind, status, detected_at',
      { ...range, rows },
      ({ kind, status, detected_at }) => {
        const states = counts[barAt(bars, detected_at)]
        const state = `${kind} ${status}`
        states?.set(state, (states.get(state) ?? 0) + 1)
      },
    )
    return {
      counts: counts.map((states) => toCounted(states).map(toState)),
      isExact: seenTo === null && isIndexed,
      countedTo: seenTo === null ? null : toInstant(seenTo),
    }
  }

  function sumFacets(range: Range): FacetsAnswer {
    const state = sums.byValue(dimensions.state, range)
    const states = state.counts.map(toState)
    const others = (['type', 'source', 'entityType', 'organization', 'trust', 'triage'] as const).map(
      (name) => [name, sums.byValue(dimensions[name], range)] as const,
    )
    const facets = Object.fromEntries([
      ['kind', tally(states, ({ kind }) => kind)],
      ['status', tally(states, ({ status }) => status)],
      ...others.map(([name, { counts }]) => [name, counts.slice(0, mostValues)] as const),
    ]) as Readonly<Record<FacetName, readonly Counted[]>>
    return {
      kind: 'facets',
      facets,
      counted: states.reduce((sum, { count }) => sum + count, 0),
      isCapped: false,
      isExact: state.isExact && others.every(([, { isExact }]) => isExact),
      countedTo: null,
    }
  }

  function scanFacets(query: Query): FacetsAnswer {
    const counts = new Map(facetNames.map((name) => [name, new Map<string, number>()]))
    let counted = 0
    const columns =
      'kind, status, type, source_type AS source, entity_type AS entityType, organization_id AS organization, trust, triage_state AS triage'
    const { isCapped, seenTo, isIndexed } = visitAll<FacetRow>(query, columns, (row) => {
      counted += 1
      for (const [name, values] of counts) {
        const value = row[name]
        if (value !== null) values.set(value, (values.get(value) ?? 0) + 1)
      }
    })
    const facets = Object.fromEntries(
      [...counts].map(([name, values]) => [name, toCounted(values).slice(0, mostValues)]),
    ) as unknown as Readonly<Record<FacetName, readonly Counted[]>>
    const isExact = !isCapped && seenTo === null && isIndexed
    return { kind: 'facets', facets, counted, isCapped, isExact, countedTo: seenTo === null ? null : toInstant(seenTo) }
  }

  /** The newest that fit, or all of them where they lie in a short time, however far back that is. */
  function visitAll<Row>(query: Query, columns: string, visit: (row: Row) => void): Scanned {
    const range = detectedRange(query)
    const rows = range === null ? Infinity : sums.byValue(dimensions.state, range).counts.reduce((sum, { count }) => sum + count, 0)
    if (range === null) return scan.byChange(query, columns, mostFaceted, visit)
    return scan.byTime(query, columns, { ...range, rows }, visit, rows <= fewRows ? rows : mostFaceted)
  }

  /** Bars are for where there is something: an open end is that of the history. */
  function withinHistory(range: Range): Range {
    if (range.from !== always.from && range.to !== always.to) return range
    const { first, last } = extent.get() ?? { first: null, last: null }
    if (first === null || last === null) return { from: 0, to: 0 }
    return { from: range.from === always.from ? first : range.from, to: range.to === always.to ? last + 1 : range.to }
  }
}

type Plain = { readonly range: Range; readonly isNarrowed: boolean; readonly hasState: (state: StateCount) => boolean }

/** The range of a search that asks for nothing but when something was detected, its kind and its status; null of any other. */
function plainRange(query: Query): Plain | null {
  let range = always
  const tests: ((state: StateCount) => boolean)[] = []
  for (const part of conjunction(query)) {
    if (part.kind === 'time' && part.field === 'detected') range = intersect(range, toRange(part))
    else if (part.kind === 'text' && (part.field === 'kind' || part.field === 'status')) {
      const { field, pattern } = part
      tests.push((state) => fits(pattern, state[field]))
    } else return null
  }
  return { range, isNarrowed: tests.length > 0, hasState: (state) => tests.every((test) => test(state)) }
}

function toRange({ from, to }: Between): Range {
  return { from: from === null ? always.from : toMillis(from), to: to === null ? always.to : toMillis(to) }
}

/** The last bar that begins at or before this moment. */
function barAt(bars: readonly Range[], at: number): number {
  let [low, high] = [0, bars.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((bars[middle]?.from ?? Infinity) <= at) low = middle
    else high = middle - 1
  }
  return low
}

function toState({ value, count }: Counted): StateCount {
  const at = value.indexOf(' ')
  return { kind: value.slice(0, at) as Kind, status: value.slice(at + 1), count }
}

function toCounted(counts: ReadonlyMap<string, number>): readonly Counted[] {
  return [...counts].map(([value, count]) => ({ value, count })).sort((one, other) => other.count - one.count)
}

function tally(states: readonly StateCount[], valueOf: (state: StateCount) => string): readonly Counted[] {
  const counts = new Map<string, number>()
  for (const state of states) counts.set(valueOf(state), (counts.get(valueOf(state)) ?? 0) + state.count)
  return toCounted(counts).slice(0, mostValues)
}
