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

/** `plus` is in ms, on top of what the ratio allows. */
export type Bound = { readonly kind: 'at-least' | 'at-most'; readonly ratio: number; readonly plus?: number }

/** A side resolves with a number: units of work a second, or milliseconds, the same on all sides. */
export type Side = () => Promise<number>

export type Against = {
  readonly id: string
  /** What is measured, in words; of one peer only where its own words are needed. */
  readonly measured: string
  readonly peer: string
  readonly theirs: Side
  readonly bound: Bound
  readonly note?: (ours: number, theirs: number) => string
  /** Why, and what was tried: said where the target is missed. */
  readonly missed?: string
}

export type Comparison = Against & {
  readonly ours: Side
  /** At most; fewer where they take long. */
  readonly rounds?: number
}

/**
 * Runs both sides in the same process, interleaved, swapping who goes first, and compares round by round: what disturbs the machine disturbs
 * both. The ratio is ours / theirs.
 */
export async function compare({ ours, rounds, ...against }: Comparison): Promise<Figure> {
  const [figure] = await compareAll(ours, [against], rounds === undefined ? {} : { rounds })
  if (figure === undefined) throw new Error('a comparison came to nothing')
  return figure
}

/** As many as agree by themselves; fewer are said. */
const wantedRounds = 5
/** Where a round takes as long as that, three have to do. */
const longRoundMs = 10_000
/** A comparison that takes longer ends with the round it is in: all of them together have ten minutes. */
const mostMs = 6_000
let isHurried = true

/** Whoever asks for some benchmarks by name has the time for all rounds of them. */
export function takeTheTime(): void {
  isHurried = false
}

/** The same with several peers, who take turns in one order and then in the other. */
export async function compareAll(
  ours: Side,
  peers: readonly Against[],
  { rounds = wantedRounds, warmUp = true }: { readonly rounds?: number; readonly warmUp?: boolean } = {},
): Promise<readonly Figure[]> {
  const sides = [ours, ...peers.map(({ theirs }) => theirs)]
  if (warmUp) for (const side of sides) await side()
  const measured: (readonly number[])[] = []
  const startedAt = performance.now()
  const isLeft = (): boolean => {
    if (measured.length === 0) return true
    const ms = performance.now() - startedAt
    return measured.length < rounds && (isHurried ? ms < mostMs : measured.length < 3 || ms / measured.length < longRoundMs)
  }
  while (isLeft()) {
    const order = sides.map((_, index) => (measured.length % 2 === 0 ? index : sides.length - 1 - index))
    const values = sides.map(() => Number.NaN)
    for (const index of order) values[index] = (await sides[index]?.()) ?? Number.NaN
    measured.push(values)
  }
  const column = (index: number) => measured.map((values) => values[index] ?? Number.NaN)
  return peers.map(({ id, measured: what, peer, bound, note, missed = '' }, index) => {
    const mine = column(0)
    const others = column(index + 1)
    const ratios = mine.map((value, round) => value / (others[round] ?? Number.NaN))
    const counted = ratios.length >= wantedRounds ? '' : `${ratios.length} of ${wantedRounds} rounds`
    const met = isMet(bound, median(ratios), median(mine) - median(others) * bound.ratio)
    return {
      ...summed(id, what, peer, ratios),
      target: `${bound.kind === 'at-least' ? '≥' : '≤'} ${bound.ratio}x${bound.plus === undefined ? '' : ` + ${bound.plus} ms`}`,
      met,
      note: joined(note?.(median(mine), median(others)) ?? '', counted, met ? '' : missed),
    }
  })
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('; ')
}

function isMet(bound: Bound, ratio: number, beyond: number): boolean {
  if (bound.kind === 'at-least') return ratio >= bound.ratio
  return ratio <= bound.ratio || (bound.plus !== undefined && beyond <= bound.plus)
}

/** A figure that has a limit and no peer: the ratio is what it takes of that. */
export function within(parts: {
  readonly id: string
  readonly measured: string
  readonly limit: number
  readonly unit: string
  readonly values: readonly number[]
  readonly note?: string
  /** Why, and what was tried: said where the limit is passed. */
  readonly missed?: string
}): Figure {
  const { id, measured, limit, unit, values, note = '', missed = '' } = parts
  const figure = summed(
    id,
    measured,
    `${limit} ${unit}`,
    values.map((value) => value / limit),
  )
  const met = figure.ratio <= 1
  return { ...figure, target: `≤ ${limit} ${unit}`, met, note: joined(`${median(values).toFixed(1)} ${unit}`, note, met ? '' : missed) }
}

export function summed(
  id: string,
  measured: string,
  peer: string,
  ratios: readonly number[],
): Pick<Figure, 'id' | 'measured' | 'peer' | 'ratio' | 'low' | 'high'> {
  return { id, measured, peer, ratio: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
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
