import type { Detection, Instant } from '../../shared/detection.ts'
import type { Page, PageKey } from '../../shared/ipc.ts'
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

/**
 * Puts a fresh first page above what was loaded before. Where the two do not meet there may be a hole between them, so
 * the old rows go and are loaded again by scrolling. `moved` have left their old place.
 */
export function mergeHead(
  rows: readonly Placed[],
  next: PageKey | null,
  page: Page,
  moved: ReadonlySet<string>,
): { readonly rows: readonly Placed[]; readonly next: PageKey | null } {
  const head = page.detections.map(place)
  const last = head.at(-1)
  const first = rows[0]
  const meets = last !== undefined && first !== undefined && first.placedAt >= last.placedAt
  if (page.next === null || !meets) return { rows: head, next: page.next }
  const keys = new Set(head.map((row) => row.key))
  const tail = rows.filter((row) => row.placedAt <= last.placedAt && !keys.has(row.key) && !moved.has(row.key))
  return tail.length === 0 ? { rows: head, next: page.next } : { rows: [...head, ...tail], next }
}
