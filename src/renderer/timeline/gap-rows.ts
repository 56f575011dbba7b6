import type { Instant } from '../../shared/detection.ts'
import type { Gap, GapReason, InletId } from '../../shared/inlets.ts'
import { endWords, lengthWords, msOf, reasonWords, spanWords } from '../connections/ways/gap-words.ts'

/** Ways in that were not listening at the same time for the same reason: one row of the timeline. */
export type GapRow = {
  readonly key: string
  readonly from: Instant
  readonly to: Instant | null
  readonly because: GapReason
  readonly gaps: readonly Gap[]
}

/** A blip after which all came in is nothing to tell. */
const blipMs = 10_000
/** Ways in of one computer fall asleep together, and are told so within moments of each other. */
const togetherMs = 60_000

/** The gaps that reach to or past `oldest`, the newest end first, those that belong together as one. */
export function toGapRows(gaps: readonly Gap[], oldest: Instant): readonly GapRow[] {
  const told = gaps
    .filter((gap) => (gap.to === null || gap.to >= oldest) && !(gap.end.kind === 'backlog' && msOf(gap) < blipMs))
    .sort((a, b) => compareEnds(b, a) || (a.from < b.from ? 1 : a.from > b.from ? -1 : a.id - b.id))
  const rows: GapRow[] = []
  for (const gap of told) {
    const at = rows.findLastIndex((row) => areTogether(row, gap))
    const row = rows[at]
    if (row) rows[at] = { ...row, gaps: [...row.gaps, gap] }
    else rows.push({ key: `gap ${gap.id}`, from: gap.from, to: gap.to, because: gap.because, gaps: [gap] })
  }
  return rows
}

function compareEnds(a: Gap, b: Gap): number {
  if (a.to === b.to) return 0
  return a.to === null ? 1 : b.to === null ? -1 : a.to < b.to ? -1 : 1
}

function areTogether(row: GapRow, gap: Gap): boolean {
  const isNear = (a: Instant, b: Instant): boolean => Math.abs(Date.parse(a) - Date.parse(b)) <= togetherMs
  if (row.because !== gap.because || row.gaps.some(({ inlet }) => inlet === gap.inlet) || !isNear(row.from, gap.from)) return false
  return row.to === null || gap.to === null ? row.to === gap.to : isNear(row.to, gap.to)
}

export type GapRowWords = { readonly span: string; readonly rest: string; readonly isLost: boolean }

/** What the row says: `not listening 02:10–07:45 · 5 h 35 min · relay: asleep · backlog of 312 came in`. `day` is the one it stands under. */
export function gapRowWords(
  row: GapRow,
  context: { readonly day: string; readonly today: string; readonly now: number; readonly nameOf: (inlet: InletId) => string },
  timeZone?: string,
): GapRowWords {
  const { day, today, now, nameOf } = context
  const reasonOf = ({ inlet }: Gap): string => reasonWords(row.because, inlet)
  const [first, ...others] = row.gaps
  const told =
    first && others.length === 0
      ? [`${nameOf(first.inlet)}: ${reasonOf(first)}`, endWords(first.end)]
      : [...row.gaps.slice(0, 1).map(reasonOf), ...row.gaps.map((gap) => `${nameOf(gap.inlet)}: ${endWords(gap.end)}`)]
  return {
    span: `not listening ${spanWords(row, day, today, timeZone)}`,
    rest: [lengthWords(row, now), ...told].join(' · '),
    isLost: row.gaps.some(({ end }) => end.kind === 'lost'),
  }
}
