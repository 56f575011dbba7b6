import { assertNever } from '../../shared/assert-never.ts'
import type { Detection, Instant, Json, JsonObject } from '../../shared/detection.ts'
import { fits, numberOf } from './pattern.ts'
import type { Comparison, ListField, Pattern, Query, State, TextField, TimeField, What } from './query.ts'
import { indexedTokens, searchedFields } from './tokens.ts'
import { between, holdsWords } from './words.ts'

type Test = (row: Looked) => boolean

/** A detection that is looked at; its tokens are made once for all words that ask for them, and only where any has to. */
export type Looked = { readonly detection: Detection; readonly tokens: () => string }

/** For many queries that ask of the same detection. */
export function lookAt(detection: Detection): Looked {
  let tokens: string | null = null
  return { detection, tokens: () => (tokens ??= between(indexedTokens(detection))) }
}

/** Answers of one detection after the other whether the history would find it by this query. */
export function matching(query: Query): (detection: Detection) => boolean {
  const test = matchingLooked(query)
  return (detection) => test(lookAt(detection))
}

/** The same of what is looked at by others as well. */
export function matchingLooked(query: Query): (looked: Looked) => boolean {
  return compile(query)
}

function compile(query: Query): Test {
  switch (query.kind) {
    case 'all': {
      const tests = cheapestFirst(query.of)
      return (row) => tests.every((test) => test(row))
    }
    case 'any': {
      const tests = cheapestFirst(query.of)
      return (row) => tests.some((test) => test(row))
    }
    case 'not': {
      const test = compile(query.of)
      return (row) => !test(row)
    }
    case 'words': {
      const holds = holdsWords(query)
      return ({ detection, tokens }) => holds(detection, tokens)
    }
    case 'anywhere':
      return ({ detection }) => searchedFields(detection).some((text) => fits(query.pattern, text))
    case 'text':
      return ({ detection }) => {
        const text = texts[query.field](detection)
        return text !== null && fits(query.pattern, text)
      }
    case 'list':
      return ({ detection }) => lists[query.field](detection).some((text) => fits(query.pattern, text))
    case 'metadata':
      return ({ detection }) => valuesAt(detection.metadata, query.path).some((value) => isValue(value, query.test))
    case 'confidence':
      return ({ detection }) => detection.confidence !== null && compares(detection.confidence, query.comparison)
    case 'time':
      return ({ detection }) => {
        const at = times[query.field](detection)
        return at !== null && (query.from === null || at >= query.from) && (query.to === null || at < query.to)
      }
    case 'is':
      return ({ detection }) => isIn(query.state, detection, query.now)
    case 'has':
      return ({ detection }) => things[query.what](detection)
    default:
      return assertNever(query)
  }
}

/** In whatever order they are asked, they say the same; what stands at hand may spare what has to be parsed or parted into words. */
function cheapestFirst(queries: readonly Query[]): readonly Test[] {
  return [...queries].sort((one, other) => costOf(one) - costOf(other)).map(compile)
}

function costOf(query: Query): number {
  switch (query.kind) {
    case 'all':
    case 'any':
      return Math.max(0, ...query.of.map(costOf))
    case 'not':
      return costOf(query.of)
    case 'has':
    case 'is':
    case 'time':
      return 1
    case 'list':
      return 2
    case 'metadata':
      return 3
    case 'anywhere':
      return 4
    case 'words':
      return 5
    default:
      return 0
  }
}

const texts: Readonly<Record<TextField, (detection: Detection) => string | null>> = {
  id: ({ id }) => id,
  kind: ({ kind }) => kind,
  type: ({ type }) => type,
  status: ({ status }) => status,
  trust: ({ trust }) => trust,
  source: ({ sourceType }) => sourceType,
  entity: ({ entityId }) => entityId,
  entity_type: ({ entityType }) => entityType,
  connection: ({ connectionId }) => connectionId,
  organization: ({ organizationId }) => organizationId,
  tracking: ({ trackingStatus }) => trackingStatus,
  triage: ({ triage }) => triage.state,
  verdict: ({ triage }) => triage.verdict,
}

const lists: Readonly<Record<ListField, (detection: Detection) => readonly string[]>> = {
  tactic: ({ tactics }) => tactics,
  technique: ({ techniques }) => techniques,
  framework: ({ frameworks }) => frameworks,
  label: ({ triage }) => triage.labels,
}

const times: Readonly<Record<TimeField, (detection: Detection) => Instant | null>> = {
  detected: ({ detectedAt }) => detectedAt,
  changed: ({ changedAt }) => changedAt,
  received: ({ receivedAt }) => receivedAt,
  resolved: ({ resolvedAt }) => resolvedAt,
}

/** One value, or those of a list; an object is none. */
function valuesAt(metadata: JsonObject, path: readonly string[]): readonly Json[] {
  let value: Json | undefined = metadata
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return []
    value = (value as JsonObject)[name]
  }
  if (value === undefined) return []
  return Array.isArray(value) ? (value as readonly Json[]) : [value]
}

function isValue(value: Json, test: Pattern | Comparison): boolean {
  if (test.kind === 'comparison') return typeof value === 'number' && compares(value, test)
  if (typeof value === 'string') return fits(test, value)
  if (typeof value === 'boolean') return fits(test, String(value))
  return typeof value === 'number' && value === numberOf(test)
}

function compares(value: number, { by, number }: Comparison): boolean {
  switch (by) {
    case '>=':
      return value >= number
    case '<=':
      return value <= number
    case '>':
      return value > number
    case '<':
      return value < number
    case '=':
      return value === number
    default:
      return assertNever(by)
  }
}

/** Of a detection no more is looked at than is asked for: it may be read from a row only then. */
function isIn(state: State, detection: Detection, now: Instant): boolean {
  switch (state) {
    case 'unread':
      return detection.triage.isUnread
    case 'open':
      return detection.status !== 'resolved'
    case 'demo':
      return detection.demo
    case 'imported':
      return detection.imported
    case 'snoozed': {
      const { snoozedUntil } = detection.triage
      return snoozedUntil !== null && snoozedUntil > now
    }
    default:
      return assertNever(state)
  }
}

const things: Readonly<Record<What, (detection: Detection) => boolean>> = {
  note: ({ triage }) => triage.noteCount > 0,
  label: ({ triage }) => triage.labels.length > 0,
  verdict: ({ triage }) => triage.verdict !== null,
  confidence: ({ confidence }) => confidence !== null,
  entity: ({ entityId }) => entityId !== null,
  connection: ({ connectionId }) => connectionId !== null,
  tactic: ({ tactics }) => tactics.length > 0,
  technique: ({ techniques }) => techniques.length > 0,
  framework: ({ frameworks }) => frameworks.length > 0,
  metadata: ({ metadata }) => Object.keys(metadata).length > 0,
}
