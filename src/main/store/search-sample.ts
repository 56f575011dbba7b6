import { indexedTokens } from '../query/tokens.ts'
import { indexedThrees } from '../query/trigrams.ts'
import type { Database } from './database.ts'
import { fromRow, type DetectionRow } from './detection-row.ts'
import { indexesDamagedBy, searchIndexes, type SearchIndex } from './search-damage.ts'

/** Of some detections, spread over all: how many of them an index should find by what they say, and does not; and which indexes these are. */
export type SearchSample = { readonly looked: number; readonly unfound: number; readonly damaged: readonly SearchIndex[] }

export const sampleLimits = { detections: 200, ms: 2_000 }

/** As many as the index is asked for at a time: what it takes for an expression is limited. */
const atOnce = 24
/** Those that `text_index` keeps lists of, in characters. */
const prefixes = [2, 3, 4]

/**
 * No check of the structure shows a changed byte in an index of searches, which knows nothing of what it should hold: of one in the middle of a
 * word it finds another word. Looks whether detections are found by all they say. For a moment at which nothing else is read: in a transaction.
 */
export function sampleSearch(db: Database, limits = sampleLimits, clock: () => number = () => performance.now()): SearchSample {
  const ends = db.prepare<[], { first: number | null; last: number | null }>('SELECT min(row) AS first, max(row) AS last FROM detections')
  const from = db.prepare<[number], DetectionRow>('SELECT * FROM detections WHERE row >= ? ORDER BY row LIMIT 1')
  const isFoundByWords = db
    .prepare<[string, number], number>(
      'SELECT 1 FROM text_index WHERE text_index MATCH ? AND rowid = (SELECT place FROM text_places WHERE row = ?)',
    )
    .pluck()
  const isFoundByParts = db
    .prepare<[string, number], number>('SELECT 1 FROM substring_index WHERE substring_index MATCH ? AND rowid = ?')
    .pluck()
  const isToCome = db
    .prepare<[{ row: number }], number>(
      `SELECT EXISTS (SELECT 1 FROM text_behind WHERE row = @row)
        OR EXISTS (SELECT 1 FROM transitions WHERE detection = @row AND sequence > (SELECT sequence FROM text_watermark))`,
    )
    .pluck()
  const isOlder = db.prepare<[{ row: number }], number>('SELECT @row > row AND @row <= last FROM substring_backlog').pluck()

  const asked: Readonly<Record<SearchIndex, (row: DetectionRow) => boolean>> = {
    words(row) {
      const tokens = indexedTokens(fromRow(row))
      return matchesOfWords(tokens).every((match) => isFoundByWords.get(match, row.row) === 1)
    },
    parts: (row) => chunks(indexedThrees(fromRow(row))).every((threes) => isFoundByParts.get(threes.join(' AND '), row.row) === 1),
  }

  /** What it does not hold yet is looked for without it. */
  function isYetToCome(index: SearchIndex, row: number): boolean {
    return isToCome.get({ row }) === 1 || (index === 'parts' && isOlder.get({ row }) === 1)
  }

  function isMissing(index: SearchIndex, row: DetectionRow): boolean {
    try {
      return !asked[index](row) && !isYetToCome(index, row.row)
    } catch (error) {
      if (indexesDamagedBy(error).length === 0) throw error
      return true
    }
  }

  const { first, last } = ends.get() ?? { first: null, last: null }
  const damaged = new Set<SearchIndex>()
  const looked = new Set<number>()
  let unfound = 0
  if (first !== null && last !== null) {
    const until = clock() + limits.ms
    for (const place of spread(first, last, limits.detections)) {
      if (clock() >= until) break
      const row = from.get(place)
      if (row === undefined || looked.has(row.row)) continue
      looked.add(row.row)
      const missing = searchIndexes.filter((index) => isMissing(index, row))
      if (missing.length > 0) unfound += 1
      for (const index of missing) damaged.add(index)
    }
  }
  return { looked: looked.size, unfound, damaged: searchIndexes.filter((index) => damaged.has(index)) }
}

const goldenRatio = 0.618_033_988_749_894_9

/** Places from the first to the last, in an order of which every beginning is spread over all: the time may end in the middle. */
function spread(first: number, last: number, most: number): readonly number[] {
  const count = Math.min(most, last - first + 1)
  const step = (last - first + 1) / count
  const turn = (index: number): number => (index * goldenRatio) % 1
  return Array.from({ length: count }, (_, index) => index)
    .sort((one, other) => turn(one) - turn(other))
    .map((index) => first + Math.floor(index * step))
}

/** All of its words, one after the other, and what a word begins with, of which there are lists of their own. */
function matchesOfWords(tokens: readonly string[]): readonly string[] {
  const beginnings = new Set<string>()
  for (const token of new Set(tokens)) {
    const letters = [...token]
    for (const length of prefixes) if (letters.length >= length) beginnings.add(`"${letters.slice(0, length).join('')}" *`)
  }
  return [...chunks(tokens).map((words) => `"${words.join(' ')}"`), ...chunks([...beginnings]).map((some) => some.join(' AND '))]
}

function chunks(all: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(all.length / atOnce) }, (_, index) => all.slice(index * atOnce, (index + 1) * atOnce))
}
