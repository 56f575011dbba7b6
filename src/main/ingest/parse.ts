import { z } from 'zod'
import type { DetectionContent, DetectionId, Instant, Json, JsonObject, Kind } from '../../shared/detection.ts'
import type { Content, TokenFacts } from './delivery.ts'
import { isObject, readFrameworks, readTechniques } from './labels.ts'
import type { Labels } from './labels.ts'
import { readRfc3339 } from './rfc3339.ts'

/**
 * What stands for a type or a status that the sender did not give, or gave in a form we cannot read: any word of
 * SlashID's would be a claim that nobody made.
 */
export const unsaid = 'unknown'

const maxTextLength = 512

// A field that is absent, or not what we know it to be, is undefined here; the latter goes to `extra` as it came.
const text = z.string().min(1).max(maxTextLength).optional().catch(undefined)
const Wire = z.object({
  // Half a surrogate pair cannot be stored: two ids would become one.
  id: z
    .string()
    .max(maxTextLength)
    .refine((id) => id.trim() !== '' && !/\p{Surrogate}/u.test(id))
    .optional()
    .catch(undefined),
  type: text,
  status: text,
  timestamp: z.string().transform(readRfc3339).nullish().catch(null),
  metadata: z
    .custom<JsonObject>((value) => isObject(value as Json))
    .optional()
    .catch(undefined),
  entity_id: text,
  entity_type: text,
  source_type: text,
  connection_id: text,
  confidence_score: z.number().min(0).max(1).optional().catch(undefined),
  tracking_status: text,
  detection_risk_category: text,
})
type Wire = z.infer<typeof Wire>

const mitre = { tactics: 'detection_mitre_tactic', techniques: 'detection_mitre_technique' } as const
const compliance = /compliance/i

const kindOfTrigger: ReadonlyMap<string, Kind> = new Map([
  ['threat_detection', 'threat'],
  ['posture_detection', 'posture'],
])
const kindOfCategory: ReadonlyMap<string, Kind> = new Map([
  ['threat', 'threat'],
  ['posture', 'posture'],
])

/** What a trusted token carries. Total: a verified delivery is never refused for its content, and no field of it is lost. */
export function parse(claims: JsonObject, facts: Pick<TokenFacts, 'triggerName' | 'issuedAt'>): Content {
  const { triggerName } = facts
  if (triggerName !== null && kindOf(kindOfTrigger, triggerName) === null) {
    return { kind: 'other-trigger', trigger: triggerName.slice(0, 128) }
  }
  const content = own(claims, 'trigger_content')
  if (!isObject(content)) return unreadable('trigger_content is not an object')
  const { details, around } = findDetails(content)
  const wire = Wire.parse(details)
  const kind = kindOf(kindOfTrigger, triggerName ?? undefined) ?? kindOf(kindOfCategory, wire.detection_risk_category)
  if (wire.id === undefined) return unreadable(`the detection has no usable id (text of 1 to ${maxTextLength} characters)`)
  if (kind === null)
    return unreadable('neither trigger_name nor detection_risk_category says whether this is a threat or a posture detection')
  return { kind: 'detection', detection: toContent(wire.id as DetectionId, kind, wire, details, around, facts.issuedAt) }
}

function toContent(id: DetectionId, kind: Kind, wire: Wire, details: JsonObject, around: JsonObject, issuedAt: Instant): DetectionContent {
  const tactics = readTechniques(own(details, mitre.tactics) ?? null)
  const techniques = readTechniques(own(details, mitre.techniques) ?? null)
  const frameworks = readAllFrameworks(details)
  const isTold = (name: string): boolean => {
    if (name === mitre.tactics) return tactics.isAll
    if (name === mitre.techniques) return techniques.isAll
    // A category that disagrees with the trigger is drift: it stays visible.
    if (name === 'detection_risk_category') return wire.detection_risk_category === kind
    return (
      frameworks.get(name)?.isAll ??
      (Object.hasOwn(wire, name) && wire[name as keyof Wire] !== undefined && wire[name as keyof Wire] !== null)
    )
  }
  return {
    id,
    kind,
    type: wire.type ?? unsaid,
    status: wire.status ?? unsaid,
    detectedAt: wire.timestamp ?? issuedAt,
    entityId: wire.entity_id ?? null,
    entityType: wire.entity_type ?? null,
    sourceType: wire.source_type ?? null,
    connectionId: wire.connection_id ?? null,
    confidence: wire.confidence_score ?? null,
    trackingStatus: wire.tracking_status ?? null,
    tactics: tactics.labels,
    techniques: techniques.labels,
    frameworks: [...new Set([...frameworks.values()].flatMap((found) => found.labels))],
    metadata: wire.metadata ?? {},
    extra: gatherExtra(details, around, isTold),
  }
}

/** Every member that the result does not tell in full, by its own name; fromEntries makes even `__proto__` a plain member. */
function gatherExtra(details: JsonObject, around: JsonObject, isTold: (name: string) => boolean): JsonObject {
  const extra = Object.entries(details).filter(([name, value]) => !isTold(name) && !isNothing(name, value))
  const taken = new Set(Object.keys(details))
  for (const [name, value] of Object.entries(around)) {
    let free = name
    while (taken.has(free)) free = `trigger_content.${free}`
    taken.add(free)
    extra.push([free, value])
  }
  return Object.fromEntries(extra)
}

/** Known fields that say nothing, as Go writes them for a value that is not set. */
function isNothing(name: string, value: Json): boolean {
  return isNamedField(name) && (value === null || value === '')
}

/** Of the compliance frameworks SlashID documents all but the name of the field, and its form. */
export function isComplianceField(name: string): boolean {
  return compliance.test(name)
}

/** Whether SlashID documents a field of this name in a detection. */
export function isNamedField(name: string): boolean {
  return Object.hasOwn(Wire.shape, name) || name === mitre.tactics || name === mitre.techniques
}

function readAllFrameworks(details: JsonObject): ReadonlyMap<string, Labels> {
  const named = Object.entries(details).filter(([name]) => compliance.test(name))
  return new Map(named.map(([name, value]) => [name, readFrameworks(value)]))
}

/** The details are trigger_content itself or, where it does not look like them, one of its members that does. */
function findDetails(content: JsonObject): { readonly details: JsonObject; readonly around: JsonObject } {
  if (!looksLikeDetails(content)) {
    for (const [name, value] of Object.entries(content)) {
      if (name === 'metadata' || !isObject(value) || !looksLikeDetails(value)) continue
      return { details: value, around: Object.fromEntries(Object.entries(content).filter(([other]) => other !== name)) }
    }
  }
  return { details: content, around: {} }
}

function looksLikeDetails(value: JsonObject): boolean {
  return typeof own(value, 'id') === 'string' && (typeof own(value, 'type') === 'string' || typeof own(value, 'entity_id') === 'string')
}

function kindOf(table: ReadonlyMap<string, Kind>, name: string | undefined): Kind | null {
  return name === undefined ? null : (table.get(name) ?? null)
}

function own(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined
}

function unreadable(because: string): Content {
  return { kind: 'unreadable', because }
}
