import type { Detection } from '../../shared/detection.ts'
import type { ListField, Pattern, Query, TextField } from './query.ts'
import { fold } from './query.ts'
import { searchedFields } from './tokens.ts'

/**
 * The index of parts of fields holds every three characters in a row that stand in a detection. Whatever holds a part holds all threes of it,
 * so it gives all that can fit, and some that do not.
 */
const characters = 3
/** Of one pattern: more would leave out little. */
const mostOfAPattern = 24

/** The fields that are in the index, in one text. What is set by triage is not: the index follows deliveries only. */
export function indexedText(detection: Detection): string {
  // Between two fields a character, so that few threes reach from one into the next; one that does is a candidate too many at most.
  return plain(searchedFields(detection).join('\n'))
}

/** What the index is to be asked for, as what it matches: a `part` is in the index by all of its threes, and any of them may be left out. */
export type Threes =
  { readonly kind: 'part'; readonly of: readonly string[] } | { readonly kind: 'all' | 'any'; readonly of: readonly Threes[] }

/** What stands in the index of all that a query finds, and of some that it does not; null where it could not leave anything out. */
export function threesOf(query: Query): Threes | null {
  switch (query.kind) {
    case 'all': {
      const of = query.of.map(threesOf).filter((part) => part !== null)
      return of.length === 0 ? null : (only(of) ?? { kind: 'all', of })
    }
    case 'any': {
      const of = query.of.map(threesOf).filter((part) => part !== null)
      return of.length === 0 || of.length < query.of.length ? null : (only(of) ?? { kind: 'any', of })
    }
    case 'anywhere':
      return inPattern(query.pattern)
    case 'text':
      return indexedTexts.has(query.field) && (query.field === 'id' || query.pattern.parts.length > 1) ? inPattern(query.pattern) : null
    case 'list':
      return indexedLists.has(query.field) ? inPattern(query.pattern) : null
    default:
      return null
  }
}

/** What stands alone in parentheses, or beside a range of time, is asked for as by itself: whoever remembers the answer knows it again. */
function only(of: readonly Threes[]): Threes | undefined {
  return of.length === 1 ? of[0] : undefined
}

/** A whole value of any of these but the id has an index of its own, which knows better. */
const indexedTexts: ReadonlySet<TextField> = new Set<TextField>([
  'id',
  'type',
  'status',
  'kind',
  'entity',
  'entity_type',
  'source',
  'connection',
])
const indexedLists: ReadonlySet<ListField> = new Set<ListField>(['tactic', 'technique', 'framework'])

/** All that its index holds of a detection, as what it matches. */
export function indexedThrees(detection: Detection): readonly string[] {
  return threesIn([indexedText(detection)])
}

function inPattern({ parts }: Pattern): Threes | null {
  const threes = threesIn(parts.map(plain))
  return threes.length === 0 ? null : { kind: 'part', of: threes.slice(0, mostOfAPattern) }
}

/** Each once. */
function threesIn(texts: readonly string[]): readonly string[] {
  const threes = new Set<string>()
  for (const text of texts) {
    const letters = [...text]
    for (let at = 0; at + characters <= letters.length; at++) threes.add(letters.slice(at, at + characters).join(''))
  }
  return [...threes].map(quoted)
}

/** As the query language compares, and without the one character at which SQLite would take a search for ended. */
function plain(text: string): string {
  return fold(text).replaceAll('\0', ' ')
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}
