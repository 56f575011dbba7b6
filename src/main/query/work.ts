import type { Query } from './query.ts'

/** A look into the index of words, beside a comparison with one field. */
const words = 16
/** A comparison with each field that free words look at, some of which are lists. */
const anywhere = 16

/** How much a query asks of one row, in comparisons: never less than the values that its SQL has. */
export function workOf(query: Query): number {
  switch (query.kind) {
    case 'all':
    case 'any':
      return query.of.reduce((sum, part) => sum + workOf(part), 1)
    case 'not':
      return workOf(query.of)
    case 'words':
      return words
    case 'anywhere':
      return anywhere
    case 'metadata':
      return 4
    default:
      return 2
  }
}
