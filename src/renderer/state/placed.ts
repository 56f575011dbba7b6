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
 * Puts a fresh first page above what was loaded before. `confirmed` are the rows that earlier answers placed, without a hole among
 * them, and that have not moved since. Only where the page reaches one of them does it continue in what is loaded: rows that were
 * pushed in between may have others between them that were not. Elsewhere the old rows go, and are loaded again by scrolling.
 */
export function mergeHead(
  rows: readonly Placed[],
  next: PageKey | null,
  page: Page,
  confirmed: ReadonlySet<string>,
): { readonly rows: readonly Placed[]; readonly next: PageKey | null } {
  const head = page.detections.map(place)
  const headPlaces = new Map(head.map((row) => [row.key, row.placedAt]))
  const met = rows.findLastIndex((row) => confirmed.has(row.key) && headPlaces.get(row.key) === row.placedAt)
  if (page.next === null || met === -1) return { rows: head, next: page.next }
  const tail = rows.slice(met + 1).filter((row) => confirmed.has(row.key) && !headPlaces.has(row.key))
  return tail.length === 0 ? { rows: head, next: page.next } : { rows: [...head, ...tail], next }
}
