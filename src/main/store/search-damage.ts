import type { Database } from './database.ts'

/** The two indexes that searches go by: of words, and of parts of fields. Both hold nothing that the detections do not say. */
export type SearchIndex = 'words' | 'parts'

const tables: Readonly<Record<SearchIndex, string>> = { words: 'text_index', parts: 'substring_index' }
export const searchIndexes = ['words', 'parts'] as const satisfies readonly SearchIndex[]

/** Emptied, and where filling them begins set back: who fills them goes on from there, a little at a time, and after a crash as well. */
const emptied: Readonly<Record<SearchIndex, string>> = {
  words: `
    INSERT INTO text_index (text_index) VALUES ('delete-all');
    DELETE FROM text_places;
    DELETE FROM text_behind;
    UPDATE text_watermark SET sequence = 0`,
  parts: `
    INSERT INTO substring_index (substring_index) VALUES ('delete-all');
    UPDATE substring_backlog SET row = 0, last = (SELECT ifnull(max(row), 0) FROM detections)`,
}

/** Begins these anew, all in one commit: what they held is to be filled in again. Fails where their pages cannot be read as such. */
export function emptySearchIndexes(db: Database, indexes: readonly SearchIndex[]): void {
  db.transaction(() => {
    for (const index of indexes) db.exec(emptied[index])
  }).immediate()
}

/** Which of them an error says is damaged; both where it is one of them and does not say which. Empty for every other error. */
export function indexesDamagedBy(error: unknown): readonly SearchIndex[] {
  if (!(error instanceof Error)) return []
  const { code, message } = error as Error & { readonly code?: unknown }
  // One that forgot which parts it has writes a part that is there already. Of a table of ours SQLite would say which.
  const isForgetful = code === 'SQLITE_CONSTRAINT_PRIMARYKEY' && message === 'constraint failed'
  if (code !== 'SQLITE_CORRUPT_VTAB' && !isForgetful) return []
  const named = searchIndexes.filter((index) => names(message, index))
  return named.length > 0 ? named : searchIndexes
}

/** Which of them findings of a check are about; empty where any finding is about anything else, or there are none. */
export function indexesFoundDamaged(findings: readonly string[]): readonly SearchIndex[] {
  const found = findings.map((finding) => (isOfIndex.test(finding) ? searchIndexes.find((index) => names(finding, index)) : undefined))
  return found.includes(undefined) ? [] : searchIndexes.filter((index) => found.includes(index))
}

/** What FTS5 finds inside its lists. What is wrong with the pages below is told of another table, and takes more to be mended. */
const isOfIndex = /^(?:fts5: |malformed inverted index for FTS5 table |unable to validate the inverted index for FTS5 table )/

/** Their own tables have longer names. */
function names(text: string, index: SearchIndex): boolean {
  return new RegExp(`\\b${tables[index]}\\b`).test(text)
}

/** In a sentence: which, and that it matters to searches alone. */
export function searchDamageWords(indexes: readonly SearchIndex[]): string {
  const which = { words: 'index of words', parts: 'index of parts of fields' }
  const damaged =
    indexes.length === 1 && indexes[0] !== undefined
      ? `The ${which[indexes[0]]} is damaged`
      : 'The indexes of words and of parts of fields are damaged'
  return `${damaged}, by which searches go. Nothing that was received is affected`
}

/** What to do about it where the app does not. */
export const mendSearchCommand = 'tocsin doctor --mend-search'

/** What an error says is damaged, and what to do; null for every other error. */
export function damageWords(error: unknown): string | null {
  const indexes = indexesDamagedBy(error)
  if (indexes.length > 0)
    return `What is in the history is safe. ${searchDamageWords(indexes)}. Make it anew with ${mendSearchCommand}, then try again.`
  const { code } = error as { readonly code?: unknown }
  if (typeof code !== 'string' || !/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return null
  return 'A part of the history is damaged. Nothing was changed, and backups are as they were: tocsin doctor says what is damaged and what to do.'
}
/** Where no look found anything, and searches still find less than there is. */
export const mendSearchAnywayCommand = `${mendSearchCommand} --anyway`
