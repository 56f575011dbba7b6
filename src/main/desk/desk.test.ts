import { expect, onTestFinished, test } from 'vitest'
import { openEnd } from '../../shared/view.ts'
import { createReader } from '../reader/reader.ts'
import { at, content, pageOf, temporaryFile, testStore, trusted } from '../store/test-support.ts'
import { createDesk } from './desk.ts'

function setUp(count = 40) {
  const file = temporaryFile()
  const store = testStore({ file })
  for (let from = 0; from < count; from += 1_000) {
    store.keeper.keep(
      Array.from({ length: Math.min(1_000, count - from) }, (_, index) =>
        trusted(content({ id: `d-${from + index}`, detectedAt: at((from + index) * 60) }), { issued: (from + index) * 60 }),
      ),
    )
  }
  const thread = new URL('../reader/thread.ts', import.meta.url)
  const reader = createReader({ file, thread, onTrouble: (detail) => expect.unreachable(detail) })
  onTestFinished(() => reader.stop())
  return createDesk({ ask: reader.ask, rows: store.savedViews, onViews: () => {} })
}

const all = { text: '', range: null } as const

test('a view has a page, a histogram, facets and a count, all of the same range', async () => {
  const desk = setUp()
  const view = { text: 'kind:threat', range: { from: at(600), to: at(1_200) } }
  expect(pageOf(await desk.page({ ...view, before: null, skip: 0, limit: 50 })).detections).toHaveLength(10)
  expect(await desk.facets(view)).toMatchObject({ kind: 'facets', counted: 10 })
  const histogram = await desk.histogram({ ...view, part: 'lanes', bars: 10 })
  if (histogram.kind === 'refused') throw new Error(histogram.detail)
  expect([histogram.bars[0]?.from, histogram.bars.at(-1)?.to]).toEqual([view.range.from, view.range.to])
  expect(histogram.bars.flatMap(({ counts }) => counts).reduce((sum, { count }) => sum + count, 0)).toBe(10)
  desk.views.save({ id: null, name: 'it', address: `timeline?q=kind%3Athreat&from=${at(600)}&to=${at(1_200)}`, isPinned: true })
  expect(await desk.views.count()).toEqual([{ id: 1, count: 10, isCapped: false }])
  expect(await desk.complete({ field: 'kind', begins: 't' })).toEqual(['threat'])
})

test('a range that stays open has bars for where there is something', async () => {
  const answer = await setUp().histogram({ text: '', range: { from: at(600), to: openEnd }, part: 'lanes', bars: 200 })
  if (answer.kind === 'refused') throw new Error(answer.detail)
  expect(answer.bars.length).toBeGreaterThan(20)
  expect(Date.parse(answer.bars.at(-1)?.to ?? '')).toBe(Date.parse(at(39 * 60)) + 1)
})

test('a search that cannot be meant is refused at its characters, whatever the range', async () => {
  const desk = setUp(1)
  const wanted = { text: 'a colour:red', range: { from: at(0), to: at(1) } }
  const answers = await Promise.all([
    desk.page({ ...wanted, before: null, skip: 0, limit: 1 }),
    desk.histogram({ ...wanted, part: 'minimap', bars: 1 }),
    desk.facets(wanted),
  ])
  for (const answer of answers) expect(answer).toMatchObject({ kind: 'refused', at: 2, length: 6 })
})

test('the two parts of the timeline end only their own earlier questions', async () => {
  const desk = setUp(12_000)
  await desk.facets(all)
  const slow = { text: '*nowhere* metadata.a:b', range: null, bars: 100 }
  const [earlier, minimap, later] = await Promise.all([
    desk.histogram({ ...slow, part: 'lanes' }),
    desk.histogram({ ...all, part: 'minimap', bars: 100 }),
    desk.histogram({ ...all, part: 'lanes', bars: 100 }),
  ])
  expect(earlier).toMatchObject({ kind: 'histogram', isExact: false, countedTo: expect.any(String) as string })
  expect(minimap).toMatchObject({ kind: 'histogram', isExact: true, countedTo: null })
  expect(later).toMatchObject({ kind: 'histogram', isExact: true, countedTo: null })
})
