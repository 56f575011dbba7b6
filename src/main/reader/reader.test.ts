import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { content, pageOf, temporaryFile, testStore, trusted } from '../store/test-support.ts'
import { createReader } from './reader.ts'

const thread = new URL('./thread.ts', import.meta.url)

function setUp(count: number) {
  const file = temporaryFile()
  const store = testStore({ file })
  for (let from = 0; from < count; from += 500) {
    const batch = Array.from({ length: Math.min(500, count - from) }, (_, index) =>
      trusted(content({ id: `d-${from + index}`, type: `Type${index % 7}` }), { issued: from + index }),
    )
    store.keeper.keep(batch)
  }
  while (!store.textIndex.catchUp(1_000));
  const troubles: string[] = []
  const reader = createReader({ file, thread, onTrouble: (detail) => troubles.push(detail) })
  onTestFinished(() => reader.stop())
  return { file, store, reader, troubles }
}

test('answers as the history does, and sees what was committed a moment ago', async () => {
  const { store, reader, troubles } = setUp(50)
  const query = { text: 'type:Type3', before: null, limit: 5 }
  expect(await reader.ask('page', query, 'list')).toEqual(store.detections.page(query))
  expect(await reader.ask('facets', '', 'facets')).toEqual(store.overview.facets(''))
  store.keeper.keep([trusted(content({ id: 'new', type: 'Type3' }), { issued: 1_000 })])
  expect(pageOf(await reader.ask('page', query, 'list')).detections[0]?.id).toBe('new')
  expect(troubles).toEqual([])
})

test('a question that another of its lane follows ends early, and says how far it came', async () => {
  const { reader } = setUp(12_000)
  await reader.ask('page', { text: '', before: null, limit: 1 }, 'list')
  const [slow, other, last] = await Promise.all([
    reader.ask('page', { text: '*nowhere* metadata.a:b', before: null, limit: 500 }, 'list'),
    reader.ask('facets', '', 'facets'),
    reader.ask('page', { text: 'type:Type3', before: null, limit: 3 }, 'list'),
  ])
  const page = pageOf(slow)
  expect(page.detections).toEqual([])
  expect(page.searchedTo).not.toBeNull()
  expect(page.next).not.toBeNull()
  expect(pageOf(last)).toMatchObject({ searchedTo: null })
  expect(pageOf(last).detections).toHaveLength(3)
  expect(other.kind).toBe('facets')
})

test('a history that is not there is said, and read once it is', async () => {
  const { file, store, troubles } = setUp(1)
  store.close()
  for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
  const reader = createReader({ file, thread, onTrouble: (detail) => troubles.push(detail) })
  onTestFinished(() => reader.stop())
  await expect(reader.ask('facets', '', 'facets')).rejects.toThrow(/could not be opened/)
  expect(troubles).toEqual([expect.stringContaining('no history')])
  testStore({ file })
  expect((await reader.ask('facets', '', 'facets')).kind).toBe('facets')
})

test('stops with what is under way, and answers nothing afterwards', async () => {
  const { reader } = setUp(2_000)
  const asked = reader.ask('page', { text: '*nowhere*', before: null, limit: 500 }, 'list')
  await reader.stop()
  expect((await asked).kind).toBe('page')
  await expect(reader.ask('facets', '', 'facets')).rejects.toThrow(/stopping/)
})
