import type {
  Detection,
  DetectionContent,
  DetectionId,
  JsonObject,
  Kind,
  OrganizationId,
  Sequence,
  Trust,
  Verdict,
} from '../../shared/detection.ts'
import type { TriageState } from '../../shared/detection.ts'
import { toInstant, toInstantOrNull, toMillis } from './time.ts'

/** What a sender says, as columns; its id is part of the key. */
export type ContentRow = {
  readonly kind: string
  readonly type: string
  readonly status: string
  readonly detected_at: number
  readonly entity_id: string | null
  readonly entity_type: string | null
  readonly source_type: string | null
  readonly connection_id: string | null
  readonly confidence: number | null
  readonly tracking_status: string | null
  readonly tactics: string
  readonly techniques: string
  readonly frameworks: string
  readonly metadata: string
  readonly extra: string
}

/** What each newer delivery writes anew. */
export type NewestRow = ContentRow & {
  readonly trust: string
  readonly changed_at: number
  readonly newest_sequence: number
  readonly received_at: number
  readonly resolved_at: number | null
}

/** What a first delivery writes. */
export type PresentRow = NewestRow & {
  readonly organization_id: string
  readonly id: string
  readonly is_demo: number
  readonly is_imported: number
}

/** What the user made of it. */
export type TriageRow = {
  readonly triage_state: string
  readonly verdict: string | null
  readonly verdict_reason: string | null
  readonly labels: string
  readonly snoozed_until: number | null
  readonly note_count: number
  readonly opened_at: number | null
}

export type DetectionRow = PresentRow & TriageRow & { readonly row: number }

export const newestColumns = [
  'kind',
  'type',
  'status',
  'trust',
  'detected_at',
  'changed_at',
  'newest_sequence',
  'received_at',
  'resolved_at',
  'entity_id',
  'entity_type',
  'source_type',
  'connection_id',
  'confidence',
  'tracking_status',
  'tactics',
  'techniques',
  'frameworks',
  'metadata',
  'extra',
] as const satisfies readonly (keyof NewestRow)[]

export const presentColumns = [
  'organization_id',
  'id',
  'is_demo',
  'is_imported',
  ...newestColumns,
] as const satisfies readonly (keyof PresentRow)[]

/** The defaults of the table. */
export const untouched: TriageRow = {
  triage_state: 'new',
  verdict: null,
  verdict_reason: null,
  labels: '[]',
  snoozed_until: null,
  note_count: 0,
  opened_at: null,
}

export function toRow(content: DetectionContent): ContentRow {
  return {
    kind: content.kind,
    type: content.type,
    status: content.status,
    detected_at: toMillis(content.detectedAt),
    entity_id: content.entityId,
    entity_type: content.entityType,
    source_type: content.sourceType,
    connection_id: content.connectionId,
    confidence: content.confidence,
    tracking_status: content.trackingStatus,
    tactics: JSON.stringify(content.tactics),
    techniques: JSON.stringify(content.techniques),
    frameworks: JSON.stringify(content.frameworks),
    metadata: JSON.stringify(content.metadata),
    extra: JSON.stringify(content.extra),
  }
}

export function fromRow(row: DetectionRow): Detection {
  return {
    id: row.id as DetectionId,
    organizationId: row.organization_id as OrganizationId,
    sequence: row.newest_sequence as Sequence,
    kind: row.kind as Kind,
    type: row.type,
    status: row.status,
    trust: row.trust as Trust,
    detectedAt: toInstant(row.detected_at),
    changedAt: toInstant(row.changed_at),
    receivedAt: toInstant(row.received_at),
    resolvedAt: toInstantOrNull(row.resolved_at),
    entityId: row.entity_id,
    entityType: row.entity_type,
    sourceType: row.source_type,
    connectionId: row.connection_id,
    confidence: row.confidence,
    trackingStatus: row.tracking_status,
    tactics: toList(row.tactics),
    techniques: toList(row.techniques),
    frameworks: toList(row.frameworks),
    metadata: toObject(row.metadata),
    extra: toObject(row.extra),
    triage: {
      state: row.triage_state as TriageState,
      verdict: row.verdict as Verdict | null,
      labels: toList(row.labels),
      snoozedUntil: toInstantOrNull(row.snoozed_until),
      noteCount: row.note_count,
      isUnread: row.opened_at === null && row.triage_state === 'new',
    },
    demo: row.is_demo === 1,
    imported: row.is_imported === 1,
  }
}

// Most are empty, and a page has hundreds of them.
export function toList(json: string): readonly string[] {
  return json === '[]' ? [] : (JSON.parse(json) as readonly string[])
}

export function toObject(json: string): JsonObject {
  return json === '{}' ? {} : (JSON.parse(json) as JsonObject)
}
