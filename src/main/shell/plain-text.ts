/** Line breaks, other controls, and everything invisible or that reorders text: it could make a name look like another. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]+/gu
const replacement = '\u{fffd}'

/**
 * One line of harmless text of at most `limit` characters (code points), the last of them `…` where something is missing.
 * Text of a sender goes through here before it reaches the desktop or the log.
 */
export function plain(text: string, limit: number): string {
  // Two code units at most make a code point: more than that is never looked at, however long the text is.
  const clean = text
    .slice(0, 2 * limit + 2)
    .replace(/[\t\n\r]+/g, ' ')
    .replace(unsafe, replacement)
  const points = [...clean]
  const isWhole = points.length <= limit && text.length <= 2 * limit + 2
  return isWhole ? clean : `${points.slice(0, limit - 1).join('')}…`
}

/** Linux desktops parse a small markup in notification bodies; this text comes out as it is. */
export function escapeMarkup(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;').replace(/'/g, '&#39;')
}

export const longestTitle = 120
export const longestBody = 400

/** The text of a note as one platform takes it: harmless, bounded, and read as text where the desktop would read markup. */
export function noteText(
  note: { readonly title: string; readonly body: string },
  platform: string,
): { readonly title: string; readonly body: string } {
  const body = plain(note.body, longestBody)
  return { title: plain(note.title, longestTitle), body: platform === 'linux' ? escapeMarkup(body) : body }
}
