import type { Instant } from '../../shared/detection.ts'
import { longestSearch } from '../../shared/search-fields.ts'
import type { TimeRange } from '../../shared/view.ts'

/** What a search asks for. `toSql` and `matches` say the same of it; a property test holds them together. */
export type Query =
  /** Every one of them; none at all means everything. */
  | { readonly kind: 'all'; readonly of: readonly Query[] }
  | { readonly kind: 'any'; readonly of: readonly Query[] }
  | { readonly kind: 'not'; readonly of: Query }
  /** These tokens, one after the other, in one field; where `isPrefix`, the last of them is only how a token begins. At least one. */
  | { readonly kind: 'words'; readonly tokens: readonly string[]; readonly isPrefix: boolean }
  /** Fits anywhere in one field, however the field is parted into tokens. */
  | { readonly kind: 'anywhere'; readonly pattern: Pattern }
  | { readonly kind: 'text'; readonly field: TextField; readonly pattern: Pattern }
  | { readonly kind: 'list'; readonly field: ListField; readonly pattern: Pattern }
  /** One value at this path of the metadata, or any of the values of a list there. A number compares as a number. */
  | { readonly kind: 'metadata'; readonly path: readonly string[]; readonly test: Pattern | Comparison }
  | { readonly kind: 'confidence'; readonly comparison: Comparison }
  /** `from` inclusive, `to` exclusive. */
  | { readonly kind: 'time'; readonly field: TimeField; readonly from: Instant | null; readonly to: Instant | null }
  /** `snoozed` means until after `now`. */
  | { readonly kind: 'is'; readonly state: State; readonly now: Instant }
  | { readonly kind: 'has'; readonly what: What }

/** The same, of what was detected in this range only. */
export function within(query: Query, range: TimeRange | null): Query {
  return range === null ? query : { kind: 'all', of: [query, { kind: 'time', field: 'detected', ...range }] }
}

/** A whole value, compared without regard to the case of A to Z; `parts` are what stands between its asterisks, folded. */
export type Pattern = { readonly kind: 'pattern'; readonly parts: readonly string[] }
export type Comparison = { readonly kind: 'comparison'; readonly by: '>=' | '<=' | '>' | '<' | '='; readonly number: number }

export const textFields = [
  'id',
  'kind',
  'type',
  'status',
  'trust',
  'source',
  'entity',
  'entity_type',
  'connection',
  'organization',
  'tracking',
  'triage',
  'verdict',
] as const
export type TextField = (typeof textFields)[number]
export const listFields = ['tactic', 'technique', 'framework', 'label'] as const
export type ListField = (typeof listFields)[number]
export const timeFields = ['detected', 'changed', 'received', 'resolved'] as const
export type TimeField = (typeof timeFields)[number]
export const states = ['unread', 'open', 'demo', 'imported', 'snoozed'] as const
export type State = (typeof states)[number]
export const things = [
  'note',
  'label',
  'verdict',
  'confidence',
  'entity',
  'connection',
  'tactic',
  'technique',
  'framework',
  'metadata',
] as const
export type What = (typeof things)[number]

/** `at` and `length` say which characters of the text are meant; `detail` is for people: what is wrong there, and what would be right. */
export type Parsed =
  | { readonly kind: 'parsed'; readonly query: Query }
  | { readonly kind: 'refused'; readonly because: QueryRefusal; readonly at: number; readonly length: number; readonly detail: string }

export const queryRefusals = ['too-long', 'too-many-terms', 'too-deep', 'syntax', 'unknown-field', 'bad-value'] as const
export type QueryRefusal = (typeof queryRefusals)[number]

export const queryLimits = { characters: longestSearch, terms: 64, depth: 16, asterisks: 8 } as const

const toBeFolded = /[A-Z\ud800-\udfff]/

/**
 * Both sides compare in this form. Only A to Z are folded, as SQLite's NOCASE does it; a broken surrogate pair becomes
 * the replacement character, as SQLite keeps it.
 */
export function fold(text: string): string {
  // Most need nothing of it, and each value of each detection is asked.
  if (!toBeFolded.test(text)) return text
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()).replace(/\p{Surrogate}/gu, '\ufffd')
}
