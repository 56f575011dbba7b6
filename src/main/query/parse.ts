import { assertNever } from '../../shared/assert-never.ts'
import { trusts, triageStates, kinds } from '../../shared/detection.ts'
import { searchTooLong } from '../../shared/search-fields.ts'
import { grow, type Operator, type Tree, type Value } from './grammar.ts'
import { aliases, exampleOf, fieldNames } from './fields.ts'
import { exactly, patternOf } from './pattern.ts'
import { listFields, queryLimits, states, textFields, things, timeFields } from './query.ts'
import type { Comparison, Parsed, Query, QueryRefusal, State, TextField, TimeField, What } from './query.ts'
import { tokensOf } from './tokens.ts'
import { workOf } from './work.ts'
import { readDuration, readSpan, readStretch, toEnd, toInstant } from './when.ts'

/** What a search is read by. */
export type SearchContext = {
  /** What relative times start from, in epoch ms. */
  readonly now: number
  /** What `is:suppressed` stands for: the queries of all suppressions that hold now. Where nobody says, or they are too many, it is refused. */
  readonly suppressed?: () => readonly Query[]
  /** What these may add to the search, however often it asks for them. By default so much that a statement can compare it with every row. */
  readonly mostSuppressedWork?: number
}

const mostInStatement = 4_000
/** In one search. */
type Reading = SearchContext & { suppressedWork: number }

/** Reads what was typed. Never throws, and needs a bounded time for any text. */
export function parse(text: string, context: SearchContext): Parsed {
  const tooLong = searchTooLong(text)
  if (tooLong !== null) return { kind: 'refused', because: 'too-long', ...tooLong }
  const grown = grow(text, queryLimits, exampleOf)
  if (grown.kind === 'refused') return grown
  if (grown.tree === null) return { kind: 'parsed', query: { kind: 'all', of: [] } }
  const outcome = toQuery(grown.tree, { ...context, suppressedWork: 0 })
  return isRefusal(outcome) ? { kind: 'refused', ...outcome } : { kind: 'parsed', query: outcome }
}

type Refusal = { readonly because: QueryRefusal; readonly at: number; readonly length: number; readonly detail: string }

function isRefusal(outcome: Query | Refusal): outcome is Refusal {
  return 'because' in outcome
}

function toQuery(tree: Tree, context: Reading): Query | Refusal {
  switch (tree.kind) {
    case 'all':
    case 'any': {
      const of: Query[] = []
      for (const part of tree.of) {
        const query = toQuery(part, context)
        if (isRefusal(query)) return query
        of.push(query)
      }
      return { kind: tree.kind, of }
    }
    case 'not': {
      const of = toQuery(tree.of, context)
      return isRefusal(of) ? of : { kind: 'not', of }
    }
    case 'words':
      return toWords(tree.value)
    case 'field':
      return toField(tree, context)
    default:
      return assertNever(tree)
  }
}

function toWords(value: Value): Query | Refusal {
  const { text, isQuoted } = value
  // One at the end says what is meant anyway: that the word may go on.
  const hasWildcard = !isQuoted && text.replace(/\*+$/, '').includes('*')
  if (hasWildcard) {
    const pattern = patternOf(`*${text}*`)
    return tooMany(value) ?? (pattern.parts.every((part) => part === '') ? everything : { kind: 'anywhere', pattern })
  }
  const tokens = tokensOf(text)
  // Of signs alone nothing is indexed; as a part of a text they can be found all the same.
  if (tokens.length === 0) {
    const signs = isQuoted ? text.trim() : text.replace(/\*+$/, '')
    return signs === '' ? everything : { kind: 'anywhere', pattern: { kind: 'pattern', parts: ['', ...exactly(signs).parts, ''] } }
  }
  return { kind: 'words', tokens, isPrefix: !isQuoted }
}

const everything: Query = { kind: 'all', of: [] }

function anyOf(queries: readonly Query[]): Query {
  return queries.length === 0 ? { kind: 'not', of: everything } : { kind: 'any', of: queries }
}

type Field = Extract<Tree, { kind: 'field' }>

