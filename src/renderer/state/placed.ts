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
