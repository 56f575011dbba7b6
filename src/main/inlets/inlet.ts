import type { Instant } from '../../shared/detection.ts'
import type { ReceiverHealth } from '../../shared/health.ts'
import type { Ingest } from '../ingest/delivery.ts'
import type { Schedule } from '../ingest/refresher.ts'

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

/** Where a fetching inlet has come to, in its transport's own words. Kept only after the commit of what it passed; null where the far end keeps nothing. */
export type Checkpoint = { read(): string | null; write(position: string | null): void }

/** What a fetching inlet does not take for a delivery. */
export type NotTaken = 'malformed' | 'too-large' | 'not-base64' | 'not-decrypted' | 'not-signed-form'

export type FetchingParts<SetUp> = {
  readonly setUp: SetUp
  /** Read at every connection. `detail` is for people and never holds the value. */
  readonly secret: () =>
    | { readonly kind: 'known'; readonly value: string }
    | { readonly kind: 'none' }
    | { readonly kind: 'unreadable'; readonly detail: string }
  readonly ingest: Ingest
  readonly checkpoint: Checkpoint
  /** Told at every change of the connection. */
  readonly onState: (state: LinkState) => void
  readonly onTurnedAway: (because: NotTaken) => void
  /** The far end says that some of what it kept is gone; null where it does not say how much. */
  readonly onLost: (count: number | null) => void
  readonly onBug: (error: unknown) => void
  /** Epoch ms. */
  readonly now: () => number
  /** 0 to below 1. */
  readonly random: () => number
  readonly schedule: Schedule
}

/** How the one connection of a fetching inlet stands. `detail` is for people: what happened and what to do. */
export type LinkState =
  | { readonly kind: 'connecting' }
  /** `backlog`: how many are still to come of what was kept meanwhile, where the far end says so. */
  | { readonly kind: 'live'; readonly backlog: number | null }
  | {
      readonly kind: 'waiting'
      readonly because: 'relay-down' | 'refused'
      readonly detail: string
      readonly retryAt: Instant
      /** Where the far end fell silent: when it was last heard. */
      readonly lastHeardAt?: Instant
    }
  | { readonly kind: 'stopped' }

/** A way in that fetches. It connects by itself, again and again, until it is stopped. */
export type FetchingInlet = {
  start(): void
  /** Gives up the connection it has, or the wait for the next, and connects anew at once: after sleep, or when the network is back. */
  reconnect(because?: 'network-back'): void
  /** Takes no more, lets what is in flight finish within a bounded time, and holds nothing open afterwards. */
  stop(): Promise<void>
}
