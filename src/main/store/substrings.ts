import type { Query } from '../query/query.ts'
import { needsWords } from '../query/to-sql.ts'
import { threesOf } from '../query/trigrams.ts'
import type { Database } from './database.ts'
import type { TextIndex } from './text-index.ts'

/** Candidates are put in order before the first of them is shown: of more it is quicker to go through the list, in which they are frequent. */
const mostCandidates = 10_000

/**
 * What `substring_index` is to match for a query; null where it is not to be asked: it cannot leave out enough, it does not hold all that is
 * older than itself yet, or the query has words, whose own index goes first.
 */
export function createSubstrings(db: Database, textIndex: Pick<TextIndex, 'isFilled'>): (query: Query) => string | null {
  const candidates = db
    .prepare<[string], number>(
      `SELECT count(*) FROM (SELECT 1 FROM substring_index WHERE substring_index MATCH ? LIMIT ${mostCandidates + 1})`,
    )
    .pluck()

  return (query) => {
    const match = needsWords(query) ? null : threesOf(query)
    if (match === null || !textIndex.isFilled()) return null
    return (candidates.get(match) ?? 0) <= mostCandidates ? match : null
  }
}
