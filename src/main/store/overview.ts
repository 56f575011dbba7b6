import type { Instant, Kind, Status } from '../../shared/detection.ts'
import type { SearchRefused } from '../../shared/ipc.ts'
import { fits } from '../query/pattern.ts'
import { parse } from '../query/parse.ts'
import type { Query } from '../query/query.ts'
import { barsOf, type Bucket, type Step } from './bars.ts'
import type { Database } from './database.ts'
import { conjunction } from './drivers.ts'
import { createPositions, type Positions } from './positions.ts'
import { createPostureIntervals } from './posture-intervals.ts'
import { createRollupSums, type Counted } from './rollup-sums.ts'
import { dimensions } from './rollups.ts'
import { createScan } from './scan.ts'
import type { Range } from './spans.ts'
import type { TextIndex } from './text-index.ts'
import { toInstant, toMillis } from './time.ts'

export type StateCount = { readonly kind: Kind; readonly status: Status; readonly count: number }
export type Histogram = {
  readonly step: Step
  /** One after the other, without a hole; what has none has no count. */
  readonly bars: readonly { readonly from: Instant; readonly to: Instant; readonly counts: readonly StateCount[] }[]
  readonly isExact: boolean
  /** Where the time for counting ran out: what was detected at or after it is counted, and bars before it are the least there is. null where everything was counted. */
  readonly countedTo: Instant | null
}
export type HistogramAnswer = ({ readonly kind: 'histogram' } & Histogram) | SearchRefused

export const facetNames = ['kind', 'status', 'type', 'source', 'entityType', 'organization', 'trust', 'triage'] as const
export type FacetName = (typeof facetNames)[number]
export type Facets = {
  /** Most first, at most 100 values each; what has no value is in none. */
  readonly facets: Readonly<Record<FacetName, readonly Counted[]>>
  /** Of how many detections; `isCapped` means that there are more, and that these are the newest. */
  readonly counted: number
  readonly isCapped: boolean
  readonly isExact: boolean
  /** Where the time for counting ran out. */
  readonly countedTo: Instant | null
}
export type FacetsAnswer = ({ readonly kind: 'facets' } & Facets) | SearchRefused

export const topDimensions = ['entity', 'type', 'source', 'technique', 'tactic'] as const
export type TopDimension = (typeof topDimensions)[number]
/** `values`: how many there are in all. */
export type Top = { readonly counts: readonly Counted[]; readonly values: number; readonly isExact: boolean }

/** null leaves an end open. `to` is exclusive. */
type Between = { readonly from: Instant | null; readonly to: Instant | null }

/** Counts of the history by when detections were detected. What no search narrows down is read from rollups and is exact in any range. */
export type Overview = Positions & {
  histogram(wanted: Between & { readonly text: string; readonly bucket: Bucket | number }): HistogramAnswer
  facets(text: string): FacetsAnswer
  /** At most 100; of as many, the one that was seen first comes first. */
  top(wanted: Between & { readonly dimension: TopDimension; readonly limit: number }): Top
  postureIntervals: ReturnType<typeof createPostureIntervals>
}

export const mostFaceted = 10_000
const mostValues = 100
const always: Range = { from: -8_640_000_000_000_000, to: 8_640_000_000_000_000 }

type FacetRow = Readonly<Record<FacetName, string | null>>
type StateRow = { readonly kind: string; readonly status: string; readonly detected_at: number }

export function createOverview(
  db: Database,
  parts: { readonly textIndex: TextIndex; readonly now: () => number; readonly clock?: () => number },
): Overview {
  const { textIndex, now, clock = () => performance.now() } = parts
  const sums = createRollupSums(db)
  const scan = createScan(db, { textIndex, clock })
  const extent = db.prepare<[], { first: number | null; last: number | null }>(
    'SELECT (SELECT min(detected_at) FROM detections) AS first, (SELECT max(detected_at) FROM detections) AS last',
  )

  return {
    ...createPositions(db, clock),
    postureIntervals: createPostureIntervals(db),

    histogram({ text, from, to, bucket }) {
      const parsed = parse(text, { now: now() })
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

    facets(text) {
      const parsed = parse(text, { now: now() })
      if (parsed.kind === 'refused') return parsed
      const plain = plainRange(parsed.query)
      return plain === null || plain.isNarrowed ? scanFacets(parsed.query) : sumFacets(plain.range)
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
    const { isCapped, seenTo, isIndexed } = scan.byChange<FacetRow>(query, columns, mostFaceted, (row) => {
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

function intersect(one: Range, other: Range): Range {
  return { from: Math.max(one.from, other.from), to: Math.min(one.to, other.to) }
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