function toField(field: Field, context: Reading): Query | Refusal {
  const { now } = context
  const { by, value, at } = field
  const name = field.name.toLowerCase()
  if (name.startsWith('metadata.')) return toMetadata(field)
  const known = aliases.get(name) ?? name
  if (known === 'confidence') return toConfidence(value, by)
  const time = timeFields.find((one) => one === known)
  if (time !== undefined) return toTime(time, value, by, now)
  if (by !== ':' && by !== '=') {
    if (isKnown(known))
      return badValue(value, `${name} is no number and no time, so it cannot be more or less. Write ${exampleOf(name, by)}.`)
    return unknownField(field.name, at)
  }
  const text = textFields.find((one) => one === known)
  if (text !== undefined) return toText(text, value)
  const list = listFields.find((one) => one === known)
  if (list !== undefined) return tooMany(value) ?? { kind: 'list', field: list, pattern: valuePattern(value) }
  switch (known) {
    case 'after':
    case 'before':
      return toTime('detected', value, known === 'after' ? '>=' : '<', now)
    case 'last':
      return toLast(value, now)
    case 'is':
      return toState(value, context)
    case 'has':
      return toHas(value)
    default:
      return unknownField(field.name, at)
  }
}

function valuePattern({ text, isQuoted }: Value) {
  return isQuoted ? exactly(text) : patternOf(text)
}

/** Some fields have few values, and a wrong one would find nothing without a word. */
const closed: Readonly<Partial<Record<TextField, readonly string[]>>> = {
  kind: kinds,
  trust: trusts,
  triage: triageStates,
  verdict: ['true-positive', 'false-positive', 'expected'],
}

function toText(field: TextField, value: Value): Query | Refusal {
  const values = closed[field]
  const isOpen = values === undefined || (!value.isQuoted && value.text.includes('*'))
  if (!isOpen && !values.includes(value.text.toLowerCase())) return badValue(value, `${field} is ${orList(values)}.`)
  return tooMany(value) ?? { kind: 'text', field, pattern: valuePattern(value) }
}

function toMetadata({ name, by, value, at }: Field): Query | Refusal {
  const path = name.slice('metadata.'.length)
  const steps = path.split('.')
  if (steps.some((step) => step === '') || steps.length > 8 || path.includes('\\'))
    return {
      because: 'unknown-field',
      at,
      length: name.length,
      detail: 'After metadata. come names, parted by single dots, at most eight of them.',
    }
  let test: Extract<Query, { kind: 'metadata' }>['test']
  if (by === ':') {
    const many = tooMany(value)
    if (many !== null) return many
    test = valuePattern(value)
  } else {
    const compared = toComparison(value, by)
    if (compared.kind !== 'comparison') return compared.refusal
    test = compared
  }
  const one: Query = { kind: 'metadata', path: steps, test }
  // Nothing keeps a sender from using a dot in a name.
  return steps.length === 1 ? one : { kind: 'any', of: [one, { kind: 'metadata', path: [path], test }] }
}

function toConfidence(value: Value, by: Operator): Query | Refusal {
  const compared = toComparison(value, by === ':' ? '=' : by)
  if (compared.kind !== 'comparison') return compared.refusal
  const { number } = compared
  if (number >= 0 && number <= 1) return { kind: 'confidence', comparison: compared }
  const percent = number > 1 && number <= 100 ? ` Write ${number / 100} for ${number} %.` : ''
  return badValue(value, `Confidence goes from 0 to 1.${percent}`)
}

function toComparison(value: Value, by: Exclude<Operator, ':'>): Comparison | { readonly kind: 'refused'; readonly refusal: Refusal } {
  const isNumber = /^[+-]?(?:\d{1,15}(?:\.\d{1,15})?|\.\d{1,15})$/.test(value.text)
  if (!isNumber) return { kind: 'refused', refusal: badValue(value, 'A number is needed here, such as 0.8.') }
  return { kind: 'comparison', by, number: Number(value.text) }
}

function toTime(field: TimeField, value: Value, by: Operator, now: number): Query | Refusal {
  const isWithin = by === ':' || by === '='
  const span = (isWithin ? readStretch : readSpan)(value.text.trim(), now)
  const such = isWithin ? 'the last seven days' : 'seven days ago'
  if (span === null) return badValue(value, `A time is needed here: 2026-01-31, 2026-01, 2026-01-31T14:00, today, or 7d for ${such}.`)
  const { from, to } = span
  const bounds = { '>=': [from, null], '>': [to, null], '<': [null, from], '<=': [null, to], ':': [from, to], '=': [from, to] } as const
  const [first, last] = bounds[by]
  return { kind: 'time', field, from: first === null ? null : toInstant(first), to: last === null ? null : toEnd(last) }
}

