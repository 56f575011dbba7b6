/** Control characters, bidi overrides, invisible ones, line and paragraph separators: what a terminal obeys or hides instead of showing. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu

/** Text of a sender for a terminal: everything that could move the cursor, recolour or reorder is shown as its code. */
export function visible(text: string): string {
  return text.replace(hidden, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** JSON on one line that a terminal shows as it is; it reads back as the same value. */
export function visibleJson(value: unknown): string {
  const escape = (character: string): string =>
    Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')
  return JSON.stringify(value).replace(hidden, escape)
}

const wide =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u
const combining = /^[\p{Mn}\p{Me}]/u

/** Columns that a terminal gives to a text. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += combining.test(character) ? 0 : wide.test(character) ? 2 : 1
  return width
}

/** Shortened to a width, with a sign that it was. */
export function fit(text: string, most: number): string {
  if (widthOf(text) <= most) return text
  let fitting = ''
  let width = 1
  for (const character of text) {
    width += widthOf(character)
    if (width > most) break
    fitting += character
  }
  return `${fitting}…`
}

export type Column = { readonly title: string; readonly most: number }

/** Aligned lines, each ending in a line break. Cells are made visible here and nowhere else. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], hasTitles = true): string {
  const cells = [...(hasTitles ? [columns.map(({ title }) => title)] : []), ...rows].map((row) =>
    columns.map(({ most }, i) => fit(visible(row[i] ?? ''), most)),
  )
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => widthOf(row[i] ?? ''))))
  const line = (row: readonly string[]): string => row.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - widthOf(cell))).join('  ')
  return cells.map((row) => `${line(row).trimEnd()}\n`).join('')
}
