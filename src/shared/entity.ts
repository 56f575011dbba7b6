import type { Detection, DetectionKey, Instant, OrganizationId, Status } from './detection.ts'
import type { Counted } from './overview.ts'

/** An entity is meant by its exact id, in one organization or, with null, in any. */
export type EntityKey = { readonly entityId: string; readonly organizationId: OrganizationId | null }

/** One line of the list of entities. */
export type EntityLine = {
  readonly entityId: string
  readonly entityType: string | null
  /** Detections in the range that was asked for. */
  readonly count: number
  /** Of its newest 2,000 detections; of fewer where looking at so many for every line took too long. */
  readonly threats: number
  readonly openPosture: number
  readonly highestConfidence: number | null
  readonly lastChangedAt: Instant
}
export type EntityList = {
  /** Most detections first, at most 100. */
  readonly entities: readonly EntityLine[]
  /** How many entities there are in the range. */
  readonly total: number
}

/** What was open of one posture detection, and when. */
export type PostureIntervals = {
  readonly key: DetectionKey
  readonly type: string
  readonly status: Status
  /** In order; `to` is null while it is open. */
  readonly intervals: readonly { readonly from: Instant; readonly to: Instant | null }[]
}

/** One point on an entity's timeline. */
export type ThreatPoint = {
  readonly key: DetectionKey
  readonly type: string
  readonly status: Status
  readonly detectedAt: Instant
  readonly confidence: number | null
}

export type EntityDetail = {
  readonly entityId: string
  readonly entityTypes: readonly Counted[]
  readonly count: number
  readonly threats: number
  readonly firstDetectedAt: Instant
  readonly lastChangedAt: Instant
  readonly types: readonly Counted[]
  readonly sources: readonly Counted[]
  readonly techniques: readonly Counted[]
  /** Newest first, at most 1,000. */
  readonly points: readonly ThreatPoint[]
  /** Newest change first, at most 200. */
  readonly posture: readonly PostureIntervals[]
  /** Open posture issues, the longest open first, at most 200. */
  readonly openIssues: readonly Detection[]
  /** Its newest notes, at most 50. */
  readonly notes: readonly { readonly key: DetectionKey; readonly type: string; readonly text: string; readonly at: Instant }[]
  /** Other entities seen through the same connections, most detections first, at most 20. */
  readonly related: readonly {
    readonly entityId: string
    readonly entityType: string | null
    readonly connectionId: string
    readonly count: number
  }[]
  /** false where the entity has more detections than were looked at (the newest 2,000), so that counts are of those. */
  readonly isExact: boolean
}
