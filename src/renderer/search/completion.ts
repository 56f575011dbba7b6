/** What is being typed at the caret, and which characters of the text it is. */
export type Typed =
  | { readonly kind: 'nothing'; readonly at: number; readonly length: 0 }
  | { readonly kind: 'field'; readonly begins: string; readonly at: number; readonly length: number }
  | { readonly kind: 'value'; readonly field: string; readonly begins: string; readonly at: number; readonly length: number }

/** null inside of what cannot be completed: a phrase, a comparison. */
export function typedAt(text: string, caret: number): Typed | null {
  const start = startOfTerm(text, caret)
  if (start === null) return null
  const end = endOfTerm(text, start, caret)
  const term = text.slice(start, caret)
  if (term === '') return end === caret ? { kind: 'nothing', at: caret, length: 0 } : null
  const [, field, quote = '', begins = ''] = /^([A-Za-z][\w.-]*):("?)([^"]*)$/s.exec(term) ?? []
  if (field !== undefined) {
    const at = start + field.length + 1
    return /^[<>=]/.test(begins) && quote === '' ? null : { kind: 'value', field, begins, at, length: end - at }
  }
  return /^[A-Za-z][\w.-]*$/.test(term) ? { kind: 'field', begins: term, at: start, length: end - start } : null
}

/** Puts a field or a value in the place of what was typed; the caret stands where one goes on. */
export function complete(text: string, typed: Typed, value: string): { readonly text: string; readonly caret: number } {
  const before = text.slice(0, typed.at)
  const after = text.slice(typed.at + typed.length)
  const isField = typed.kind !== 'value'
  const put = isField ? `${value}:` : /^[A-Za-z0-9][A-Za-z0-9_.@/-]*$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
  const space = isField || after.startsWith(' ') || after.startsWith(')') ? '' : ' '
  return { text: before + put + space + after, caret: before.length + put.length + (isField ? 0 : 1) }
}

/** Where the term at the caret begins, behind what may stand before it; null in a phrase that belongs to no field. */
function startOfTerm(text: string, caret: number): number | null {
  let start = 0
  let isQuoted = false
  for (let at = 0; at < caret; at++) {
    const character = text[at] ?? ''
    if (isQuoted && character === '\\') at += 1
    else if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && /[\s()]/.test(character)) start = at + 1
  }
  if (text[start] === '-' && start < caret) start += 1
  return text[start] === '"' && start < caret ? null : start
}

function endOfTerm(text: string, start: number, caret: number): number {
  let isQuoted = false
  for (let at = start; at < text.length; at++) {
    const character = text[at] ?? ''
    if (isQuoted && character === '\\') at += 1
    else if (character === '"') isQuoted = !isQuoted
    else if (at >= caret && !isQuoted && /[\s()]/.test(character)) return at
  }
  return text.length
}
