import type { Instant } from '../../shared/detection.ts'
import type { InletCounters } from '../../shared/inlets.ts'
import type { Ingest, Outcome } from '../ingest/delivery.ts'

/** What came in by one inlet since this start of the app. */
export type Meter = {
  /** The same door, counted. */
  readonly ingest: Ingest
  turnedAway(): void
  read(): { readonly counters: InletCounters; readonly lastDeliveryAt: Instant | null; readonly latencyMs: number | null }
}

/** So many of the newest make the median. */
const mostLatencies = 100

export function createMeter(parts: {
  readonly ingest: Ingest
  /** Something came in. */
  readonly onHeard: () => void
  /** One more is kept, for the first time. */
  readonly onRecorded: (isBacklog: boolean) => void
  /** A count is another. */
  readonly onChanged: () => void
  readonly now: () => number
}): Meter {
  const { onHeard, onRecorded, onChanged, now } = parts
  const counts = { received: 0, kept: 0, duplicate: 0, quarantined: 0, refused: 0, failed: 0, backlog: 0, turnedAway: 0 }
  const latencies: number[] = []
  let lastDeliveryAt: Instant | null = null

  function settled(outcome: Outcome, receivedAt: Instant, isBacklog: boolean): void {
    counts[outcome.kind]++
    // What came before was not missed, and what is refused makes up for nothing.
    if (outcome.kind === 'kept' || outcome.kind === 'quarantined') onRecorded(isBacklog)
    if (!isBacklog && outcome.kind !== 'failed') {
      // Of two clocks one may be ahead.
      latencies.push(Math.max(0, now() - Date.parse(receivedAt)))
      if (latencies.length > mostLatencies) latencies.shift()
    }
    onChanged()
  }

  return {
    async ingest(delivery) {
      const isBacklog = delivery.isBacklog === true
      counts.received++
      if (isBacklog) counts.backlog++
      lastDeliveryAt = new Date(now()).toISOString() as Instant
      onHeard()
      const outcome = await parts.ingest(delivery)
      settled(outcome, delivery.receivedAt, isBacklog)
      return outcome
    },
    turnedAway() {
      counts.turnedAway++
      onChanged()
    },
    read: () => ({ counters: { ...counts }, lastDeliveryAt, latencyMs: median(latencies) }),
  }
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  return upper === undefined || lower === undefined ? null : Math.round((upper + lower) / 2)
}
