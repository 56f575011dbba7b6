import { existsSync, rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { content, pageOf, temporaryFile, testStore, trusted } from '../store/test-support.ts'
import { createReader } from './reader.ts'

const thread = new URL('./thread.ts', import.meta.url)

function setUp(count: number, isIndexed = true) {
  const file = temporaryFile()
  const store = testStore({ file })
  for (let from = 0; from < count; from += 500) {
    const batch = Array.from({ length: Math.min(500, count - from) }, (_, index) =>
      trusted(content({ id: `d-${from + index}`, type: `Type${index % 7}` }), { issued: from + index }),
    )
    store.keeper.keep(batch)
  }
  while (isIndexed && !store.textIndex.catchUp(1_000));
  const troubles: string[] = []
  const reader = createReader({ file, thread, onTrouble: (detail) => troubles.push(detail) })
  onTestFinished(() => reader.stop())
  return { file, store, reader, troubles }
}

test('answers as the history does, and sees what was committed a moment ago', async () => {
  const { store, reader, troubles } = setUp(50)
  const query = { text: 'type:Type3', before: null, limit: 5 }
  expect(await reader.ask('page', query, 'list')).toEqual(store.detections.page(query))
  expect(await reader.ask('facets', { text: '' }, 'facets')).toEqual(store.overview.facets({ text: '' }))
  store.keeper.keep([trusted(content({ id: 'new', type: 'Type3' }), { issued: 1_000 })])
  expect(pageOf(await reader.ask('page', query, 'list')).detections[0]?.id).toBe('new')
  expect(troubles).toEqual([])
})

test('a question that another of its lane follows ends early, and says how far it came', async () => {
  const { reader } = setUp(12_000)
  await reader.ask('page', { text: '', before: null, limit: 1 }, 'list')
  const [slow, other, last] = await Promise.all([
    reader.ask('page', { text: 'metadata.a:b', before: null, limit: 500 }, 'list'),
    reader.ask('facets', { text: '' }, 'facets'),
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

test('what is answered in steps lets others be answered between them, and loses no time to those that are no longer wanted', async () => {
  const { reader, store } = setUp(0)
  for (let from = 0; from < 12_000; from += 1_000)
    store.keeper.keep(
      Array.from({ length: 1_000 }, (_, index) => trusted(content({ id: `d-${from + index}`, kind: 'posture' }), { issued: from + index })),
    )
  await reader.ask('keyAt', 0, 'other')
  const order: string[] = []
  const note = <T>(name: string, asked: Promise<T>): Promise<T> => asked.finally(() => order.push(name))
  const [overview] = await Promise.all([
    note('posture', reader.ask('posture', { framework: null }, 'posture')),
    note('page', reader.ask('page', { text: '', before: null, limit: 1 }, 'list')),
    note('newer page', reader.ask('page', { text: '', before: null, limit: 1 }, 'list')),
  ])
  expect(order).toEqual(['page', 'newer page', 'posture'])
  expect(overview).toMatchObject({ open: 12_000, isExact: true })
})

test('what is answered in steps ends early as well where another of its lane follows', async () => {
  const { reader, store } = setUp(0)
  for (let from = 0; from < 12_000; from += 1_000)
    store.keeper.keep(
      Array.from({ length: 1_000 }, (_, index) => trusted(content({ id: `d-${from + index}`, kind: 'posture' }), { issued: from + index })),
    )
  await reader.ask('keyAt', 0, 'other')
  const [first, second] = await Promise.all([
    reader.ask('posture', { framework: null }, 'posture'),
    reader.ask('posture', { framework: null }, 'posture'),
  ])
  expect(first.isExact).toBe(false)
  expect(second).toMatchObject({ open: 12_000, isExact: true })
})

test('stops with what is answered in steps', async () => {
  const { reader, store, file } = setUp(0)
  store.keeper.keep(Array.from({ length: 5_000 }, (_, index) => trusted(content({ id: `d-${index}`, kind: 'posture' }), { issued: index })))
  await reader.ask('keyAt', 0, 'other')
  const asked = reader.ask('posture', { framework: null }, 'posture').catch((error: unknown) => error)
  await reader.stop()
  await asked
  // Nothing reads it any more: the log can be written back whole.
  store.close()
  expect(existsSync(`${file}-wal`)).toBe(false)
})

test('rests when nothing is under way, and answers again when it is asked again', async () => {
  const { reader, store, troubles } = setUp(20)
  const query = { text: '', before: null, limit: 5 }
  const slow = reader.ask('page', query, 'list')
  reader.rest()
  expect(pageOf(await slow).detections).toHaveLength(5)
  reader.rest()
  const [one, other] = await Promise.all([reader.ask('page', query, 'list'), reader.ask('facets', { text: '' }, 'facets')])
  expect([one, other]).toEqual([store.detections.page(query), store.overview.facets({ text: '' })])
  reader.rest()
  reader.rest()
  await reader.stop()
  expect(troubles).toEqual([])
})

test('days are those of the time zone as it is now, once it is told that it is another', async () => {
  const zone = process.env['TZ']
  onTestFinished(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })
  process.env['TZ'] = 'UTC'
  const { reader, store } = setUp(3)
  const [at] = pageOf(store.detections.page({ text: '', before: null, limit: 1 })).detections.map(({ changedAt }) => changedAt)
  const query = { text: `after:${at?.slice(0, 10)}T20:00`, before: null, limit: 5 }
  const found = async () => pageOf(await reader.ask('page', query, 'list')).detections.length
  expect(await found()).toBe(0)
  // Eight in the evening has been there for long.
  process.env['TZ'] = 'Pacific/Kiritimati'
  expect(await found()).toBe(0)
  reader.renew()
  expect(await found()).toBe(3)
})

test('a history that is not there is said, and read once it is', async () => {
  const { file, store, troubles } = setUp(1)
  store.close()
  for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
  const reader = createReader({ file, thread, onTrouble: (detail) => troubles.push(detail) })
  onTestFinished(() => reader.stop())
  await expect(reader.ask('facets', { text: '' }, 'facets')).rejects.toThrow(/could not be opened/)
  expect(troubles).toEqual([expect.stringContaining('no history')])
  testStore({ file })
  expect((await reader.ask('facets', { text: '' }, 'facets')).kind).toBe('facets')
})

test('stops in a bounded time, whatever is under way, and answers nothing afterwards', async () => {
  const { reader } = setUp(3_000, false)
  await reader.ask('keyAt', 0, 'other')
  const words = Array.from({ length: 64 }, (_, index) => `word${index}`).join(' OR ')
  // Without an index of words every row is compared.
  const asked = (['list', 'lanes', 'facets', 'other'] as const).map((lane) =>
    reader.ask('page', { text: words, before: null, limit: 500, patienceMs: 60_000 }, lane),
  )
  const ends = Promise.allSettled(asked)
  await new Promise((resolve) => setTimeout(resolve, 20))
  const startedAt = performance.now()
  await reader.stop()
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  for (const end of await ends)
    expect(end.status === 'fulfilled' ? end.value.kind : (end.reason as Error).message).toMatch(/^page$|is stopping$/)
  await expect(reader.ask('facets', { text: '' }, 'facets')).rejects.toThrow(/stopping/)
})

test('a search for which there is no index yet ends early as well', async () => {
  const { reader } = setUp(3_000, false)
  await reader.ask('keyAt', 0, 'other')
  const words = Array.from({ length: 64 }, (_, index) => `word${index}`).join(' OR ')
  const patient = { text: words, before: null, limit: 500, patienceMs: 60_000 }
  const alone = performance.now()
  expect(pageOf(await reader.ask('page', patient, 'list')).isWhole).toBe(true)
  const tookAlone = performance.now() - alone
  const both = performance.now()
  const [slow, last] = await Promise.all([
    reader.ask('page', patient, 'list'),
    reader.ask('page', { text: 'type:Type3', before: null, limit: 3 }, 'list'),
  ])
  expect(pageOf(slow).isWhole).toBe(false)
  expect(pageOf(last).detections).toHaveLength(3)
  expect(performance.now() - both).toBeLessThan(tookAlone)
})
