import { mostBars, type Step } from '../../shared/overview.ts'
import type { Range } from './spans.ts'

export const buckets = ['minute', 'hour', 'day', 'week', 'month'] as const
export type Bucket = (typeof buckets)[number]

const msOf = { minute: 60_000, hour: 3_600_000, day: 86_400_000, month: 30 * 86_400_000 } as const
const steps: readonly Step[] = [
  ...[1, 5, 15, 30].map((count): Step => ({ unit: 'minute', count })),
  ...[1, 3, 6, 12].map((count): Step => ({ unit: 'hour', count })),
  ...[1, 2, 4, 7, 14].map((count): Step => ({ unit: 'day', count })),
  ...[1, 3, 12, 120, 1200].map((count): Step => ({ unit: 'month', count })),
]
const stepOf: Readonly<Record<Bucket, Step>> = {
  minute: { unit: 'minute', count: 1 },
  hour: { unit: 'hour', count: 1 },
  day: { unit: 'day', count: 1 },
  week: { unit: 'day', count: 7 },
  month: { unit: 'month', count: 1 },
}

/**
 * Parts a range into bars that begin where this computer's clock and calendar begin them: a bar of a day is what `detected:today` and the
 * headings of the list mean by it, 23 or 25 hours long where the clock was changed. The first and the last end with the range. A number asks for
 * at most so many; where a bucket would make more than 1,500, they are wider.
 */
export function barsOf(range: Range, bucket: Bucket | number): { readonly step: Step; readonly bars: readonly Range[] } {
  const most = typeof bucket === 'number' ? Math.max(1, Math.min(mostBars, Math.trunc(bucket))) : mostBars
  const finest = typeof bucket === 'number' ? steps[0] : stepOf[bucket]
  const from = steps.findIndex((step) => step.unit === finest?.unit && step.count === finest.count)
  for (const step of steps.slice(from)) {
    if ((range.to - range.from) / widthOf(step) > most) continue
    const bars = part(range, step)
    if (bars.length <= most) return { step, bars }
  }
  return { step: { unit: 'month', count: 1200 }, bars: range.from < range.to ? [range] : [] }
}

function widthOf({ unit, count }: Step): number {
  return msOf[unit] * count
}

function part({ from, to }: Range, step: Step): readonly Range[] {
  const bars: Range[] = []
  for (let start = from; start < to;) {
    const next = nextAfter(start, step)
    const end = Math.min(to, next > start ? next : start + widthOf(step))
    bars.push({ from: start, to: end })
    start = end
  }
  return bars
}

/** The first beginning of a bar after `at`. */
function nextAfter(at: number, { unit, count }: Step): number {
  const date = new Date(at)
  const [year, month, day, hour] = [date.getFullYear(), date.getMonth(), date.getDate(), date.getHours()]
  if (unit === 'month') return local(0, (Math.floor((year * 12 + month) / count) + 1) * count, 1)
  if (unit === 'day') return local(year, month, day + count - (daysSinceMonday(year, month, day) % count))
  if (unit === 'hour' && count > 1) return local(year, month, day, Math.floor(hour / count) * count + count)
  // To the end of what the clock shows: an hour that it goes through twice is two bars, and where it is moved by half of one, that half is a bar.
  const width = msOf[unit] * count
  const sinceHour = date.getMinutes() * 60_000 + date.getSeconds() * 1_000 + date.getMilliseconds()
  return at + width - (sinceHour % width)
}

/** Since the first one of 1970, so that weeks and fortnights begin on a Monday, and bars of some days on the same ones wherever a range begins. */
function daysSinceMonday(year: number, month: number, day: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  const days = Math.round(date.getTime() / msOf.day) - 4
  return days - Math.floor(days / 28) * 28
}

/** Unlike its constructor, does not take the years up to 99 for those of the last century. */
function local(year: number, month: number, day: number, hour = 0): number {
  const date = new Date(2000, 0, 1, hour)
  date.setFullYear(year, month, day)
  date.setHours(hour, 0, 0, 0)
  return date.getTime()
}
