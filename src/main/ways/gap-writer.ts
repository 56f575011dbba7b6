import { isDeepStrictEqual } from 'node:util'
import type { Gap } from '../../shared/inlets.ts'
import { toGap, type GapRecord } from './gap-record.ts'
import type { GapRows } from '../store/gaps.ts'

export type GapWriter = {
  /** Remembers it as it is now, and tells it. */
  write(gap: GapRecord): void
  /** Makes up for what the history could not take before. */
  flush(): void
}

/** Takes gaps into the history. What fails, as on a full disk, stays due until it succeeds. */
export function createGapWriter(parts: {
  readonly rows: Pick<GapRows, 'add' | 'change'>
  readonly onChanged: (gap: Gap) => void
  /** null where it failed. */
  readonly attempt: <T>(work: () => T) => T | null
  readonly now: () => number
}): GapWriter {
  const { rows, onChanged, attempt, now } = parts
  const due = new Set<GapRecord>()
  const written = new WeakMap<GapRecord, Gap>()

  function flush(): void {
    for (const gap of [...due]) {
      const known = toGap(gap, now())
      if (gap.id !== null && isDeepStrictEqual(written.get(gap), { ...known, id: gap.id })) {
        due.delete(gap)
        continue
      }
      const kept = attempt(() => {
        if (gap.id === null) return rows.add(known)
        rows.change({ ...known, id: gap.id })
        return { ...known, id: gap.id }
      })
      // The next one depends on it: of one inlet, only one may last.
      if (kept === null) return
      gap.id = kept.id
      written.set(gap, kept)
      due.delete(gap)
      onChanged(kept)
    }
  }

  return {
    write(gap) {
      due.add(gap)
      flush()
    },
    flush,
  }
}
