import type { Detection, Json } from '../../shared/detection.ts'

/** Stands between two fields, so that no phrase reaches from one into the next. Not ASCII, so that the index takes it for a token. */
export const fieldEnd = '\u{10fffd}'

/** Text of one detection that is indexed at most; what a sender adds beyond it is found by its field only. */
export const mostTokens = 512
const longestToken = 64

/**
 * What a free word can find: letters and digits, parted by everything else, A to Z folded. A word of several humps is
 * found by each of them as well, so that `stuffing` finds CredentialStuffingAttempt.
 */
export function tokensOf(text: string): readonly string[] {
  return words(text).map(toToken)
}

/** Every token of a detection in the order of its fields, with `fieldEnd` between two of them. */
export function indexedTokens(detection: Detection): readonly string[] {
  const tokens: string[] = []
  someText(detection, (text) => {
    if (tokens.length >= mostTokens) return true
    tokens.push(...tokensOfField(text))
    return false
  })
  return tokens.slice(0, mostTokens)
}

/** What one field of a detection adds to its tokens: at most three more than it has characters. */
export function tokensOfField(text: string): readonly string[] {
  const whole = words(text)
  return [whole, humps(whole)].flatMap((part) => (part.length > 0 ? [...part.map(toToken), fieldEnd] : []))
}

/** Whether a field that free words look at is what is looked for: one after the other, in the order of their tokens, until one is. */
export function someText(detection: Detection, isIt: (text: string) => boolean): boolean {
  return searchedFields(detection).some(isIt) || someWithin(detection.metadata, isIt, 0) || someWithin(detection.extra, isIt, 0)
}

/** The fields that free words look at, without metadata. A substring is looked for in these as well. */
export function searchedFields(detection: Detection): readonly string[] {
  const { id, type, status, kind, entityId, entityType, sourceType, connectionId, tactics, techniques, frameworks } = detection
  const fields = [id, type, status, kind, entityId, entityType, sourceType, connectionId, ...tactics, ...techniques, ...frameworks]
  return fields.filter((field) => field !== null)
}

/** The index takes everything beyond ASCII for a letter, so only what is neither letter nor digit may part words here. */
function words(text: string): readonly string[] {
  return text.replace(/\p{Surrogate}/gu, '\ufffd').match(/[\p{L}\p{N}\p{M}]+/gu) ?? []
}

/** Nothing where no word has more than one hump: it would be indexed twice for nothing. */
function humps(whole: readonly string[]): readonly string[] {
  const parted = whole.flatMap((word) => word.match(/[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+|[A-Z]/g) ?? [])
  return parted.length > whole.length ? parted : []
}

function toToken(word: string): string {
  const token = word.normalize('NFC').toLowerCase()
  return token.length <= longestToken ? token : [...token].slice(0, longestToken).join('')
}

const deepest = 8

function someWithin(value: Json, isIt: (text: string) => boolean, depth: number): boolean {
  if (typeof value === 'string') return isIt(value)
  if (typeof value === 'number') return isIt(String(value))
  if (typeof value !== 'object' || value === null || depth >= deepest) return false
  const within: readonly Json[] = Array.isArray(value) ? value : Object.values(value)
  return within.some((one) => someWithin(one, isIt, depth + 1))
}
