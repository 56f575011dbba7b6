import type { BackupHealth, IntegrityHealth, RetentionHealth } from './care.ts'
import type { Instant } from './detection.ts'
import type { GapReason, InletId } from './inlets.ts'
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

/** Whether notifications reach the user, by what became of the last one. `detail` says what is safe. */
export type DesktopHealth = { readonly kind: 'reached' } | { readonly kind: 'silent'; readonly since: Instant; readonly detail: string }

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
  /** What no way in could make a delivery of: a request with the wrong path, method or size, a message that its transport should not carry. */
  readonly turnedAway: number
}

/** A way in that is switched on. The receiver is one where something public leads to it, or where it is the only one. */
export type WayHealth = {
  readonly id: InletId
  readonly name: string
  readonly state: 'live' | 'connecting' | 'down'
  /** Why it is down; null otherwise. */
  readonly because: GapReason | null
}

export type Health = {
  readonly receiver: ReceiverHealth
  readonly ways: readonly WayHealth[]
  readonly storage: StorageHealth
  readonly proof: ProofHealth
  readonly integrity: IntegrityHealth
  readonly backups: BackupHealth
  readonly retention: RetentionHealth
  readonly desktop: DesktopHealth
  readonly counters: Counters
  readonly lastDeliveryAt: Instant | null
  /** Deliveries in quarantine now that may still become good. */
  readonly waiting: number
}

export type HealthWord = 'listening' | 'partly listening' | 'starting' | 'not listening' | 'trouble'

/** The one word that every view shows: `trouble` means what is kept is at risk now, `partly listening` that one way in is down and another is not. */
export function healthWord({ storage, integrity, ways }: Health): HealthWord {
  if (storage.kind === 'failing' || integrity.kind === 'damaged') return 'trouble'
  const isSome = (state: WayHealth['state']): boolean => ways.some((way) => way.state === state)
  if (isSome('live')) return isSome('down') ? 'partly listening' : 'listening'
  return isSome('down') ? 'not listening' : 'starting'
}
