import type { JsonObject } from '../../shared/detection.ts'
import type { DriftKind, Observation } from '../../shared/drift.ts'
import type { Content } from './delivery.ts'
import { isComplianceField, isNamedField, unsaid } from './parse.ts'

const documented = {
  header: new Set(['alg', 'kid']),
  claims: new Set([
    'aud',
    'iss',
    'iat',
    'exp',
    'jti',
    'sub',
    'target_url',
    'webhook_id',
    'trigger_type',
    'trigger_name',
    'trigger_content',
  ]),
  status: new Set(['detected', 'ongoing', 'resolved']),
  trackingStatus: new Set(['new', 'done']),
  triggerType: 'sync_hook',
} as const

const longestValue = 256
/** Of one delivery; a sender who invents more than this in one body is only counted. */
const mostObservations = 100

/**
 * What a believed delivery says that SlashID does not document, and the words it uses where SlashID leaves the set open (types,
 * entity types, source types): the first sight of each is news. Fields inside `metadata` differ per type and are not looked at.
 */
export function observe(header: JsonObject, claims: JsonObject, content: Content): readonly Observation[] {
  const seen = [
    ...unknownNames('header', header, documented.header),
    ...unknownNames('claim', claims, documented.claims),
    ...observeContent(claims, content),
  ].map(({ what, value }): Observation => ({ what, value: value.slice(0, longestValue) }))
  return seen.length <= mostObservations ? seen : [...seen.slice(0, mostObservations), { what: 'overflow', value: '' }]
}

function observeContent(claims: JsonObject, content: Content): readonly Observation[] {
  if (content.kind === 'other-trigger') return [{ what: 'trigger', value: content.trigger }]
  const triggerType = textOf(claims, 'trigger_type')
  const seen: Observation[] =
    triggerType === null || triggerType === documented.triggerType ? [] : [{ what: 'trigger-type', value: triggerType }]
  if (content.kind === 'unreadable') return [...seen, { what: 'unreadable', value: content.because }]

  const { kind, type, status, entityType, sourceType, trackingStatus, extra } = content.detection
  const say = (what: DriftKind, value: string | null) => {
    if (value !== null) seen.push({ what, value })
  }
  say('type', type === unsaid ? null : type)
  say('status', status === unsaid || documented.status.has(status) ? null : status)
  say('entity-type', entityType)
  say('source-type', sourceType)
  say('tracking-status', trackingStatus === null || documented.trackingStatus.has(trackingStatus) ? null : trackingStatus)
  // What parse could not tell is in `extra` by its own name: a field we do not know, or a known one in another form.
  for (const name of Object.keys(extra)) {
    if (name === 'detection_risk_category') say('category', `${kind}, but ${textOf(extra, name) ?? 'not a text'}`)
    else if (!isComplianceField(name)) say(isNamedField(name) ? 'form' : 'field', name)
  }
  return seen
}

function unknownNames(what: DriftKind, value: JsonObject, known: ReadonlySet<string>): readonly Observation[] {
  return Object.keys(value)
    .filter((name) => !known.has(name))
    .map((name) => ({ what, value: name }))
}

function textOf(value: JsonObject, name: string): string | null {
  const text = Object.hasOwn(value, name) ? value[name] : undefined
  return typeof text === 'string' ? text : null
}
