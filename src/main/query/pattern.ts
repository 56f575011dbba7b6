import { fold, type Pattern } from './query.ts'

/** A text in which every `*` stands for anything, nothing among it. Asterisks in a row are one. */
export function patternOf(text: string): Pattern {
  return { kind: 'pattern', parts: fold(text.replace(/\*+/g, '*')).split('*') }
}

/** A text that is meant as it stands. */
export function exactly(text: string): Pattern {
  return { kind: 'pattern', parts: [fold(text)] }
}

/** Whether the whole text fits. Takes each part where it first occurs, so that it costs no more than a walk for each of them. */
export function fits({ parts }: Pattern, text: string): boolean {
  const [first = ''] = parts
  // A text is as long folded as it was.
  if (parts.length === 1) return text.length === first.length && fold(text) === first
  const folded = fold(text)
  const last = parts.at(-1) ?? ''
  if (folded.length < first.length + last.length || !folded.startsWith(first) || !folded.endsWith(last)) return false
  let from = first.length
  const end = folded.length - last.length
  for (const part of parts.slice(1, -1)) {
    const at = folded.indexOf(part, from)
    if (at < 0 || at + part.length > end) return false
    from = at + part.length
  }
  return from <= end
}

/** A pattern that is a number means one as well, however it is written. */
export function numberOf({ parts }: Pattern): number | null {
  const [text = ''] = parts
  if (parts.length !== 1) return null
  // However long, as it is written where a detection is shown.
  return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(text) || (/^-?\d[\d.e+-]*$/.test(text) && String(Number(text)) === text) ? Number(text) : null
}
