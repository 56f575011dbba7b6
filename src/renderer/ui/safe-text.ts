/** A run of text as it is, or one code point that would be invisible or would reorder what is around it. */
export type Segment = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'mark'; readonly name: string }

// Controls, formats (zero-width, bidi overrides and isolates, tags), line separators, lone surrogates, everything a font may
// silently leave out, and every space that is not the plain one.
const invisible = /(?! )[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}\p{Cs}\p{Default_Ignorable_Code_Point}]/u
const invisibles = new RegExp(invisible, 'gu')
const pictograph = /^\p{Extended_Pictographic}|^\p{Emoji_Modifier}/u

const names: Readonly<Record<string, string>> = {
  '\n': '↵',
  '\t': '⇥',
  '\r': '␍',
  '\0': 'NUL',
  '\u200b': 'ZWSP',
  '\u202e': 'RLO',
  '\u202d': 'LRO',
}

function nameOf(character: string): string {
  return names[character] ?? `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

/** A joiner or variation selector that belongs to a picture changes how it looks and hides nothing. */
function belongsToPicture(before: string, character: string, after: string): boolean {
  const last = [...before].at(-1) ?? ''
  if (character === '\ufe0f' || character === '\ufe0e') return pictograph.test(last)
  if (character === '\u200d') return (pictograph.test(last) || last === '\ufe0f') && pictograph.test(after)
  return false
}

/** As many marks as can be told apart; of more, how many they are. */
function blank(spaces: number): readonly Segment[] {
  const name = nameOf(' ')
  return spaces <= 3 ? Array.from({ length: spaces }, () => ({ kind: 'mark', name })) : [{ kind: 'mark', name: `${name} × ${spaces}` }]
}

/** Whether all of it is seen as it is, as nearly every text of a sender. */
export function isPlain(text: string): boolean {
  return !invisible.test(text) && !/^ +$/.test(text)
}

/** Splits a sender's text so that nothing in it can hide or move anything. */
export function toSegments(text: string): readonly Segment[] {
  // Spaces alone would be drawn as nothing at all.
  if (/^ +$/.test(text)) return blank(text.length)
  if (!invisible.test(text)) return text === '' ? [] : [{ kind: 'text', text }]
  const segments: Segment[] = []
  let from = 0
  for (const match of text.matchAll(invisibles)) {
    const character = match[0]
    const end = match.index + character.length
    if (belongsToPicture(text.slice(Math.max(0, match.index - 4), match.index), character, text.slice(end, end + 2))) continue
    if (match.index > from) segments.push({ kind: 'text', text: text.slice(from, match.index) })
    segments.push({ kind: 'mark', name: nameOf(character) })
    from = end
  }
  if (from < text.length) segments.push({ kind: 'text', text: text.slice(from) })
  return segments
}

/** The same for places that take a string only: titles and accessible names. */
export function toVisible(text: string, most = 300): string {
  const whole = toSegments(text.slice(0, most))
    .map((segment) => (segment.kind === 'text' ? segment.text : `⟨${segment.name}⟩`))
    .join('')
  return text.length > most ? `${whole}…` : whole
}
