/** One line of the table: what was measured, beside whom, and whether the target is met. */
export type Figure = {
  readonly id: string
  readonly measured: string
  readonly peer: string
  /** Median of ours / peer, or peer / ours, as the target is worded. */
  readonly ratio: number
  readonly low: number
  readonly high: number
  readonly target: string
  readonly met: boolean
  readonly note: string
}

export type Bound = { readonly kind: 'at-least' | 'at-most'; readonly ratio: number }

export type Comparison = {
  readonly id: string
  /** What is measured and beside whom, in words. */
  readonly measured: string
  readonly peer: string
  /** A side resolves with a number: units of work a second, or milliseconds, the same on both sides. */
  readonly ours: () => Promise<number>
  readonly theirs: () => Promise<number>
  readonly bound: Bound
  /** Five or more; three where one side needs over 10 s. */
  readonly rounds?: number
  readonly note?: (ours: number, theirs: number) => string
}

/**
 * Runs both sides in the same process, interleaved, swapping who goes first, and compares round by round: what disturbs the machine disturbs
 * both. The ratio is ours / theirs.
 */
export async function compare({ id, measured, peer, ours, theirs, bound, rounds = 5, note }: Comparison): Promise<Figure> {
  const pairs: { readonly ours: number; readonly theirs: number }[] = []
  await ours()
  await theirs()
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      const first = await ours()
      pairs.push({ ours: first, theirs: await theirs() })
    } else {
      const first = await theirs()
      pairs.push({ ours: await ours(), theirs: first })
    }
  }
  const ratios = pairs.map((pair) => pair.ours / pair.theirs).sort((a, b) => a - b)
  const ratio = median(ratios)
  return {
    id,
    measured,
    peer,
    ratio,
    low: ratios[0] ?? Number.NaN,
    high: ratios.at(-1) ?? Number.NaN,
    target: `${bound.kind === 'at-least' ? '≥' : '≤'} ${bound.ratio}x`,
    met: bound.kind === 'at-least' ? ratio >= bound.ratio : ratio <= bound.ratio,
    note: note?.(median(pairs.map((pair) => pair.ours)), median(pairs.map((pair) => pair.theirs))) ?? '',
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

export function table(figures: readonly Figure[]): string {
  const rows = [
    ['id', 'measured', 'beside', 'ratio', 'spread', 'target', '', 'note'],
    ...figures.map((figure) => [
      figure.id,
      figure.measured,
      figure.peer,
      `${figure.ratio.toFixed(2)}x`,
      `${figure.low.toFixed(2)}–${figure.high.toFixed(2)}`,
      figure.target,
      figure.met ? 'met' : 'MISSED',
      figure.note,
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
