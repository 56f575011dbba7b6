import { assertNever } from '../../shared/assert-never.ts'
import { numberOf } from './pattern.ts'
import type { Comparison, ListField, Pattern, Query, State, TextField, TimeField, What } from './query.ts'

/** A condition on a row of `detections`, never NULL, with its values in the order of its question marks. */
export type Condition = { readonly sql: string; readonly values: readonly (string | number)[] }

/**
 * Asks of the history: the table `text_index` (FTS5 with tokenizer `ascii`, whose row ids end in 31 bits with the row of a detection), and the
 * function `fits_pattern(text, parts)`, whose parts are a JSON array; NULL fits nothing. `among` is a further condition on row ids of
 * `text_index`, for those who look at a part of the history only.
 */
export function toSql(query: Query, among = 'TRUE'): Condition {
  switch (query.kind) {
    case 'all':
      return query.of.length === 0 ? { sql: 'TRUE', values: [] } : allOf(query.of, among)
    case 'any':
      return anyOf(query, among)
    case 'not': {
      const { sql, values } = toSql(query.of, among)
      return { sql: `NOT (${sql})`, values }
    }
    case 'words':
      return wordsTest([query], among)
    case 'anywhere':
      return anywhere(query.pattern)
    case 'text':
      return textTest(textColumns[query.field], query.pattern)
    case 'list':
      return listTest(listColumns[query.field], query.pattern)
    case 'metadata':
      return metadataTest(query.path, query.test)
    case 'confidence':
      return { sql: `(confidence IS NOT NULL AND confidence ${query.comparison.by} ?)`, values: [query.comparison.number] }
    case 'time':
      return timeTest(timeColumns[query.field], query.from, query.to)
    case 'is':
      return stateTest(query.state, Date.parse(query.now))
    case 'has':
      return { sql: things[query.what], values: [] }
    default:
      return assertNever(query)
  }
}

/** Whether the answer depends on the index of words. */
export function needsWords(query: Query): boolean {
  if (query.kind === 'all' || query.kind === 'any') return query.of.some(needsWords)
  return query.kind === 'not' ? needsWords(query.of) : query.kind === 'words'
}

function allOf(of: readonly Query[], among: string): Condition {
  return joined(
    of.map((part) => toSql(part, among)),
    'AND',
  )
}

function joined(tests: readonly Condition[], by: 'AND' | 'OR'): Condition {
  return { sql: `(${tests.map(({ sql }) => sql).join(` ${by} `)})`, values: tests.flatMap(({ values }) => values) }
}

type Words = Extract<Query, { kind: 'words' }>

/** All words of which any will do are one question to their index: each by itself would cost a statement a millisecond. */
function anyOf(query: Query, among: string): Condition {
  const parts = disjunction(query)
  const words = parts.filter((part) => part.kind === 'words')
  const others = parts.filter((part) => part.kind !== 'words').map((part) => toSql(part, among))
  return joined(words.length === 0 ? others : [...others, wordsTest(words, among)], 'OR')
}

function disjunction(query: Query): readonly Query[] {
  return query.kind === 'any' ? query.of.flatMap(disjunction) : [query]
}

function wordsTest(any: readonly Words[], among: string): Condition {
  return {
    sql: `detections.row IN (SELECT rowid & 2147483647 FROM text_index WHERE text_index MATCH ? AND ${among})`,
    values: [any.map(({ tokens, isPrefix }) => phrase(tokens, isPrefix)).join(' OR ')],
  }
}

/** What `text_index` matches: tokens hold letters and digits only, so that none can end the string it stands in. */
export function phrase(tokens: readonly string[], isPrefix: boolean): string {
  return `"${tokens.join(' ')}"${isPrefix ? '*' : ''}`
}

const textColumns: Readonly<Record<TextField, string>> = {
  id: 'id',
  kind: 'kind',
  type: 'type',
  status: 'status',
  trust: 'trust',
  source: 'source_type',
  entity: 'entity_id',
  entity_type: 'entity_type',
  connection: 'connection_id',
  organization: 'organization_id',
  tracking: 'tracking_status',
  triage: 'triage_state',
  verdict: 'verdict',
}

const listColumns: Readonly<Record<ListField, string>> = {
  tactic: 'tactics',
  technique: 'techniques',
  framework: 'frameworks',
  label: 'labels',
}

const timeColumns: Readonly<Record<TimeField, string>> = {
  detected: 'detected_at',
  changed: 'changed_at',
  received: 'received_at',
  resolved: 'resolved_at',
}

const things: Readonly<Record<What, string>> = {
  note: 'note_count > 0',
  label: "labels <> '[]'",
  verdict: 'verdict IS NOT NULL',
  confidence: 'confidence IS NOT NULL',
  entity: 'entity_id IS NOT NULL',
  connection: 'connection_id IS NOT NULL',
  tactic: "tactics <> '[]'",
  technique: "techniques <> '[]'",
  framework: "frameworks <> '[]'",
  metadata: "metadata <> '{}'",
}

