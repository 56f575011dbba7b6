import type { Delivery, Ingest, Outcome } from '../ingest/delivery.ts'

export type Feed<Position> = {
  /** Hands a delivery to the pipeline, in order. Resolves when there is room for the next, at once as a rule. */
  push(delivery: Delivery, position: Position): Promise<void>
  /** Moves on in order past something that carries no delivery. */
  skip(position: Position): void
  /** Resolves when there is room for the next. What was skipped takes room as long as something before it is not settled. */
  room(): Promise<void>
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
  /** `ingest` or `onSettled` threw. What they were given counts as not kept. */
  readonly onBug?: (error: unknown) => void
  readonly limits?: FeedLimits
}): Feed<Position> {
  const { ingest, onSettled, onFailed, onBug, limits = feedLimits } = parts
  type Place = { readonly position: Position; readonly size: number; outcome: Outcome | 'pending' | null }
  const places: Place[] = []
  let bytes = 0
  let hasFailed = false
  let waiting: (() => void)[] = []

  function settle(): void {
    while (!hasFailed) {
      const first = places[0]
      if (first === undefined || first.outcome === 'pending') break
      places.shift()
      bytes -= first.size
      if (first.outcome?.kind !== 'failed' && isPassedOn(first.position, first.outcome)) continue
      hasFailed = true
      onFailed()
    }
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }

  function isPassedOn(position: Position, outcome: Outcome | null): boolean {
    try {
      onSettled(position, outcome)
      return true
    } catch (error) {
      onBug?.(error)
      return false
    }
  }

  /** A throw is a rejection too, or its place would stay open for ever. */
  async function take(delivery: Delivery): Promise<Outcome> {
    try {
      return await ingest(delivery)
    } catch (error) {
      onBug?.(error)
      return { kind: 'failed', because: 'not-committed' }
    }
  }

  async function room(): Promise<void> {
    while (isFull()) await new Promise<void>((resolve) => waiting.push(resolve))
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
      void take(delivery).then((outcome) => {
        place.outcome = outcome
        settle()
      })
      await room()
    },
    skip(position) {
      if (hasFailed) return
      places.push({ position, size: 0, outcome: null })
      settle()
    },
    room,
    async idle() {
      while (!hasFailed && places.length > 0) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}
