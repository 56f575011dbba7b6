import { isDeepStrictEqual } from 'node:util'
import Sqlite from 'better-sqlite3'
import { historyFile } from '../src/main/profile.ts'
import type { Instant } from '../src/shared/detection.ts'
import type { Overview } from '../src/main/store/overview.ts'
import { openHistory } from './histories.ts'
import { endAt, spanMs } from './deliveries.ts'
import { compareAll, percentile, within, type Figure } from './figure.ts'
import type { Benchmark } from './index.ts'
import { timed } from './pages.ts'

const million = 1_000_000
const day = 86_400_000
/** From a day to everything, none of them on the grid of the rollups. */
const ranges = [
  [endAt - spanMs - day, endAt + day],
  [endAt - 400 * day - 12_345_678, endAt - 30 * day + 7_654_321],
  [endAt - 90 * day - 1_234_567, endAt],
  [endAt - 500 * day - 2_345_678, endAt - 500 * day + 3_456_789],
].map(([from = 0, to = 0]) => ({ from, to }))
type Range = (typeof ranges)[number]

/** P7: counts, a histogram and the most frequent of any range, held against what the history itself says. */
export const counts: Benchmark = {
  id: 'P7',
  async run({ rows, histories }) {
    const size = rows ?? million
    const profile = await histories.profile(size)
    const { overview, close } = openHistory(profile, true)
    const raw = new Sqlite(historyFile(profile), { readonly: true })
    const instants = ({ from, to }: Range) => ({ from: toInstant(from), to: toInstant(to) })
    const group = (columns: string) =>
      raw.prepare<[number, number], Row>(`
        SELECT ${columns} AS value, count(*) AS count FROM detections WHERE detected_at >= ? AND detected_at < ? GROUP BY 1`)
    const byState = group("kind || ' ' || status")
    const byType = group('type')
    const byEntity = group('entity_id')
    const byBar = raw.prepare<[number, number, number, number], Row>(`
      SELECT ((detected_at - ?) / ?) || ' ' || kind || ' ' || status AS value, count(*) AS count
      FROM detections WHERE detected_at >= ? AND detected_at < ? GROUP BY 1`)
    const width = ({ from, to }: Range) => Math.ceil((to - from) / 200)

    const kinds: readonly Kind[] = [
      {
        name: 'counts by kind and status',
        ours: (range) => overview.histogram({ text: '', bucket: 1, ...instants(range) }),
        theirs: ({ from, to }) => byState.all(from, to),
      },
      {
        name: 'histogram of 200 bars',
        ours: (range) => overview.histogram({ text: '', bucket: 200, ...instants(range) }),
        theirs: (range) => byBar.all(range.from, width(range), range.from, range.to),
      },
      {
        name: 'top 10 types',
        ours: (range) => overview.top({ dimension: 'type', limit: 10, ...instants(range) }),
        theirs: ({ from, to }) => byType.all(from, to),
      },
      {
        name: 'top 10 of 10k entities',
        ours: (range) => overview.top({ dimension: 'entity', limit: 10, ...instants(range) }),
        theirs: ({ from, to }) => byEntity.all(from, to),
      },
    ]
    const differing = ranges.filter((range) => !isEqual(overview, { state: byState, type: byType, entity: byEntity }, range)).length
    const equality = differing === 0 ? 'equal results' : `${differing} of ${ranges.length} ranges DIFFER`
    const figures: Figure[] = []
    for (const { name, ours, theirs } of kinds) {
      const mine: number[] = []
      const compared = await compareAll(
        () => {
          const p95 = percentile(Array.from({ length: 20 }, () => ranges.map((range) => timed(() => ours(range)))).flat(), 0.95)
          mine.push(p95)
          return Promise.resolve(1000 / p95)
        },
        [
          {
            id: 'P7',
            measured: `${name}, p95 of any range`,
            peer: 'raw GROUP BY',
            theirs: () =>
              Promise.resolve(
                1000 /
                  percentile(
                    ranges.map((range) => timed(() => theirs(range))),
                    0.95,
                  ),
              ),
            bound: { kind: 'at-least', ratio: 500 },
            note: (one, other) => `${(1000 / one).toFixed(2)} ms beside ${(1000 / other).toFixed(0)} ms, of ${size}; ${equality}`,
            missed: 'the raw statement takes about a second of a million, and 200 bars by kind and status are 2 to 3 ms to sum',
          },
        ],
        { warmUp: false },
      )
      figures.push(
        ...compared.map((figure) => ({ ...figure, met: figure.met && differing === 0 })),
        within({ id: 'P7', measured: `${name}, p95`, limit: 5, unit: 'ms', values: mine }),
      )
    }
    raw.close()
    close()
    return figures
  },
}

type Row = { readonly value: string; readonly count: number }
type Kind = { readonly name: string; ours(range: Range): unknown; theirs(range: Range): readonly Row[] }

type Grouped = Readonly<Record<'state' | 'type' | 'entity', Sqlite.Statement<[number, number], Row>>>

/** Every fifth bar, all of the range, and each of the most frequent, as the history itself counts them. */
function isEqual(overview: Overview, raw: Grouped, range: Range): boolean {
  const instants = { from: toInstant(range.from), to: toInstant(range.to) }
  const histogram = overview.histogram({ text: '', bucket: 200, ...instants })
  const whole = overview.histogram({ text: '', bucket: 1, ...instants })
  if (histogram.kind !== 'histogram' || whole.kind !== 'histogram' || !histogram.isExact) return false
  const bars = [...whole.bars, ...histogram.bars.filter((_, index) => index % 5 === 0)]
  const areBars = bars.every(({ from, to, counts }) => {
    const found = raw.state.all(Date.parse(from), Date.parse(to)).map(({ value, count }) => `${value} ${count}`)
    return isDeepStrictEqual(found.sort(), counts.map(({ kind, status, count }) => `${kind} ${status} ${count}`).sort())
  })
  const areTops = (['type', 'entity'] as const).every((dimension) => {
    const top = overview.top({ dimension, limit: 10, ...instants })
    const found = raw[dimension].all(range.from, range.to)
    const counted = new Map(found.map(({ value, count }) => [value, count]))
    const most = found.map(({ count }) => count).sort((a, b) => b - a)
    return (
      top.isExact &&
      top.values === found.length &&
      top.counts.every(({ value, count }, index) => counted.get(value) === count && most[index] === count)
    )
  })
  return areBars && areTops
}

function toInstant(ms: number): Instant {
  return new Date(ms).toISOString() as Instant
}
