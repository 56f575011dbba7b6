import type { Query } from '../query/query.ts'
import { phrase } from '../query/to-sql.ts'
import type { Database } from './database.ts'

type Words = Extract<Query, { kind: 'words' }>

/** What `text_index` is to match for words of a search. */
export type MatchOf = (words: Words) => string

/** Up to so many characters a beginning has an index of its own. */
const longestPrefix = 4
const mostWords = 16

/**
 * Of a longer beginning, the index of words gathers every row of every word that begins so before it gives the first one: half of the history
 * where the word is a frequent one. The words themselves are given row by row, so where there are few, they are what is asked for.
 */
export function createKnownWords(db: Database): MatchOf {
  // In memory, of this connection alone; one that only reads forbids that as well.
  if (db.readonly) db.pragma('query_only = OFF')
  db.exec("CREATE VIRTUAL TABLE IF NOT EXISTS temp.known_words USING fts5vocab('main', 'text_index', 'instance')")
  if (db.readonly) db.pragma('query_only = ON')
  // From one word to the next, so that no list of rows is walked through.
  const next = db.prepare<[string], string>('SELECT term FROM temp.known_words WHERE term >= ? LIMIT 1').pluck()

  return ({ tokens, isPrefix }) => {
    const start = tokens.at(-1) ?? ''
    if (!isPrefix || [...start].length <= longestPrefix) return phrase(tokens, isPrefix)
    const found: string[] = []
    for (let word = next.get(start); word?.startsWith(start) === true; word = next.get(`${word}\u0001`)) {
      if (found.length === mostWords) return phrase(tokens, isPrefix)
      found.push(word)
    }
    if (found.length === 0) return phrase(tokens, false)
    return `(${found.map((word) => phrase([...tokens.slice(0, -1), word], false)).join(' OR ')})`
  }
}
