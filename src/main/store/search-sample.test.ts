import { expect, test } from 'vitest'
import type { Database } from './database.ts'
import { searchIndexes } from './search-damage.ts'
import { sampleSearch } from './search-sample.ts'
import { changeWordInIndex, content, damageSearchIndex, temporaryFile, testDatabase, testStore, trusted } from './test-support.ts'

const hostile = [
  '',
  '\0',
  'a\0bc',
  '\ud800xyz',
  '\ufeffbom',
  '\u202e',
  'İıſK',
  'e\u0301',
  '"quoted"',
  "it's",
  '漢字かな',
  '🦊🦊🦊🦊',
  'a'.repeat(3_000),
]

function history(details: readonly string[]) {
  const file = temporaryFile()
  const store = testStore({ file })
  details.forEach((text, index) =>
    store.keeper.keep([
      trusted(
        content({
          id: `d-${index}`,
          type: `CamelHTTPCase${text}`,
          entityId: text,
          techniques: [text],
          metadata: { [text]: text, words: Array.from({ length: 700 }, (_, at) => `${text} word${at}`) },
        }),
        { issued: index },
      ),
    ]),
  )
  return { file, store, db: testDatabase(file) }
}

const sample = (db: Database) => db.transaction(() => sampleSearch(db))()

test('whatever a sender wrote, it is found by all it says as soon as it is indexed, and not missed before', () => {
  const { store, db } = history(hostile)
  expect(sample(db)).toEqual({ looked: hostile.length, unfound: 0, damaged: [] })
  store.textIndex.catchUp(5)
  expect(sample(db)).toEqual({ looked: hostile.length, unfound: 0, damaged: [] })
  while (!store.textIndex.catchUp(100));
  expect(sample(db)).toEqual({ looked: hostile.length, unfound: 0, damaged: [] })
  store.textIndex.beginAnew(searchIndexes)
  store.textIndex.fill(3)
  expect(sample(db)).toEqual({ looked: hostile.length, unfound: 0, damaged: [] })
})

test('of a history of nothing there is nothing to look at', () => {
  expect(sample(history([]).db)).toEqual({ looked: 0, unfound: 0, damaged: [] })
})

test.each(searchIndexes)('what an index of %s that is damaged does not say any more is missed', (index) => {
  const { file, store, db } = history(['anna', 'bertha', 'carla'])
  while (!store.textIndex.catchUp(100));
  damageSearchIndex(file, index)
  const { looked, unfound, damaged } = sample(db)
  expect({ looked, damaged }).toEqual({ looked: 3, damaged: [index] })
  expect(unfound).toBeGreaterThan(0)
})

test('a word that became another one in the index is missed, though its structure is in order', () => {
  const { file, store, db } = history(['anna', 'berthaqx', 'carla'])
  while (!store.textIndex.catchUp(100));
  changeWordInIndex(file, 'berthaqx', 'berthaqy')
  expect(db.pragma('quick_check')).toEqual([{ quick_check: 'ok' }])
  expect(sample(db)).toEqual({ looked: 3, unfound: 1, damaged: ['words'] })
})

test('of many so many are looked at, from the first to the last, and no longer than it may take', () => {
  const { db } = history(Array.from({ length: 40 }, (_, index) => `entity-${index}`))
  expect(sampleSearch(db, { detections: 10, ms: 60_000 }).looked).toBe(10)
  let ticks = 0
  expect(sampleSearch(db, { detections: 40, ms: 5 }, () => (ticks += 1)).looked).toBe(4)
})
