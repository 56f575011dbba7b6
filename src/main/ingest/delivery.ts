import type { DetectionContent, Detection, Instant, OrganizationId, Sequence, Transition, Trust } from '../../shared/detection.ts'
import type { Observation } from '../../shared/drift.ts'
import type { Refusal, Wait } from '../../shared/trust.ts'

/** Something that arrived through an inlet. Nothing of it is believed yet. */
export type Delivery = {
  /** The exact bytes. */
  readonly body: Uint8Array
  /** Lower-case names, first value only; without those that carry our own secrets (path secret, secret header). */
  readonly headers: Readonly<Record<string, string>>
  /** Which inlet brought it, e.g. `receiver`. */
  readonly inlet: string
  /** When the receiver or an authenticated relay first accepted it. Every judgement of time uses this moment, however late we look. */
  readonly receivedAt: Instant
  /** It was kept for us while we were not connected. */
  readonly isBacklog?: boolean
}

/** What the inlet must answer. Only `failed` is worth another try by the sender. */
export type Outcome =
  | { readonly kind: 'kept'; readonly sequence: Sequence }
  | { readonly kind: 'duplicate' }
  /** Kept, but its keys are not known yet. */
  | { readonly kind: 'quarantined'; readonly sequence: Sequence }
  | { readonly kind: 'refused'; readonly because: Refusal }
  /** Not kept: the history could not commit it, or too much is in flight. */
  | { readonly kind: 'failed'; readonly because: 'not-committed' | 'overloaded' }

/** The one door for deliveries. Resolves after the commit, never before. */
export type Ingest = (delivery: Delivery) => Promise<Outcome>

/** What a well-formed token says of itself, or an inlet declared unsigned of what it brought; believed only where its standing is `trusted`. */
export type TokenFacts = {
  readonly organizationId: OrganizationId
  /** null where nobody signed it. */
  readonly keyId: string | null
  readonly jti: string | null
  /** SHA-256 of header.payload: the identity of a delivery. Never of the whole token, since ES256 signatures are malleable. */
  readonly signingInputHash: Uint8Array
  readonly issuedAt: Instant
  readonly expiresAt: Instant | null
  readonly triggerName: string | null
}

/** What a trusted delivery turned out to carry. */
export type Content =
  | { readonly kind: 'detection'; readonly detection: DetectionContent }
  | { readonly kind: 'other-trigger'; readonly trigger: string }
  /** Verified, but not a detection we can read; `because` is for people. */
  | { readonly kind: 'unreadable'; readonly because: string }

/** How a delivery stands after the check. */
export type Standing =
  | { readonly kind: 'trusted'; readonly trust: Trust; readonly content: Content }
  | { readonly kind: 'waiting'; readonly because: Wait }
  | { readonly kind: 'refused'; readonly because: Refusal }

/** A checked delivery on its way into the history. A trusted or waiting one always has its token's facts. */
export type Checked = {
  readonly delivery: Delivery
  readonly token: TokenFacts | null
  readonly standing: Standing
  /** Where it is trusted: what it says beyond what SlashID documents. */
  readonly drift?: readonly Observation[]
}

export type Change = {
  readonly detection: Detection
  readonly transition: Transition
  /** It came with what was kept for us while we were not connected. */
  readonly isBacklog?: boolean
  /** An import brought it: old news. */
  readonly isImported?: boolean
}

export type Kept =
  /** `change` is null where the delivery did not touch the present of a detection. */
  | { readonly kind: 'kept'; readonly sequence: Sequence; readonly change: Change | null }
  /** The same organization and signing input was believed already, or the very same body waits. */
  | { readonly kind: 'duplicate' }
  /** Not kept, and the rest of its batch was: a waiting delivery for which quarantine has no room. Answer it as `failed`. */
  | { readonly kind: 'quarantine-full' }

export type WaitingDelivery = { readonly sequence: Sequence; readonly delivery: Delivery }

/** What the pipeline asks of the history; store/ is the only one that can do it. */
export type Keeper = {
  /** All of them in one commit with `synchronous=FULL`, answered in the same order. Throws when nothing could be committed. */
  keep(batch: readonly Checked[]): readonly Kept[]
  /** Quarantined deliveries of one organization that may still become good, oldest first, at most `limit` with a sequence above `after`. */
  waiting(organizationId: OrganizationId, after: Sequence | null, limit: number): readonly WaitingDelivery[]
  /**
   * A second look: moves waiting deliveries to their new standing, all in one commit. The changes come in the same order. A trusted
   * one whose signing input was believed meanwhile becomes a tombstone and changes nothing.
   */
  settle(batch: readonly { readonly sequence: Sequence; readonly checked: Checked }[]): readonly (Change | null)[]
}
