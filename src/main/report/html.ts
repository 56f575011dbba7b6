/** Markup whose texts are escaped: only `html` makes it. */
export type Html = { readonly markup: string; readonly [isHtml]: true }
type Value = Html | readonly Html[] | string | number | null

const isHtml: unique symbol = Symbol('html')
const longest = 300

/** Every text that is put in is shown as text, whoever wrote it; null leaves nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return made(parts.reduce((markup, part, index) => markup + toMarkup(values[index - 1] ?? null) + part))
}

/** A text of ours that stands in markup as it is, such as a style sheet. */
export function asIs(markup: string): Html {
  return made(markup)
}

function made(markup: string): Html {
  return { markup, [isHtml]: true }
}

function toMarkup(value: Value): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return escape(visible(value))
  return isList(value) ? value.map(({ markup }) => markup).join('') : value.markup
}

function isList(value: Html | readonly Html[]): value is readonly Html[] {
  return Array.isArray(value)
}

// Controls, formats (zero-width, bidi overrides and isolates), separators, lone surrogates, and all that a font may leave out.
const hidden = /(?! )[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}]/gu

/** What would be invisible, or would move what stands around it, is named; what is very long is cut. */
function visible(text: string): string {
  const whole = [...text.slice(0, longest)].join('').replace(hidden, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    return `⟨U+${code}⟩`
  })
  return text.length > longest ? `${whole}…` : whole
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
  '=': '&#61;',
}

function escape(text: string): string {
  return text.replace(/[&<>"'`=]/g, (character) => escapes[character] ?? character)
}
