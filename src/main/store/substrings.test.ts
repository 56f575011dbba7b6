import { expect, test } from 'vitest'
import { content, keepOne, pageOf, temporaryFile, testDatabase, testStore, trusted } from './test-support.ts'
import type { Store } from './store.ts'

const rareId = 'the-oldest'

/** Many of one type, and one of another that is older than all of them. */
function fill({ keeper }: Store, count: number): void {
  keepOne(keeper, trusted(content({ id: rareId, type: 'UnheardOf', techniques: ['T1555.003'] }), { issued: 0 }))
  for (let from = 1; from < count; from += 500) {
    const numbers = Array.from({ length: Math.min(500, count - from) }, (_, index) => from + index)
    keeper.keep(numbers.map((number) => trusted(content({ id: `d-${number}` }), { issued: number })))
  }
}

/** A store for which any look at the clock says that the time is over. */
function hurried(file: string): Store {
  let ticks = 0
  return testStore({ file, clock: () => (ticks += 1_000) })
}

const find = (store: Store, text: string, limit = 10) => {
  const { detections, searchedTo } = pageOf(store.detections.page({ text, before: null, limit }))
  return { ids: detections.map(({ id }) => id as string), isToTheEnd: searchedTo === null }
}

const partsOfIt = [
  '*heardo*',
  'type:*heard*',
  'type:Unheard*',
  'id:*oldes*',
  `id:${rareId}`,
  'technique:T1555*',
  'technique:T1555.003',
  '*555.00*',
]

test('a part of any field is found at once, however much is newer', () => {
  const store = hurried(temporaryFile())
  fill(store, 3_000)
  while (!store.textIndex.catchUp(1_000));
  for (const text of partsOfIt) expect(find(store, text), text).toEqual({ ids: [rareId], isToTheEnd: true })
  for (const text of ['*heardo* OR *nowhere*', '*heardo* status:detected', '*heardo* -type:Other'])
    expect(find(store, text), text).toEqual({ ids: [rareId], isToTheEnd: true })
  for (const text of ['*heardof*more*', 'entity:*heardo*', '*ofheard*'])
    expect(find(store, text), text).toEqual({ ids: [], isToTheEnd: true })
  // Too short to be asked for, and another field of it.
  expect(find(store, '*rd*').isToTheEnd).toBe(false)
})

test('what a newer delivery has changed is found by what it is now', () => {
  const store = testStore()
  keepOne(store.keeper, trusted(content({ status: 'ongoing' }), { issued: 1 }))
  expect(find(store, '*ngoin*').ids).toEqual(['d-1'])
  keepOne(store.keeper, trusted(content({ status: 'resolved' }), { issued: 2 }))
  expect(find(store, '*ngoin*').ids).toEqual([])
  expect(find(store, '*esolve*').ids).toEqual(['d-1'])
})

test('only A to Z are folded, and no sign of a search language or of the end of a text is taken for one', () => {
  const store = testStore()
  const types = ['İSTANBUL', 'straße', 'Kelvin K', 'say "abc" AND', 'one\0two', 'a\ufffdb c', '\u{1f6a8}\u{1f6a8}\u{1f6a8}']
  types.forEach((type, index) => keepOne(store.keeper, trusted(content({ id: `d-${index}`, type }), { issued: index })))
  const by = (text: string) => find(store, text).ids
  expect(by('*İstanb*')).toEqual(['d-0'])
  expect(by('*istanb*')).toEqual([])
  expect(by('*STRA*')).toEqual(['d-1'])
  expect(by('*strass*')).toEqual([])
  expect(by('*kelvi*')).toEqual(['d-2'])
  expect(by('*\u{212a}elvin*')).toEqual([])
  expect(by('type:"say \\"abc\\" AND"')).toEqual(['d-3'])
  expect(by('*c"*AND*')).toEqual(['d-3'])
  expect(by('*one\0two*')).toEqual(['d-4'])
  expect(by('*\u{1f6a8}\u{1f6a8}\u{1f6a8}*')).toEqual(['d-6'])
})

test('a history from before this index is searched without it until all of it has been taken up, and finds the same', () => {
  const file = temporaryFile()
  const made = testStore({ file })
  fill(made, 1_500)
  while (!made.textIndex.catchUp(1_000));
  made.close()
  const old = testDatabase(file)
  // What was made after it goes as well.
  old.exec(`DROP INDEX notification_log_of_notification;
    ALTER TABLE notification_log DROP COLUMN notification;
    ALTER TABLE notification_log DROP COLUMN rule`)
  for (const table of ['hook_messages', 'rules', 'hooks', 'mutes', 'suppressions', 'outbox', 'notifications', 'late_changes'])
    old.exec(`DROP TABLE ${table}`)
  old.exec('DROP TABLE substring_index; DROP TABLE substring_backlog; PRAGMA user_version = 7')
  old.close()

  const store = hurried(file)
  expect(store.textIndex.isFilled()).toBe(false)
  // What comes and changes meanwhile is taken up as it comes.
  keepOne(store.keeper, trusted(content({ id: 'new', type: 'HeardOfNow' }), { issued: 5_000 }))
  keepOne(store.keeper, trusted(content({ id: 'd-700', type: 'HeardOfLater' }), { issued: 5_001 }))
  while (!store.textIndex.catchUp(1_000));
  let slices = 0
  do {
    expect(find(store, '*heardo*'), `after ${slices} slices`).toEqual({ ids: ['d-700', 'new'], isToTheEnd: false })
    slices += 1
  } while (!store.textIndex.fill(256))
  expect(slices).toBe(6)
  expect(store.textIndex.isFilled()).toBe(true)
  expect(find(store, '*heardo*')).toEqual({ ids: ['d-700', 'new', rareId], isToTheEnd: true })
  const sql = testDatabase(file)
  const held = sql.prepare('SELECT count(*), count(DISTINCT rowid) FROM substring_index').raw().get()
  expect(held).toEqual([1_501, 1_501])
  const odd = sql.prepare(`SELECT rowid FROM substring_index WHERE substring_index MATCH '"stu"' AND rowid = 701`).get()
  expect(odd, 'by what it was before').toBeUndefined()
})
