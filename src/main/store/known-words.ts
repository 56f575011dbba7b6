import type { Query } from '../query/query.ts'
import { phrase } from '../query/to-sql.ts'
import { inTemp, type Database } from './database.ts'
import { createState } from './state.ts'

type Words = Extract<Query, { kind: 'words' }>

/** What `text_index` is to match for words of a search. */
export type MatchOf = (words: Words) => string

/** Up to so many characters a beginning has an index of its own. */
const longestPrefix = 4
const mostWords = 16
/** Beginnings whose words are remembered. */
const mostRemembered = 64

/**
 * Of a longer beginning, the index of words gathers every row of every word that begins so before it gives the first one: half of the history
 * where the word is a frequent one. The words themselves are given row by row, so where there are few, they are what is asked for.
 */
export function createKnownWords(db: Database): MatchOf {
  inTemp(db, () => db.exec("CREATE VIRTUAL TABLE IF NOT EXISTS temp.known_words USING fts5vocab('main', 'text_index', 'instance')"))
  // From one word to the next, so that no list of rows is walked through.
  const next = db.prepare<[string], string>('SELECT term FROM temp.known_words WHERE term >= ? LIMIT 1').pluck()

  // Unchanged, there are the same words as before: from a frequent word to the next one it is a long way, and each page of a list asks again.
  const stateNow = createState(db)
  const remembered = new Map<string, readonly string[] | null>()
  let state = ''

  return ({ tokens, isPrefix }) => {
    const start = tokens.at(-1) ?? ''
    if (!isPrefix || [...start].length <= longestPrefix) return phrase(tokens, isPrefix)
    const words = wordsFrom(start)
    if (words === null) return phrase(tokens, isPrefix)
    if (words.length === 0) return phrase(tokens, false)
    return `(${words.map((word) => phrase([...tokens.slice(0, -1), word], false)).join(' OR ')})`
  }

  /** null where there are too many. */
  function wordsFrom(start: string): readonly string[] | null {
    const now = stateNow()
    if (now !== state || remembered.size >= mostRemembered) remembered.clear()
    state = now
    const known = remembered.get(start)
    if (known !== undefined) return known
    const words = lookUp(start)
    remembered.set(start, words)
    return words
  }

  function lookUp(start: string): readonly string[] | null {
    const found: string[] = []
    for (let word = next.get(start); word?.startsWith(start) === true; word = next.get(`${word}\u0001`)) {
      if (found.length === mostWords) return null
      found.push(word)
    }
    return found
  }
}