function toLast(value: Value, now: number): Query | Refusal {
  const ms = readDuration(value.text.trim())
  if (ms === null) return badValue(value, 'A length of time is needed here: 90m, 24h, 7d or 4w.')
  return { kind: 'time', field: 'detected', from: toInstant(now - ms), to: null }
}

/** Words for which another field has the value. */
const sugar: Readonly<Record<string, readonly [TextField, string]>> = {
  threat: ['kind', 'threat'],
  posture: ['kind', 'posture'],
  detected: ['status', 'detected'],
  ongoing: ['status', 'ongoing'],
  resolved: ['status', 'resolved'],
  verified: ['trust', 'verified'],
  late: ['trust', 'late'],
  unsigned: ['trust', 'unsigned'],
  new: ['triage', 'new'],
  acknowledged: ['triage', 'acknowledged'],
  done: ['triage', 'done'],
}

function toState(value: Value, context: Reading): Query | Refusal {
  const word = value.text.toLowerCase()
  const { now } = context
  if (word === 'suppressed') return toSuppressed(value, context)
  const state = states.find((one): one is State => one === word)
  if (state !== undefined) return { kind: 'is', state, now: toInstant(now) }
  const other = Object.hasOwn(sugar, word) ? sugar[word] : undefined
  if (other !== undefined) return { kind: 'text', field: other[0], pattern: exactly(other[1]) }
  return badValue(value, `After is: comes ${orList([...states, 'suppressed', ...Object.keys(sugar)])}.`)
}

function toSuppressed(value: Value, context: Reading): Query | Refusal {
  if (context.suppressed === undefined)
    return badValue(
      value,
      'Rules and suppressions are not asked about what is suppressed: it is kept quiet before any of them. Leave it out.',
    )
  const queries = context.suppressed()
  context.suppressedWork += queries.reduce((sum, query) => sum + workOf(query), 0)
  if (context.suppressedWork <= (context.mostSuppressedWork ?? mostInStatement)) return anyOf(queries)
  return badValue(
    value,
    `The ${queries.length} suppressions that hold now ask for more than one search can look for; they keep quiet what they did. ` +
      'Ask for is:suppressed once at most, search for what one of them says, or lift those under Rules that are needed no more.',
  )
}

function toHas(value: Value): Query | Refusal {
  const what = things.find((one): one is What => one === value.text.toLowerCase())
  return what === undefined ? badValue(value, `After has: comes ${orList(things)}.`) : { kind: 'has', what }
}

function tooMany({ text, isQuoted, at, length }: Value): Refusal | null {
  if (isQuoted || text.replace(/\*+/g, '*').split('*').length - 1 <= queryLimits.asterisks) return null
  return { because: 'bad-value', at, length, detail: `A value may have ${queryLimits.asterisks} asterisks. Leave some out.` }
}

function badValue({ at, length }: Value, detail: string): Refusal {
  return { because: 'bad-value', at, length, detail }
}

function isKnown(name: string): boolean {
  return fieldNames.includes(name)
}

function unknownField(name: string, at: number): Refusal {
  if (name.includes('.'))
    return {
      because: 'unknown-field',
      at,
      length: name.length,
      detail: `There is no field ${name}: only metadata. has names of its own behind it, such as metadata.${name.slice(name.indexOf('.') + 1)}. To look for the text itself, put it in quotes.`,
    }
  const near = [...fieldNames, ...aliases.keys()].find((one) => isNear(one, name.toLowerCase()))
  const hint = near === undefined ? `There is ${fieldNames.slice(1, 9).join(', ')} and more.` : `Did you mean ${near}?`
  return {
    because: 'unknown-field',
    at,
    length: name.length,
    detail: `There is no field ${name}. ${hint} To look for the text itself, put it in quotes.`,
  }
}

/** One letter more, less or other. */
function isNear(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false
  let same = 0
  while (same < one.length && one[same] === other[same]) same += 1
  return [
    one.slice(same + 1) === other.slice(same + 1),
    one.slice(same + 1) === other.slice(same),
    one.slice(same) === other.slice(same + 1),
  ].some(Boolean)
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
