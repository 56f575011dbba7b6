import type { ReceiverHealth } from '../../shared/health.ts'
import type { Ingest } from '../ingest/delivery.ts'

/** A way in. It knows its transport and nothing of what a delivery means. */
export type Inlet<Health, Started extends Health = Health> = {
  /** Begins to take deliveries and resolves with how that went; never rejects for an expected failure. */
  start(): Promise<Started>
  /** Takes no more, lets what is in flight finish within a bounded time, and holds nothing open afterwards. */
  stop(): Promise<void>
}

/** What every way in is given. */
export type InletParts<Health, Reason> = {
  readonly ingest: Ingest
  /** Something was turned away before it became a delivery. Counted, never logged with what it said. */
  readonly onTurnedAway: (because: Reason) => void
  /** Told at every change of health, `start` and `stop` included. */
  readonly onHealth?: (health: Health) => void
  /** A throw that no one expected; the sender was told to try again. */
  readonly onBug: (error: unknown) => void
  /** Epoch ms. */
  readonly now: () => number
}

export type ReceiverStarted = Extract<ReceiverHealth, { kind: 'listening' | 'port-taken' | 'failed' }>
