import type { Operator } from './grammar.ts'
import { listFields, textFields, timeFields, type ListField, type TextField, type TimeField } from './query.ts'

/** The names SlashID uses, and those a hand writes first. */
export const aliases: Readonly<Record<string, string>> = {
  source_type: 'source',
  entity_id: 'entity',
  connection_id: 'connection',
  org: 'organization',
  organization_id: 'organization',
  tracking_status: 'tracking',
  confidence_score: 'confidence',
  timestamp: 'detected',
  tactics: 'tactic',
  techniques: 'technique',
  frameworks: 'framework',
  labels: 'label',
  since: 'after',
  until: 'before',
}

/** Every name that can stand before a colon, in the order in which people are told of them. */
export const fieldNames: readonly string[] = [
  ...textFields,
  ...listFields,
  'confidence',
  'after',
  'before',
  'last',
  ...timeFields,
  'is',
  'has',
  'metadata.NAME',
] satisfies readonly (TextField | ListField | TimeField | string)[]

/** A value that is right behind each field. */
const examples: Readonly<Record<string, string>> = {
  id: 'f3a1*',
  kind: 'threat',
  type: 'MissingMFA',
  status: 'ongoing',
  trust: 'verified',
  source: 'okta',
  entity: 'anna@example.com',
  entity_type: 'user',
  connection: 'okta-prod',
  organization: 'acme',
  tracking: 'new',
  triage: 'new',
  verdict: 'expected',
  tactic: 'Persistence',
  technique: 'T1110',
  framework: 'SOC2',
  label: 'vip',
  confidence: '0.8',
  after: '2026-01-31',
  before: '2026-01-31',
  last: '7d',
  detected: '2026-01-31',
  changed: 'today',
  received: '7d',
  resolved: '2026-01',
  is: 'unread',
  has: 'note',
}

/** What could stand there in the place of a field without a value; null where there is no such field. */
export function exampleOf(name: string, by: Operator): string | null {
  const field = name.toLowerCase()
  if (field.startsWith('metadata.')) return `${name}${by}${by === ':' ? '10.0.0.1' : '5'}`
  const known = aliases[field] ?? field
  const value = Object.hasOwn(examples, known) ? examples[known] : undefined
  if (value === undefined) return null
  const isMeasured = known === 'confidence' || timeFields.some((one) => one === known)
  // The others are no numbers and no times, and cannot be more or less.
  return `${name}${isMeasured ? by : ':'}${value}`
}
