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
