import { ageBands, type AgeBand, type Aged, type PostureOverview } from '../../shared/posture.ts'
import { toInstant } from './time.ts'

const dayMs = 86_400_000
const weeksShown = 26
const mostTypes = 50
export const mostValues = 100

/** When one was open, in ms since 1970: `to` is null while it is. */
export type Interval = { readonly from: number; readonly to: number | null }

/** What is said of many posture detections, gathered one by one. */
export type PostureFigures = {
  open(issue: { readonly detectedAt: number; readonly type: string; readonly entity: string | null; readonly source: string | null }): void
  openInFramework(framework: string, detectedAt: number): void
  closedInFramework(framework: string): void
  interval(interval: Interval): void
  resolved(type: string, ms: number): void
  /** In steps, as there may be a lot to put in order. */
  read(): Generator<
    void,
    Pick<
      PostureOverview,
      'openByType' | 'openByEntity' | 'openBySource' | 'openByFramework' | 'ages' | 'weeks' | 'timeToResolve' | 'frameworks'
    >
  >
}

export function createPostureFigures(now: number): PostureFigures {
  const weekStarts = startsOfWeeks(now)
  const types = createAges()
  const entities = createAges()
  const sources = createAges()
  const frameworks = createAges()
  const closedOf = new Map<string, number>()
  const ages = new Map<AgeBand, number>(ageBands.map((band) => [band, 0]))
  const froms: number[] = []
  const tos: number[] = []
  const spans = new Map<string, number[]>()

  return {
    open({ detectedAt, type, entity, source }) {
      types.add(type, detectedAt)
      entities.add(entity, detectedAt)
      sources.add(source, detectedAt)
      const band = bandOf(now - detectedAt)
      ages.set(band, (ages.get(band) ?? 0) + 1)
    },
    openInFramework: frameworks.add,
    closedInFramework: (framework) => void closedOf.set(framework, (closedOf.get(framework) ?? 0) + 1),
    interval({ from, to }) {
      froms.push(from)
      tos.push(to ?? Infinity)
    },
    resolved(type, ms) {
      const known = spans.get(type)
      if (known === undefined) spans.set(type, [ms])
      else known.push(ms)
    },
    *read() {
      const weeks = yield* weeksOf(weekStarts, now, froms, tos)
      return {
        openByType: types.most(),
        openByEntity: entities.most(),
        openBySource: sources.most(),
        openByFramework: frameworks.most(),
        ages: ageBands.map((band) => ({ band, count: ages.get(band) ?? 0 })),
        weeks,
        timeToResolve: [...spans]
          .map(([type, lasted]) => ({ type, resolved: lasted.length, ...quantiles(Float64Array.from(lasted).sort()) }))
          .sort((one, other) => other.resolved - one.resolved || compare(one.type, other.type))
          .slice(0, mostTypes),
        frameworks: [...new Set([...frameworks.names(), ...closedOf.keys()])]
          .map((framework) => ({ framework, open: frameworks.count(framework), closed: closedOf.get(framework) ?? 0 }))
          .sort((one, other) => other.open - one.open || other.closed - one.closed || compare(one.framework, other.framework))
          .slice(0, mostValues),
      }
    },
  }
}

/** The Mondays of this computer's calendar on which the last 26 weeks begin, oldest first. */
export function startsOfWeeks(now: number): readonly number[] {
  const today = new Date(now)
  const monday = today.getDate() - ((today.getDay() + 6) % 7)
  return Array.from({ length: weeksShown }, (_, index) =>
    new Date(today.getFullYear(), today.getMonth(), monday - 7 * (weeksShown - 1 - index)).getTime(),
  )
}

/** The middle one, or the mean of the two; and one that nine of ten do not exceed. Of at least one number, in order. */
export function quantiles(sorted: ArrayLike<number>): { readonly medianMs: number; readonly p90Ms: number } {
  const at = (index: number): number => sorted[index] ?? 0
  const middle = sorted.length >> 1
  const medianMs = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2
  return { medianMs, p90Ms: at(Math.ceil(sorted.length * 0.9) - 1) }
}

function* weeksOf(
  starts: readonly number[],
  now: number,
  froms: readonly number[],
  tos: readonly number[],
): Generator<void, PostureOverview['weeks']> {
  const opened = starts.map(() => 0)
  const closed = starts.map(() => 0)
  const begin = starts[0] ?? now
  const count = (counts: number[], at: number): void => {
    if (at < begin || at > now) return
    // Clocks that are changed make weeks an hour longer or shorter.
    let week = Math.min(starts.length - 1, Math.floor((at - begin) / (7 * dayMs)))
    while (week > 0 && at < (starts[week] ?? 0)) week -= 1
    while (week < starts.length - 1 && at >= (starts[week + 1] ?? Infinity)) week += 1
    counts[week] = (counts[week] ?? 0) + 1
  }
  for (const from of froms) count(opened, from)
  for (const to of tos) count(closed, to)
  yield
  // In order of when they were opened, so that the middle one is the one in the middle of the ages as well.
  const order = Uint32Array.from(froms.keys()).sort((one, other) => (froms[one] ?? 0) - (froms[other] ?? 0))
  const from = Float64Array.from(order, (index) => froms[index] ?? 0)
  const to = Float64Array.from(order, (index) => tos[index] ?? 0)
  yield
  const ages = new Float64Array(order.length)
  const weeks: PostureOverview['weeks'][number][] = []
  for (const [week, start] of starts.entries()) {
    const end = Math.min(now, starts[week + 1] ?? now)
    let openAtEnd = 0
    for (let index = 0; index < from.length; index++) {
      const since = from[index] as number
      if (since > end) break
      if ((to[index] as number) > end) ages[openAtEnd++] = end - since
    }
    const medianAgeMs = openAtEnd === 0 ? null : quantiles(ages.subarray(0, openAtEnd)).medianMs
    weeks.push({ from: toInstant(start), opened: opened[week] ?? 0, closed: closed[week] ?? 0, openAtEnd, medianAgeMs })
    yield
  }
  return weeks
}

function bandOf(ageMs: number): AgeBand {
  const days = ageMs / dayMs
  return days < 1 ? '<1' : days < 7 ? '1–7' : days < 30 ? '7–30' : days < 90 ? '30–90' : '>90'
}

function createAges() {
  const counts = new Map<string, number>()
  const oldest = new Map<string, number>()
  return {
    add(value: string | null, detectedAt: number): void {
      if (value === null) return
      counts.set(value, (counts.get(value) ?? 0) + 1)
      oldest.set(value, Math.min(oldest.get(value) ?? Infinity, detectedAt))
    },
    count: (value: string): number => counts.get(value) ?? 0,
    names: (): Iterable<string> => counts.keys(),
    most(): readonly Aged[] {
      return [...counts]
        .sort(([one, count], [other, others]) => others - count || (oldest.get(one) ?? 0) - (oldest.get(other) ?? 0) || compare(one, other))
        .slice(0, mostValues)
        .map(([value, count]) => ({ value, count, oldestDetectedAt: toInstant(oldest.get(value) ?? 0) }))
    },
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
