/**
 * Changes a search the way a person would: term by term, leaving what they wrote as they wrote it. Only terms that everything has to fit are
 * looked at, those that stand in no parentheses and beside no OR.
 */

/** Whether the whole search asks that a field has this value (`narrowed`), or has not (`excluded`). */
export function stateOf(text: string, field: string, value: string): 'narrowed' | 'excluded' | null {
  const found = termsOf(text).find((term) => isAbout(term, field, value))
  return found === undefined ? null : found.isExcluded ? 'excluded' : 'narrowed'
}

/** Asks that the field has this value, and no longer that it has not. */
export function narrow(text: string, field: string, value: string): string {
  return put(text, field, value, '')
}

/** Asks that the field has not this value, and no longer that it has. */
export function exclude(text: string, field: string, value: string): string {
  return put(text, field, value, '-')
}

/** Asks neither. */
export function release(text: string, field: string, value: string): string {
  const found = termsOf(text).filter((term) => isAbout(term, field, value))
  return found.reduceRight((rest, { at, length }) => `${rest.slice(0, at).trimEnd()} ${rest.slice(at + length).trimStart()}`, text).trim()
}

/** Asks that this fits as well, which is in parentheses, and no longer that it does not. */
export function narrowTo(text: string, group: string): string {
  const written = text.trim()
  if (written === '') return group
  if (hasLooseOr(written)) return `(${written}) ${group}`
  const pieces = piecesOf(written)
  const excluded = pieces.find((piece) => piece.text === `-${group}`)
  if (excluded !== undefined) return written.slice(0, excluded.at) + written.slice(excluded.at + 1)
  const isThere = pieces.some((piece, index) => piece.text === group && pieces[index - 1]?.text !== 'NOT')
  return isThere ? written : `(${written}) ${group}`
}

/** A term that fits exactly this value, whatever characters it has. */
export function termOf(field: string, value: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9_.@/-]*$/.test(value) ? `${field}:${value}` : `${field}:"${value.replace(/["\\]/g, '\\$&')}"`
}

type Term = { readonly at: number; readonly length: number; readonly isExcluded: boolean; readonly field: string; readonly value: string }

function put(text: string, field: string, value: string, sign: '' | '-'): string {
  if (stateOf(text, field, value) === (sign === '' ? 'narrowed' : 'excluded')) return text.trim()
  const rest = release(text, field, value)
  const term = sign + termOf(field, value)
  if (rest === '') return term
  return hasLooseOr(rest) ? `(${rest}) ${term}` : `${rest} ${term}`
}

function isAbout(term: Term, field: string, value: string): boolean {
  return term.field === field && term.value === value
}

/** Pieces of the top level: parentheses and quotes are passed over whole. */
function piecesOf(text: string): readonly { readonly at: number; readonly text: string }[] {
  const pieces: { at: number; text: string }[] = []
  let depth = 0
  let start = -1
  const end = (at: number): void => {
    if (start >= 0) pieces.push({ at: start, text: text.slice(start, at) })
    start = -1
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    if (depth === 0 && /\s/.test(character)) {
      end(at)
      continue
    }
    if (start < 0) start = at
    if (character === '"') at = quoteEnd(text, at)
    else if (character === '(') depth += 1
    else if (character === ')') depth = Math.max(0, depth - 1)
  }
  end(text.length)
  return pieces
}

/** Where the quote that begins here ends: at the end of the text where it is not closed. */
function quoteEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') return at
  }
  return text.length
}

function hasLooseOr(text: string): boolean {
  return piecesOf(text).some((piece) => piece.text === 'OR')
}

function termsOf(text: string): readonly Term[] {
  const pieces = piecesOf(text)
  if (pieces.some((piece) => piece.text === 'OR')) return []
  return pieces.flatMap((piece, index) => {
    // What stands behind a NOT is not asked for.
    if (pieces[index - 1]?.text === 'NOT') return []
    const [, minus = '', field = '', value = ''] = /^(-?)([A-Za-z][\w.-]*):(.+)$/s.exec(piece.text) ?? []
    const plain = valueOf(value)
    return plain === null ? [] : [{ at: piece.at, length: piece.text.length, isExcluded: minus !== '', field, value: plain }]
  })
}

/** What a value means, or null where it is a pattern, a comparison or no value at all. */
function valueOf(text: string): string | null {
  if (text.startsWith('"')) return quoteEnd(text, 0) === text.length - 1 ? text.slice(1, -1).replace(/\\([^])/g, '$1') : null
  return text === '' || /[()"*]|^[<>=]/.test(text) ? null : text
}
