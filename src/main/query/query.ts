/** What a search asks for. `toSql` and `matches` say the same of it; a property test holds them together. */
export type Query =
  /** Every one of them; none at all means everything. */
  | { readonly kind: 'all'; readonly of: readonly Query[] }
  /** A word or a quoted phrase, anywhere in one of a detection's fields. Not empty, and without line breaks. */
  | { readonly kind: 'words'; readonly text: string }

export type Parsed =
  { readonly kind: 'parsed'; readonly query: Query } | { readonly kind: 'refused'; readonly because: QueryRefusal; readonly detail: string }

export const queryRefusals = ['too-long', 'too-many-words'] as const
export type QueryRefusal = (typeof queryRefusals)[number]

export const longestQuery = 512
export const mostWords = 32

/**
 * Both sides compare in this form. Only A to Z are folded, as SQLite's `lower` does it; a broken surrogate pair becomes
 * the replacement character, as SQLite keeps it.
 */
export function fold(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()).replace(/\p{Surrogate}/gu, '\ufffd')
}
