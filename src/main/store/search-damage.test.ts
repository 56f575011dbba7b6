import { copyFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openHistoryFile } from './history-file.ts'
import { openDatabase } from './database.ts'
import { indexesDamagedBy, indexesFoundDamaged, searchIndexes } from './search-damage.ts'
import type { Store } from './store.ts'
import { content, damageSearchIndex, pageOf, temporaryFile, testDatabase, testStore, trusted } from './test-support.ts'

const searches = { words: 'type12 credential*', parts: '*ype17*' } as const

function indexed(store: Store): void {
  do while (!store.textIndex.merge());
  while (!store.textIndex.catchUp(64) || !store.textIndex.fill(64))
}

/** A history of 600 detections, some of them changed, gone or looked at again, and the same again that nothing has happened to. */
function damaged(index: 'words' | 'parts') {
  const file = temporaryFile()
  const store = testStore({ file })
  for (let from = 0; from < 700; from += 100) {
    const batch = Array.from({ length: 100 }, (_, index) => from + index).map((one) =>
      trusted(content({ id: `d-${one % 600}`, type: `Type${one % 20}`, extra: { credential: `credential${one}` } }), { issued: one }),
    )
    store.keeper.keep(batch)
    indexed(store)
  }
  store.close()
  const whole = temporaryFile()
  copyFileSync(file, whole)
  damageSearchIndex(file, index)
  return { file, whole: testStore({ file: whole }), store: testStore({ file }) }
}

const found = (store: Store, text: string) => {
  const page = pageOf(store.detections.page({ text, before: null, limit: 500, patienceMs: 60_000 }))
  return { ids: page.detections.map(({ id }) => id), isWhole: page.isWhole }
}

function errorOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return null
}

test.each(searchIndexes)(
  'an index of %s that is damaged is named by the search it fails and by a check, and begun anew finds what a new one does',
  (index) => {
    const { file, whole, store } = damaged(index)
    const other = index === 'words' ? 'parts' : 'words'
    expect(indexesDamagedBy(errorOf(() => found(store, searches[index])))).toContain(index)
    expect(found(store, searches[other])).toEqual(found(whole, searches[other]))
    expect(checked(file)).toEqual([index])

    store.textIndex.beginAnew([index])
    expect(index === 'words' ? store.textIndex.isUpToDate() : store.textIndex.isFilled()).toBe(false)
    // Before anything is indexed again as well: what is not is looked at itself.
    expect(found(store, searches[index]).ids).toEqual(found(whole, searches[index]).ids)
    indexed(store)
    for (const text of Object.values(searches)) {
      expect(found(store, text)).toEqual(found(whole, text))
      expect(found(store, text).ids.length).toBeGreaterThan(20)
    }
    expect(store.textIndex.isUpToDate() && store.textIndex.isFilled()).toBe(true)
    expect(checked(file)).toEqual([])
  },
)

test('what is begun anew goes on where it was, whatever ends in the middle', () => {
  const { file, whole, store } = damaged('parts')
  damageSearchIndex(file, 'words')
  store.textIndex.beginAnew(searchIndexes)
  store.textIndex.catchUp(64)
  store.textIndex.fill(64)
  store.close()
  const again = testStore({ file })
  expect(again.textIndex.isUpToDate() || again.textIndex.isFilled()).toBe(false)
  let slices = 0
  while (!again.textIndex.catchUp(64) || !again.textIndex.fill(64)) slices += 1
  expect(slices).toBeLessThan(700 / 64 + 600 / 64)
  for (const text of Object.values(searches)) expect(found(again, text)).toEqual(found(whole, text))
  expect(checked(file)).toEqual([])
})

test.each(searchIndexes)('an index of %s that forgot what it holds fails the next to fill it, and is begun anew', (index) => {
  const { file, store, whole } = damaged(index)
  const db = testDatabase(file)
  db.unsafeMode(true)
  db.exec(`UPDATE ${index === 'words' ? 'text_index_data' : 'substring_index_data'} SET block = zeroblob(2) WHERE id = 10`)
  const late = trusted(content({ id: 'late', type: 'Type17' }), { issued: 800 })
  for (const one of [store, whole]) one.keeper.keep([late])
  expect(indexesDamagedBy(errorOf(() => indexed(store)))).toContain(index)
  store.textIndex.beginAnew(searchIndexes)
  for (const one of [store, whole]) indexed(one)
  for (const text of Object.values(searches)) expect(found(store, text)).toEqual(found(whole, text))
})

test('what cannot be begun anew stays as it was, all of it', () => {
  const { file, store } = damaged('words')
  const opened = openDatabase(file)
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  opened.db.exec('BEGIN IMMEDIATE')
  expect(() => store.textIndex.beginAnew(searchIndexes)).toThrow('locked')
  opened.db.close()
  expect(store.textIndex.isUpToDate() && store.textIndex.isFilled()).toBe(true)
  expect(checked(file)).toEqual(['words'])
})

test.each<[string, readonly string[], readonly string[]]>([
  ['nothing', [], []],
  ['one of them', ['fts5: corruption found reading blob 137438953487 from table "text_index"'], ['words']],
  [
    'both',
    ['malformed inverted index for FTS5 table main.substring_index', 'fts5: checksum mismatch for table "text_index"'],
    ['words', 'parts'],
  ],
  ['a table of one of them', ['row 3 missing from index sqlite_autoindex_text_index_idx_1'], []],
  ['pages below one', ['Tree 12 page 14 cell 3: Offset 5 out of range 20..4096'], []],
  ['one of them, and more', ['fts5: checksum mismatch for table "text_index"', 'NULL value in detections.kind'], []],
])('findings of a check about %s are told apart from others', (_, findings, indexes) => {
  expect(indexesFoundDamaged(findings)).toEqual(indexes)
})

test('an error that is none of theirs names none of them', () => {
  const error = (code: string, message: string) => Object.assign(new Error(message), { code })
  expect(indexesDamagedBy(error('SQLITE_FULL', 'text_index'))).toEqual([])
  expect(indexesDamagedBy(error('SQLITE_CORRUPT', 'database disk image is malformed'))).toEqual([])
  expect(indexesDamagedBy(error('SQLITE_CONSTRAINT_PRIMARYKEY', 'UNIQUE constraint failed: deliveries.sequence'))).toEqual([])
  expect(indexesDamagedBy(null)).toEqual([])
  expect(indexesDamagedBy(error('SQLITE_CORRUPT_VTAB', 'database disk image is malformed'))).toEqual(['words', 'parts'])
})

/** By the check of the whole file, which is to find nothing else. */
function checked(file: string): readonly string[] {
  const opened = openHistoryFile(file)
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const findings = opened.history.fullCheck()
  const quick = opened.history.textIndexes().flatMap((table) => opened.history.quickCheck(table))
  opened.history.close()
  expect(indexesFoundDamaged(quick)).toEqual(indexesFoundDamaged(findings))
  if (findings.length > 0) expect(indexesFoundDamaged(findings), findings.join()).not.toEqual([])
  return indexesFoundDamaged(findings)
}
