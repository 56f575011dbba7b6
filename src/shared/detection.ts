/**
 * What the whole app is about: one detection, as main keeps it, IPC carries it, the renderer shows it and
 * `tocsin query --json` prints it. Field meanings: SlashID, "Detection Event Webhooks".
 */

declare const brand: unique symbol
type Branded<T, Name extends string> = T & { readonly [brand]: Name }

/** SlashID's organization id, as in the `aud` claim. */
export type OrganizationId = Branded<string, 'OrganizationId'>
/** SlashID's id of a detection; unique within its organization only. */
export type DetectionId = Branded<string, 'DetectionId'>
/** The place of a delivery in the gap-free receive sequence, from 1. */
export type Sequence = Branded<number, 'Sequence'>

/** A moment in UTC in the one form of `Date.prototype.toISOString`, so that text order is time order. */
export type Instant = Branded<string, 'Instant'>

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [key: string]: Json }

/** An indicator of attack, or a misconfiguration. */
export const kinds = ['threat', 'posture'] as const
export type Kind = (typeof kinds)[number]

/** SlashID documents `detected`, `ongoing` and `resolved`; the set is open, so a new word is kept and shown. */
export type Status = string

/** How far a detection can be believed. Each word is earned by a check, see ingest/check.ts. */
export const trusts = ['verified', 'late', 'unsigned'] as const
export type Trust = (typeof trusts)[number]

export const triageStates = ['new', 'acknowledged', 'done'] as const
export type TriageState = (typeof triageStates)[number]
export type Verdict = 'true-positive' | 'false-positive' | 'expected'

/** What this user decided about a detection. Local only: SlashID never learns of it. */
export type Triage = {
  readonly state: TriageState
  readonly verdict: Verdict | null
  readonly labels: readonly string[]
  readonly snoozedUntil: Instant | null
  readonly noteCount: number
  /** Never opened, and triage is still `new`. */
  readonly isUnread: boolean
}

/** What a sender says about a detection: the part of it that a delivery carries. What is absent is null or empty. */
export type DetectionContent = {
  readonly id: DetectionId
  readonly kind: Kind
  readonly type: string
  readonly status: Status
  /** SlashID's `timestamp`: first triggered. Where it cannot be read it is the token's `iat`, and `extra.timestamp` has the original. */
  readonly detectedAt: Instant
  readonly entityId: string | null
  readonly entityType: string | null
  readonly sourceType: string | null
  readonly connectionId: string | null
  /** 0 to 1, likelihood of a true positive. */
  readonly confidence: number | null
  readonly trackingStatus: string | null
  readonly tactics: readonly string[]
  readonly techniques: readonly string[]
  readonly frameworks: readonly string[]
  readonly metadata: JsonObject
  /** Every field we do not know, or could not read, under the sender's own name. */
  readonly extra: JsonObject
}

export type Detection = DetectionContent & {
  readonly organizationId: OrganizationId
  /** The delivery that says what it is now. */
  readonly sequence: Sequence
  readonly trust: Trust
  /** `iat` of the newest change. */
  readonly changedAt: Instant
  /** When its newest delivery was first accepted. */
  readonly receivedAt: Instant
  readonly resolvedAt: Instant | null
  readonly triage: Triage
  readonly demo: boolean
  readonly imported: boolean
}

/** A detection is named by both: ids are unique within an organization only. */
export type DetectionKey = { readonly organizationId: OrganizationId; readonly id: DetectionId }

/** One change of a detection, as one delivery brought it. */
export type Transition = {
  readonly sequence: Sequence
  /** `iat` of the delivery. */
  readonly at: Instant
  readonly receivedAt: Instant
  /** null where this delivery was the first. */
  readonly from: Status | null
  readonly to: Status
  /** Fields other than status that this delivery changed. */
  readonly changes: readonly FieldChange[]
  /** Nobody signed the delivery: `from` and `changes` speak of the unsigned one before it. */
  readonly isUnsigned?: true
}
export type FieldChange = { readonly field: string; readonly from: Json; readonly to: Json }
