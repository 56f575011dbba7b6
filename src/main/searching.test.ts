import { expect, onTestFinished, test } from 'vitest'
import type { IntegrityHealth } from '../shared/care.ts'
import { schedule } from './schedule.ts'
import { createSearching } from './searching.ts'
import { searchIndexes } from './store/search-damage.ts'
import { content, damageSearchIndex, pageOf, start, temporaryFile, testStore, trusted } from './store/test-support.ts'

const thread = new URL('./reader/thread.ts', import.meta.url)
const searches = { words: 'type3', parts: '*ype3*' } as const

function setUp() {
  const file = temporaryFile()
  const store = testStore({ file })
  store.keeper.keep(Array.from({ length: 200 }, (_, one) => trusted(content({ id: `d-${one}`, type: `Type${one % 7}` }), { issued: one })))
  while (!store.textIndex.catchUp(100));
  const told: IntegrityHealth[] = []
  let tell = (_: IntegrityHealth): void => {}
  const mended = new Promise<IntegrityHealth>((resolve) => (tell = (news) => news.kind === 'mended' && resolve(news)))
  const errors: string[] = []
  const searching = createSearching({
    file,
    thread,
    textIndex: store.textIndex,
    schedule,
    log: { error: (text) => void errors.push(text) },
    onMending(news) {
      told.push(news)
      tell(news)
    },
    now: () => start,
  })
  onTestFinished(() => searching.stop())
  const find = async (text: string) =>
    pageOf(await searching.ask('page', { text, before: null, limit: 100, patienceMs: 60_000 }, 'list')).detections.map(({ id }) => id)
  return { file, store, searching, find, told, mended, errors }
}

test.each(searchIndexes)(
  'a search that meets an index of %s that is damaged is answered all the same, and the index made anew beside all else',
  async (index) => {
    const { file, find, told, mended, store } = setUp()
    const before = await find(searches[index])
    expect(before).toHaveLength(29)
    damageSearchIndex(file, index)
    expect(await find(searches[index])).toEqual(before)
    expect(told[0]).toMatchObject({
      kind: 'mending',
      detail: expect.stringMatching(/(?:is|are) damaged, .*Nothing that was received is affected\..*find less/),
    })
    expect(await mended).toMatchObject({ detail: expect.stringContaining('everything can be found again') })
    expect(told.map(({ kind }) => kind)).toEqual(['mending', 'mended'])
    expect(store.textIndex.isUpToDate() && store.textIndex.isFilled()).toBe(true)
    expect(await find(searches[index])).toEqual(before)
  },
)

test('an index that is damaged again in the same start is not made anew over and over, but told with the next step', async () => {
  const { file, find, told, mended, searching } = setUp()
  damageSearchIndex(file, 'words')
  await find(searches.words)
  await mended
  damageSearchIndex(file, 'words')
  await expect(find(searches.words)).rejects.toThrow(
    /Nothing that was received is affected .*quit Tocsin and run tocsin doctor --mend-search/,
  )
  expect(told.at(-1)).toMatchObject({ kind: 'unknown', detail: expect.stringContaining('tocsin doctor --mend-search') })
  expect(searching.mend(['words'])).toBe(false)
})

test('damage that a check finds is mended before any search meets it', async () => {
  const { file, searching, told, mended, errors } = setUp()
  damageSearchIndex(file, 'words')
  damageSearchIndex(file, 'parts')
  expect(searching.mend(['words', 'parts'])).toBe(true)
  await mended
  expect(told.map(({ kind }) => kind)).toEqual(['mending', 'mended'])
  expect(errors).toEqual([])
})
