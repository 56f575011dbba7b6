import type { Detection, Instant } from '../../shared/detection.ts'
import { keyOf } from './key.ts'

/** A detection and where it stands: by the change it was placed for, which an update in place does not move. */
export type Placed = { readonly key: string; readonly detection: Detection; readonly placedAt: Instant }

export function place(detection: Detection): Placed {
  return { key: keyOf(detection), detection, placedAt: detection.changedAt }
}

/** The same rows in the same places, with what is known of them now. The same array where nothing is. */
export function update(rows: readonly Placed[], byKey: ReadonlyMap<string, Detection>): readonly Placed[] {
  if (!rows.some((row) => byKey.has(row.key))) return rows
  return rows.map((row) => {
    const detection = byKey.get(row.key)
    return detection ? { ...row, detection } : row
  })
}

/** The rows at the top with what arrived or moved there; the same array where nothing did. `isWhole`: there are no others. */
export function withNews(
  rows: readonly Placed[],
  byKey: ReadonlyMap<string, Detection>,
  { isWhole, places }: { readonly isWhole: boolean; readonly places: ReadonlyMap<string, Instant> },
): { readonly shown: readonly Placed[]; readonly arrived: ReadonlySet<string> } {
  const oldest = rows.at(-1)
  // What belongs below the last of them comes with its page; what stands where it stood does not move.
  const inReach = [...byKey].filter(([, { changedAt }]) => isWhole || !oldest || changedAt >= oldest.placedAt)
  const moved = new Map(inReach.filter(([key, { changedAt }]) => places.get(key) !== changedAt))
  if (moved.size === 0) return { shown: rows, arrived: new Set() }
  const shown = [...[...moved.values()].map(place), ...rows.filter((row) => !moved.has(row.key))].sort(newestFirst)
  return { shown, arrived: new Set([...moved.keys()].filter((key) => !places.has(key))) }
}

function newestFirst(a: Placed, b: Placed): number {
  return a.placedAt < b.placedAt ? 1 : a.placedAt > b.placedAt ? -1 : 0
}
