import { chunkSize } from './packed-counts.ts'
import { levels, topLevel, type Level } from './spans.ts'

/**
 * Where counts stand: a row of the table holds 1024 counters, and what is counted together lies together. Of kind and status a row is the next
 * longer bucket and its counters are of all the buckets in it, since bars need many buckets of few words. Of fields and of entities it is one
 * bucket, since lists of the most frequent need few buckets of many words.
 */
export const books = { states: 0, fields: 1, entities: 2 } as const
export type Book = (typeof books)[keyof typeof books]

/** Words in a row of states; buckets of the highest level are taken by so many as there is room for. */
export const statesInRow = 16
const bucketsInRow = levels.map((ms, level) => (level === topLevel ? chunkSize / statesInRow : (levels[level + 1] ?? 0) / ms))

/** The first id of the words of a book. 2^16 rows to a bucket, which is 2^26 words. */
export function firstWord(book: Book): number {
  return book * 2 ** 26
}

/** The row, told by its book, level, bucket and which one of the bucket it is. */
export function placeOf(book: Book, level: Level, bucket: number, part: number): number {
  return ((book * 8 + level) * 2 ** 28 + bucket + 2 ** 27) * 2 ** 16 + part
}

export function partAt(place: number): number {
  return place % 2 ** 16
}

export function bucketAt(place: number): number {
  return (Math.floor(place / 2 ** 16) % 2 ** 28) - 2 ** 27
}

/** The bucket of the row in which this bucket of states is counted. */
export function rowOfStates(level: Level, bucket: number): number {
  return Math.floor(bucket / (bucketsInRow[level] ?? 1))
}

/** The counter of the first state of a part in its row. */
export function counterOfStates(level: Level, bucket: number): number {
  return (bucket - rowOfStates(level, bucket) * (bucketsInRow[level] ?? 1)) * statesInRow
}

/** The bucket of states that a counter of a row belongs to. */
export function bucketOfStates(level: Level, row: number, counter: number): number {
  return row * (bucketsInRow[level] ?? 1) + Math.floor(counter / statesInRow)
}

/** Where a word is counted; `word` from 0 in its book. States beyond a million share counters: wrong, and harmless to all others. */
export function counterOf(book: Book, level: Level, bucket: number, word: number): { readonly place: number; readonly counter: number } {
  if (book !== books.states) return { place: placeOf(book, level, bucket, Math.floor(word / chunkSize)), counter: word % chunkSize }
  return {
    place: placeOf(book, level, rowOfStates(level, bucket), Math.floor(word / statesInRow) % 2 ** 16),
    counter: counterOfStates(level, bucket) + (word % statesInRow),
  }
}
