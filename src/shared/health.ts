import type { Instant } from './detection.ts'
import type { Refusal } from './trust.ts'

/** How the receiver stands. `detail` is for people: what happened and what to do. */
export type ReceiverHealth =
  | { readonly kind: 'starting' }
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'port-taken'; readonly port: number; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'stopped' }

/** Whether deliveries can be kept. While they cannot, every delivery is answered 503. */
export type StorageHealth = { readonly kind: 'ok' } | { readonly kind: 'failing'; readonly since: Instant; readonly detail: string }

/** A delivery by its place and its time. */
export type Place = { readonly sequence: number; readonly at: Instant }

/** What the high-water mark outside the history says of the history. */
export type ProofHealth =
  | { readonly kind: 'ok' }
  /** The mark saw deliveries up to `marked`; the history ends at `kept`, or holds none where that is null. At least `lost` are gone. */
  | { readonly kind: 'lost'; readonly lost: number; readonly kept: Place | null; readonly marked: Place }
  /** Where the mark stands the history has another delivery: it was rewritten, or is a copy that went its own way. */
  | { readonly kind: 'rewritten'; readonly marked: Place }
  /** The mark belongs to another history, which held deliveries up to `marked`. */
  | { readonly kind: 'other-history'; readonly marked: Place }
  /** There are deliveries and no mark to compare them with. */
  | { readonly kind: 'no-mark'; readonly because: 'missing' | 'unreadable' }
  /** The mark cannot be written: what arrives is kept, and could be lost unnoticed. */
  | { readonly kind: 'not-marking'; readonly since: Instant; readonly detail: string }

/** Counts since this start of the app. */
export type Counters = {
  readonly received: number
  readonly kept: number
  readonly duplicate: number
  readonly quarantined: number
  readonly otherTrigger: number
  readonly unreadable: number
  readonly failed: number
  readonly refused: Readonly<Partial<Record<Refusal, number>>>
  /** Turned away by the receiver before anything was read as a delivery: path, method, size and the like. */
  readonly turnedAway: number
}

export type Health = {
  readonly receiver: ReceiverHealth
  readonly storage: StorageHealth
  readonly proof: ProofHealth
  readonly counters: Counters
  readonly lastDeliveryAt: Instant | null
  /** Deliveries in quarantine now that may still become good. */
  readonly waiting: number
}

/** The one word that every view shows: `trouble` means deliveries are at risk now. */
export function healthWord(health: Health): 'listening' | 'starting' | 'not listening' | 'trouble' {
  if (health.storage.kind === 'failing') return 'trouble'
  switch (health.receiver.kind) {
    case 'listening':
      return 'listening'
    case 'starting':
      return 'starting'
    case 'port-taken':
    case 'failed':
    case 'stopped':
      return 'not listening'
  }
}
