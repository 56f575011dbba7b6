import type { Detection } from '../../shared/detection.ts'
import { mostTokens, someText, tokensOfField } from './tokens.ts'

/** Answers that are kept of fields that look as if they held the words. */
const mostKnown = 50

/** No token holds a space, so that some of them stand in all of them where the one text stands in the other. */
export function between(tokens: readonly string[]): string {
  return ` ${tokens.join(' ')} `
}

/**
 * Whether tokens stand one after the other in those of a detection, of which `allOf` is to give the text with a space `between` them. It is
 * asked for rarely: no phrase reaches from one field into the next, so that only fields in which a part of it stands are parted into words.
 */
export function holdsWords({ tokens, isPrefix }: { readonly tokens: readonly string[]; readonly isPrefix: boolean }) {
  const wanted = isPrefix ? between(tokens).slice(0, -1) : between(tokens)
  const part = longestAscii(tokens)
  const known = new Map<string, boolean>()

  function isIn(text: string): boolean {
    const before = known.get(text)
    if (before !== undefined) return before
    const found = between(tokensOfField(text)).includes(wanted)
    if (known.size >= mostKnown) known.clear()
    known.set(text, found)
    return found
  }

  return (detection: Detection, allOf: () => string): boolean => {
    let tokensSoFar = 0
    let isLate = false
    const isFound = someText(detection, (text) => {
      // No field has more of them.
      tokensSoFar += text.length + 3
      if (!text.toLowerCase().includes(part)) return false
      // It may stand behind the last token that is indexed: all of them have to be counted.
      isLate = tokensSoFar > mostTokens
      return isLate || isIn(text)
    })
    return isLate ? allOf().includes(wanted) : isFound
  }
}

/** A text in whose tokens it stands holds it as well, whatever its case: only what is not ASCII is composed and folded in other ways. */
function longestAscii(tokens: readonly string[]): string {
  return tokens.reduce((longest, token) => (token.length > longest.length && /^[a-z\d]+$/.test(token) ? token : longest), '')
}
