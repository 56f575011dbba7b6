import type { Counters } from '../../shared/health.ts'
import type { Refusal } from '../../shared/trust.ts'

/** One thing that happened, named as in `Counters`. An other trigger or an unreadable one is counted as kept as well. */
export type Counted = { readonly kind: Exclude<keyof Counters, 'refused'> } | { readonly kind: 'refused'; readonly because: Refusal }
export type Count = (event: Counted) => void

/** Counts since this start of the app; `read` gives a copy. */
export function createCounters(): { readonly count: Count; readonly read: () => Counters } {
  const counts = { received: 0, kept: 0, duplicate: 0, quarantined: 0, otherTrigger: 0, unreadable: 0, failed: 0, turnedAway: 0 }
  const refused: Partial<Record<Refusal, number>> = {}
  return {
    count: (event) => {
      if (event.kind === 'refused') refused[event.because] = (refused[event.because] ?? 0) + 1
      else counts[event.kind]++
    },
    read: () => ({ ...counts, refused: { ...refused } }),
  }
}
