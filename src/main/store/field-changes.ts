import { isDeepStrictEqual } from 'node:util'
import type { DetectionContent, FieldChange, Json, JsonObject } from '../../shared/detection.ts'

/** Everything a sender may change but `status`, which a transition carries itself, and the id. */
const fields = [
  'kind',
  'type',
  'detectedAt',
  'entityId',
  'entityType',
  'sourceType',
  'connectionId',
  'confidence',
  'trackingStatus',
  'tactics',
  'techniques',
  'frameworks',
] as const satisfies readonly (keyof DetectionContent)[]

/** What differs from one delivery to the next. Inside `metadata` and `extra` each member is a field of its own: `metadata.mfa`. */
export function fieldChanges(from: DetectionContent, to: DetectionContent): readonly FieldChange[] {
  return [
    ...fields.flatMap((field) => change(field, from[field], to[field])),
    ...memberChanges('metadata', from.metadata, to.metadata),
    ...memberChanges('extra', from.extra, to.extra),
  ]
}

function memberChanges(name: string, from: JsonObject, to: JsonObject): readonly FieldChange[] {
  const members = new Set([...Object.keys(from), ...Object.keys(to)])
  return [...members].flatMap((member) => change(`${name}.${member}`, memberOf(from, member), memberOf(to, member)))
}

/** Own members only: a sender may well name one `constructor`. */
function memberOf(object: JsonObject, member: string): Json {
  return Object.hasOwn(object, member) ? (object[member] ?? null) : null
}

function change(field: string, from: Json, to: Json): readonly FieldChange[] {
  return isDeepStrictEqual(from, to) ? [] : [{ field, from, to }]
}
