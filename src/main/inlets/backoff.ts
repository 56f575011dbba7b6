export type Backoff = {
  /** How long to wait before the next try, in ms: longer each time, and never twice the same for two that fail together. */
  next(): number
  /** After a success. */
  reset(): void
}

const firstMs = 1_000
const mostMs = 60_000

/** Doubles from 1 s to 60 s; the upper half of each wait is drawn by `random` (0 to below 1). */
export function createBackoff(random: () => number): Backoff {
  let waitMs = firstMs
  return {
    next() {
      const drawn = waitMs / 2 + (waitMs / 2) * random()
      waitMs = Math.min(waitMs * 2, mostMs)
      return Math.round(drawn)
    },
    reset() {
      waitMs = firstMs
    },
  }
}
