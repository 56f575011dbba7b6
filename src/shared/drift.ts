import type { Instant, OrganizationId } from './detection.ts'

/** What of a believed delivery can differ from what SlashID documents. */
export const driftKinds = [
  'field',
  'form',
  'type',
  'status',
  'entity-type',
  'source-type',
  'tracking-status',
  'category',
  'trigger',
  'trigger-type',
  'claim',
  'header',
  'unreadable',
  /** Stands for all that found no room: only counted. */
  'overflow',
] as const
export type DriftKind = (typeof driftKinds)[number]

/** Something a sender said that is not documented, or belongs to a set that SlashID leaves open. */
export type Observation = { readonly what: DriftKind; readonly value: string }

export type Drift = Observation & {
  readonly organizationId: OrganizationId
  readonly firstSeenAt: Instant
  readonly lastSeenAt: Instant
  readonly count: number
}

export type DriftList = {
  /** Seen first most recently first, at most 1,000. */
  readonly listed: readonly Drift[]
  readonly total: number
}

/** For so long something is new. */
export const newForMs = 7 * 24 * 3_600_000
