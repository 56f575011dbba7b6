import type { Instant, JsonObject, OrganizationId, Sequence } from './detection.ts'
import type { Refusal, Wait } from './trust.ts'

/** A delivery that is not believed: it waits for keys, or was refused and is kept for a while so that people can see why. */
export type Quarantined = {
  readonly sequence: Sequence
  readonly receivedAt: Instant
  readonly inlet: string
  readonly standing: { readonly kind: 'waiting'; readonly because: Wait } | { readonly kind: 'refused'; readonly because: Refusal }
  /** What it says of itself, at most 256 characters each; null for a body that is not a well-formed token. */
  readonly organizationId: OrganizationId | null
  readonly keyId: string | null
  readonly issuedAt: Instant | null
  /** Size of the raw body in bytes. */
  readonly size: number
}

export type QuarantinePage = {
  /** Newest first. */
  readonly deliveries: readonly Quarantined[]
  /** null where this page reaches the oldest; otherwise the next one starts below it. */
  readonly next: Sequence | null
  readonly counts: QuarantineCounts
}

export type QuarantineCounts = {
  readonly waiting: number
  readonly refused: number
  /** Removed so far. Each left a tombstone: its place in the sequence, its hashes, its identity, when and why. */
  readonly crowdedOut: number
  readonly discarded: number
}

/** What a body holds, as sent: nothing of it is believed. */
export type Untrusted =
  /** A part that is no JSON object is null. */
  | { readonly kind: 'token'; readonly header: JsonObject | null; readonly claims: JsonObject | null }
  /** The beginning of any other body; `left` bytes are not shown. */
  | { readonly kind: 'text' | 'hex'; readonly preview: string; readonly left: number }

/** What a second look came to. */
export type Looked = {
  readonly keys:
    | { readonly kind: 'fetched' }
    /** The keys are pinned, so nobody was asked. */
    | { readonly kind: 'pinned' }
    | { readonly kind: 'failed'; readonly detail: string }
    /** Asked often enough for now: the issuer is asked again then. */
    | { readonly kind: 'later'; readonly at: Instant }
    | { readonly kind: 'organization-unknown' }
  readonly released: number
  readonly refused: number
  readonly waiting: number
}

/** As many as one request may discard. */
export const mostDiscarded = 500
