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
/** A clock that is corrected bit by bit, or read a moment later than the other, is not one that was set. */
const setMs = 2_000
/** Awake for so long after the system said that it falls asleep: it did not, or it woke without a word. */
const awakeMs = 60_000
/** To read it anew takes some milliseconds where a system does not name its zone. */
const zoneEveryMs = 60_000

/**
 * Finds out about sleep where the system says nothing of it, or only the half. It goes by a clock that counts through sleep and that
 * nobody sets, so a clock that is set looks like no sleep, and a sleep is found although the clock was set. That it was set is found as well, and so is
 * that the clock on the wall is another: of another time zone, or because of summer time.
 */
export function createSleepWatch(parts: {
  readonly wake: Core['wake']
  /** Since the system started, sleep included. */
  readonly uptimeMs: () => number
  /** Epoch ms. */
  readonly now: () => number
  /** What the clock on the wall of this computer is behind UTC, by the time zone as it is now. In minutes. */
  readonly zone: () => number
  readonly isOnline: () => boolean
}): SleepWatch {
  const { wake, uptimeMs, now, zone, isOnline } = parts
  let lookedAt = uptimeMs()
  let suspendedAt: number | null = null
  let startedAt = now() - uptimeMs()
  let knownZone = zone()
  let zoneReadAt = uptimeMs()

  function readZone(): void {
    zoneReadAt = uptimeMs()
    const before = knownZone
    knownZone = zone()
    if (knownZone !== before) wake.clockSet()
  }

  function resumed(): void {
    lookedAt = uptimeMs()
    suspendedAt = null
    // First: who wakes elsewhere is told by the hours there.
    readZone()
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
        resumed()
      } else if (at - zoneReadAt >= zoneEveryMs) readZone()
      wake.network(isOnline())
      const moved = now() - at - startedAt
      startedAt += moved
      if (Math.abs(moved) > setMs) wake.clockSet()
    },
    suspended() {
      if (suspendedAt !== null) return
      suspendedAt = uptimeMs()
      wake.suspended(now())
    },
    resumed,
  }
}
