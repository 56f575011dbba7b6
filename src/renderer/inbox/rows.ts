import type { InboxLine } from '../../shared/inbox.ts'
import { dayName, dayOf } from '../ui/time.ts'

/** In pixels, as `InboxRow` draws them. */
export const lineHeight = 52
export const dayHeight = 36

/** A line and where it stands; the first of a day has the name of that day above it. */
export type InboxRow = {
  readonly line: InboxLine
  readonly index: number
  readonly day: string | null
  readonly top: number
  readonly height: number
}
export type InboxRows = { readonly rows: readonly InboxRow[]; readonly height: number }

export function toRows(lines: readonly InboxLine[], today: string): InboxRows {
  let height = 0
  let last: string | null = null
  const rows = lines.map((line, index): InboxRow => {
    const day = dayOf(Date.parse(line.at))
    const isFirst = day !== last
    last = day
    const row = { line, index, day: isFirst ? dayName(day, today) : null, top: height, height: lineHeight + (isFirst ? dayHeight : 0) }
    height += row.height
    return row
  })
  return { rows, height }
}

/** The row at so many pixels from the top; undefined of no rows. */
export function rowAt({ rows }: InboxRows, top: number): InboxRow | undefined {
  let [low, high] = [0, rows.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((rows[middle]?.top ?? Infinity) <= top) low = middle
    else high = middle - 1
  }
  return rows[low]
}

/** The rows between two places, from the top; and the one that has the focus, which would lose it otherwise. */
export function rowsBetween(all: InboxRows, from: number, to: number, focused: number | null): readonly InboxRow[] {
  const [first, last] = [rowAt(all, from)?.index ?? 0, rowAt(all, to)?.index ?? -1]
  const between = all.rows.slice(first, last + 1)
  const row = focused === null ? undefined : all.rows.find(({ line }) => line.id === focused)
  if (row === undefined || (row.index >= first && row.index <= last)) return between
  return row.index < first ? [row, ...between] : [...between, row]
}
