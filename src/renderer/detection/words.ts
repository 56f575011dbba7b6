import type { Json, Trust } from '../../shared/detection.ts'

/** SlashID's own name of each field, for those who look it up in its documentation. */
export const rawNames = {
  id: 'id',
  kind: 'detection_risk_category, or the name of the trigger',
  type: 'type',
  status: 'status',
  detectedAt: 'timestamp',
  changedAt: 'iat of the newest delivery that changed it',
  receivedAt: 'when Tocsin accepted its newest delivery',
  resolvedAt: 'iat of the delivery that brought status resolved',
  tookMs: 'from timestamp, or from when it was opened again, to when it was resolved',
  entityId: 'entity_id',
  entityType: 'entity_type',
  sourceType: 'source_type',
  connectionId: 'connection_id',
  organizationId: 'aud',
  confidence: 'confidence_score',
  trackingStatus: 'tracking_status',
  tactics: 'detection_mitre_tactic',
  techniques: 'detection_mitre_technique',
  frameworks: 'compliance frameworks',
  metadata: 'metadata',
} as const

// A Map, since the sender chooses the names: `toString` is one, too.
const fieldWords = new Map(
  Object.entries({
    type: 'type',
    kind: 'kind',
    detectedAt: 'first seen',
    entityId: 'entity',
    entityType: 'entity type',
    sourceType: 'source',
    connectionId: 'connection',
    confidence: 'confidence',
    trackingStatus: 'tracking at SlashID',
    tactics: 'tactics',
    techniques: 'techniques',
    frameworks: 'frameworks',
    metadata: 'metadata',
    extra: 'other fields',
  }),
)

/** A field as people call it; one we have no word for keeps its own. */
export function fieldWord(field: string): string {
  return fieldWords.get(field) ?? field
}

/** A value on one line. */
export function valueWord(value: Json): string {
  if (value === null) return 'nothing'
  if (typeof value === 'string') return value === '' ? 'empty text' : value
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.length === 0 ? 'nothing' : value.join(', ')
  return JSON.stringify(value)
}

/** What a word of trust was earned by. */
export const trustWords: Readonly<Record<Trust, string>> = {
  verified: 'Signed by a key of this organization, in time, and addressed to it.',
  late: 'Signed by a key of this organization. It came here after it had expired, but an authenticated relay had it in time.',
  unsigned: 'It came by the way in you declared unsigned. Nobody vouches for what it says, and it changes nothing that was signed.',
}

export function sizeWord(bytes: number): string {
  return bytes < 1024 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1)} KiB`
}

/** Whether there is anything in it to show or to copy. */
export function hasMembers(value: object): boolean {
  return Object.keys(value).length > 0
}
