/** The grid that rollups count by: minute, hour, day, 16 days, 256 days, each a whole multiple of the one before. In ms, as the schema has it. */
export const levels = [60_000, 3_600_000, 86_400_000, 1_382_400_000, 22_118_400_000] as const
export type Level = 0 | 1 | 2 | 3 | 4
export const minuteLevel = 0
export const hourLevel = 1
export const topLevel = 4

/** Epoch ms: `from` inclusive, `to` exclusive. */
export type Range = { readonly from: number; readonly to: number }
export const always: Range = { from: -8_640_000_000_000_000, to: 8_640_000_000_000_000 }

export function intersect(one: Range, other: Range): Range {
  return { from: Math.max(one.from, other.from), to: Math.min(one.to, other.to) }
}

/** A bucket of the grid that is to be added, or taken away where more of its parent is wanted than not. */
export type Span = { readonly level: Level; readonly bucket: number; readonly sign: 1 | -1 }
/** What is left below the finest level, to be counted row by row. */
export type Edge = Range & { readonly sign: 1 | -1 }
export type Cover = { readonly spans: readonly Span[]; readonly edges: readonly Edge[] }

export function bucketOf(at: number, level: Level): number {
  return Math.floor(at / levels[level])
}

/**
 * The fewest buckets that sum up to a range: at most half of each level's on either side, whatever its length. `tops` are the buckets of the
 * highest level that hold anything.
 */
export function cover(range: Range, finest: Level, tops: readonly number[]): Cover {
  const spans: Span[] = []
  const edges: Edge[] = []
  for (const bucket of tops) {
    const start = bucket * levels[topLevel]
    const from = Math.max(range.from, start)
    const to = Math.min(range.to, start + levels[topLevel])
    if (from < to) take(topLevel, bucket, { from, to }, 1)
  }
  return { spans, edges }

  function take(level: Level, bucket: number, { from, to }: Range, sign: 1 | -1): void {
    const start = bucket * levels[level]
    const end = start + levels[level]
    if ((to - from) * 2 <= levels[level]) return takeBelow(level, { from, to }, sign)
    spans.push({ level, bucket, sign })
    takeBelow(level, { from: start, to: from }, sign === 1 ? -1 : 1)
    takeBelow(level, { from: to, to: end }, sign === 1 ? -1 : 1)
  }

  function takeBelow(level: Level, { from, to }: Range, sign: 1 | -1): void {
    if (from >= to) return
    if (level === finest) {
      edges.push({ from, to, sign })
      return
    }
    const below = (level - 1) as Level
    for (let bucket = bucketOf(from, below); bucket <= bucketOf(to - 1, below); bucket++) {
      const start = bucket * levels[below]
      take(below, bucket, { from: Math.max(from, start), to: Math.min(to, start + levels[below]) }, sign)
    }
  }
}
