import type { Core } from '../core-parts.ts'

export type SleepWatch = {
  readonly lookEveryMs: number
  /** To be called every `lookEveryMs`. */
  look(): void
  /** The system's own signals, where it gives them. */
  suspended(): void
  resumed(): void
}

const lookEveryMs = 5_000
/** A look that comes later than this was held up by sleep, or by a process that was stopped: nothing was heard then either. */
const lateMs = 15_000
/** Awake for so long after the system said that it falls asleep: it did not, or it woke without a word. */
const awakeMs = 60_000

/**
 * Finds out about sleep where the system says nothing of it, or only the half. It goes by a clock that counts through sleep and that
 * nobody sets, so a clock that is set looks like no sleep, and a sleep is found although the clock was set.
 */
export function createSleepWatch(parts: {
  readonly wake: Core['wake']
  /** Since the system started, sleep included. */
  readonly uptimeMs: () => number
  /** Epoch ms. */
  readonly now: () => number
  readonly isOnline: () => boolean
}): SleepWatch {
  const { wake, uptimeMs, now, isOnline } = parts
  let lookedAt = uptimeMs()
  let suspendedAt: number | null = null

  function resumed(): void {
    lookedAt = uptimeMs()
    suspendedAt = null
    wake.resumed()
  }

  return {
    lookEveryMs,
    look() {
      const at = uptimeMs()
      const sinceLook = at - lookedAt
      lookedAt = at
      const isLate = sinceLook > lookEveryMs + lateMs
      if (suspendedAt !== null) {
        if (isLate || at - suspendedAt > awakeMs) resumed()
      } else if (isLate) {
        wake.suspended(now() - sinceLook)
        wake.resumed()
      }
      wake.network(isOnline())
    },
    suspended() {
      if (suspendedAt !== null) return
      suspendedAt = uptimeMs()
      wake.suspended(now())
    },
    resumed,
  }
}
