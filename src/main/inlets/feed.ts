import type { Delivery, Ingest, Outcome } from '../ingest/delivery.ts'

export type Feed<Position> = {
  /** Hands a delivery to the pipeline, in order. Resolves when there is room for the next, at once as a rule. */
  push(delivery: Delivery, position: Position): Promise<void>
  /** Moves on in order past something that carries no delivery. */
  skip(position: Position): void
  /** Resolves when everything that was pushed is settled, or nothing more will be. */
  idle(): Promise<void>
}

export type FeedLimits = { readonly deliveries: number; readonly bytes: number }
export const feedLimits: FeedLimits = { deliveries: 256, bytes: 8 * 1024 * 1024 }

/**
 * What is fetched goes to the history several at a time, so that a backlog comes in at full speed, and is settled in order: a position
 * is passed on only when its delivery and all before it are recorded. After a commit that failed nothing more is settled: the link has to
 * be made anew, and the far end sends again from there.
 */
export function createFeed<Position>(parts: {
  readonly ingest: Ingest
  /** Recorded for good, refusals among them: the far end may forget it. In order. */
  readonly onSettled: (position: Position, outcome: Outcome | null) => void
  /** Once, when something could not be kept. */
  readonly onFailed: () => void
  readonly limits?: FeedLimits
}): Feed<Position> {
  const { ingest, onSettled, onFailed, limits = feedLimits } = parts
  type Place = { readonly position: Position; readonly size: number; outcome: Outcome | 'pending' | null }
  const places: Place[] = []
  let bytes = 0
  let hasFailed = false
  let waiting: (() => void)[] = []

  function settle(): void {
    while (!hasFailed) {
      const first = places[0]
      if (first === undefined || first.outcome === 'pending') break
      if (first.outcome?.kind === 'failed') {
        hasFailed = true
        onFailed()
        break
      }
      places.shift()
      bytes -= first.size
      onSettled(first.position, first.outcome)
    }
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }

  function isFull(): boolean {
    return !hasFailed && (places.length >= limits.deliveries || bytes >= limits.bytes)
  }

  return {
    async push(delivery, position) {
      if (hasFailed) return
      const place: Place = { position, size: delivery.body.byteLength, outcome: 'pending' }
      places.push(place)
      bytes += place.size
      void ingest(delivery)
        .catch((): Outcome => ({ kind: 'failed', because: 'not-committed' }))
        .then((outcome) => {
          place.outcome = outcome
          settle()
        })
      while (isFull()) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    skip(position) {
      if (hasFailed) return
      places.push({ position, size: 0, outcome: null })
      settle()
    },
    async idle() {
      while (!hasFailed && places.length > 0) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}
