/** Control characters, bidi overrides, invisible ones, line and paragraph separators: what a terminal or an editor obeys or hides. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu

/** Nothing of it is hidden, as in nearly everything: looking for what is takes longer than writing the JSON. */
const visible = /^[ -~]*$/

/** JSON on one line in which everything that a sender hid is an escape. It reads back as the same value. */
export function plainJson(value: unknown): string {
  const json = JSON.stringify(value)
  return visible.test(json) ? json : json.replace(hidden, escape)
}

function escape(character: string): string {
  return Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')
}
