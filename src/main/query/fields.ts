import { searchFields, type SearchField } from '../../shared/search-fields.ts'
import type { Operator } from './grammar.ts'
import { timeFields } from './query.ts'

/** The names SlashID uses, and those a hand writes first. */
export const aliases: ReadonlyMap<string, string> = new Map(
  searchFields.flatMap(({ name, aliases }: SearchField) => aliases.map((alias) => [alias, name] as const)),
)

/** Every name that can stand before a colon, in the order in which people are told of them. */
export const fieldNames: readonly string[] = searchFields.map(({ name }) => name)

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
  const known = aliases.get(field) ?? field
  const value = Object.hasOwn(examples, known) ? examples[known] : undefined
  if (value === undefined) return null
  const isMeasured = known === 'confidence' || timeFields.some((one) => one === known)
  // The others are no numbers and no times, and cannot be more or less.
  return `${name}${isMeasured ? by : ':'}${value}`
}
