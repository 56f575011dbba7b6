import type { Instant } from '../../shared/detection.ts'
import type { Placed } from './placed.ts'

/** As many pages as are asked for on the way: a search can only be walked. */
const mostPages = 60

type Rows = {
  readonly count: () => number
  readonly isComplete: () => boolean
  readonly row: (index: number) => Placed | undefined
  /** false where it cannot be had. */
  readonly bring: (index: number) => Promise<boolean>
}

/** The first row that stands at that time or before it, newest first; the last there is where all are newer; null where none can be had. */
export async function findMoment(at: Instant, rows: Rows): Promise<number | null> {
  let asked = 0
  const rowAt = async (index: number): Promise<Placed | undefined> => {
    const row = rows.row(index)
    if (row !== undefined) return row
    asked += 1
    return asked <= mostPages && (await rows.bring(index)) ? rows.row(index) : undefined
  }
  if (rows.count() === 0) return null
  // What has no known end is walked until it is past the time.
  while (!rows.isComplete()) {
    const last = rows.row(rows.count() - 1)
    if (last && last.placedAt <= at) break
    const before = rows.count()
    asked += 1
    if (asked > mostPages || !(await rows.bring(before))) break
  }
  let [low, high] = [0, rows.count() - 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const row = await rowAt(middle)
    if (row === undefined) return low
    if (row.placedAt <= at) high = middle
    else low = middle + 1
    high = Math.min(high, rows.count() - 1)
  }
  return low
}