function textTest(column: string, pattern: Pattern): Condition {
  const [first = ''] = pattern.parts
  // SQLite's NOCASE compares up to the first NUL, and from there on by length alone.
  if (first.includes('\0')) return patternTest(column, pattern)
  if (pattern.parts.length === 1) return { sql: `(${column} IS NOT NULL AND ${column} = ? COLLATE NOCASE)`, values: [first] }
  const fitting = columnTest(column, pattern)
  const bound = beyond(first)
  if (bound === null) return fitting
  // So that an index finds where to begin and to end; what fits is for the pattern to say.
  const { sql, values } = fitting
  return { sql: `(${column} >= ? COLLATE NOCASE AND ${column} < ? COLLATE NOCASE AND ${sql})`, values: [first, bound, ...values] }
}

/** A text that comes after all that begin so, and not before it by much; null where there is no simple one. */
function beyond(prefix: string): string | null {
  const code = prefix.charCodeAt(prefix.length - 1)
  return code >= 0x20 && code < 0x7e ? prefix.slice(0, -1) + String.fromCharCode(code + 1) : null
}

function patternTest(expression: string, { parts }: Pattern): Condition {
  return { sql: `fits_pattern(${expression}, ?)`, values: [JSON.stringify(parts)] }
}

/** What only has to stand somewhere in a column, SQLite finds by itself, many times faster; its `lower` folds A to Z alone. */
function columnTest(column: string, pattern: Pattern): Condition {
  const part = containedPart(pattern)
  if (part === null) return patternTest(column, pattern)
  return { sql: `(${column} IS NOT NULL AND instr(lower(${column}), ?) > 0)`, values: [part] }
}

function listTest(column: string, pattern: Pattern): Condition {
  const { sql, values } = patternTest('value', pattern)
  const test = `EXISTS (SELECT 1 FROM json_each(${column}) WHERE ${sql})`
  const part = containedPart(pattern)
  // What JSON writes as it is stands in the text of the list as well, which is soon seen.
  if (part === null || !/^[^"\\\p{Cc}\ufffd]+$/u.test(part)) return { sql: test, values }
  return { sql: `(instr(lower(${column}), ?) > 0 AND ${test})`, values: [part, ...values] }
}

/** What stands between two asterisks, and nothing else; null of any other pattern. */
function containedPart({ parts }: Pattern): string | null {
  const [first, part = '', last] = parts
  return parts.length === 3 && first === '' && last === '' ? part : null
}

function anywhere(pattern: Pattern): Condition {
  const columns = ['id', 'type', 'status', 'kind', 'entity_id', 'entity_type', 'source_type', 'connection_id'].map((name) =>
    columnTest(name, pattern),
  )
  const lists = ['tactics', 'techniques', 'frameworks'].map((name) => listTest(name, pattern))
  const tests = [...columns, ...lists]
  return { sql: `(${tests.map(({ sql }) => sql).join(' OR ')})`, values: tests.flatMap(({ values }) => values) }
}

function metadataTest(path: readonly string[], test: Pattern | Comparison): Condition {
  // No name holds a quote or a backslash: the parser saw to that.
  const steps = `$${path.map((name) => `."${name}"`).join('')}`
  const { sql, values } = valueTest(test)
  return {
    sql: `(coalesce(json_type(metadata, ?), 'object') <> 'object' AND EXISTS (SELECT 1 FROM json_each(metadata, ?) WHERE ${sql}))`,
    values: [steps, steps, ...values],
  }
}

function valueTest(test: Pattern | Comparison): Condition {
  if (test.kind === 'comparison') return { sql: `type IN ('integer', 'real') AND value ${test.by} ?`, values: [test.number] }
  const { sql, values } = patternTest("CASE type WHEN 'text' THEN value WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' END", test)
  const number = numberOf(test)
  return number === null ? { sql, values } : { sql: `(${sql} OR (type IN ('integer', 'real') AND value = ?))`, values: [...values, number] }
}

function timeTest(column: string, from: string | null, to: string | null): Condition {
  const tests = [
    { sql: `${column} IS NOT NULL`, values: [] },
    ...(from === null ? [] : [{ sql: `${column} >= ?`, values: [Date.parse(from)] }]),
    ...(to === null ? [] : [{ sql: `${column} < ?`, values: [Date.parse(to)] }]),
  ]
  return { sql: `(${tests.map(({ sql }) => sql).join(' AND ')})`, values: tests.flatMap(({ values }) => values) }
}

function stateTest(state: State, now: number): Condition {
  switch (state) {
    case 'unread':
      return { sql: "(opened_at IS NULL AND triage_state = 'new')", values: [] }
    case 'open':
      return { sql: "status <> 'resolved'", values: [] }
    case 'demo':
      return { sql: 'is_demo = 1', values: [] }
    case 'imported':
      return { sql: 'is_imported = 1', values: [] }
    case 'snoozed':
      return { sql: '(snoozed_until IS NOT NULL AND snoozed_until > ?)', values: [now] }
    default:
      return assertNever(state)
  }
}
