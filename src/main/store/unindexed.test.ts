import { expect, onTestFinished, test } from 'vitest'
import { createDetections } from './detections.ts'
import { openDatabase } from './database.ts'
import { createFoundRows, type FoundPlace } from './found-rows.ts'
import { createTextIndex } from './text-index.ts'
import { content, opened, pageOf, start, testDeliveries, trusted } from './test-support.ts'
import type { PageQuery } from './pages.ts'

/** A history whose index of words has seen none of it, as one that cannot write reads it; `clock` goes on by so many ms with each look. */
function unseen(count: number) {
  const { file, keeper } = testDeliveries()
  for (let from = 0; from < count; from += 500) {
    keeper.keep(
      Array.from({ length: Math.min(500, count - from) }, (_, index) =>
        trusted(content({ id: `d-${from + index}`, type: (from + index) % 70 === 0 ? 'Rare' : 'Usual' }), { issued: from + index }),
      ),
    )
  }
  const db = opened(openDatabase(file, { readOnly: true }))
  onTestFinished(() => void db.close())
  let looks = 0
  let msALook = 0
  const parts = { textIndex: createTextIndex(db), now: () => start, clock: () => (looks += 1) * msALook }
  const foundRows = createFoundRows(db, parts)
  const detections = createDetections(db, parts)
  return {
    page(query: Omit<PageQuery, 'before'> & Partial<PageQuery>, ms = 0) {
      looks = 0
      msALook = ms
      return { ...pageOf(detections.page({ before: null, ...query })), looks }
    },
    /** All that is found, in so many answers, where each look at the clock takes so long. */
    rowsOf(text: string, ms: number, most = 100_000) {
      msALook = ms
      const rows: number[] = []
      let answers = 0
      for (let before: FoundPlace | null = null; ;) {
        const found = foundRows({ text, range: null, before, most: most - rows.length })
        if (found.kind === 'refused') throw new Error(found.detail)
        rows.push(...found.rows)
        answers += 1
        before = found.next
        if (before === null) return { rows, answers }
      }
    },
  }
}

test('what a search compares for want of an index it compares for no longer than its time', () => {
  const { page } = unseen(3_000)
  const hurried = page({ text: 'rare', limit: 500 }, 1)
  expect(hurried.isWhole).toBe(false)
  expect(hurried.detections.length).toBeLessThan(3)
  expect(hurried.looks).toBeLessThan(200)
  expect(page({ text: 'rare', limit: 500 })).toMatchObject({ isWhole: true, searchedTo: null })
  const words = Array.from({ length: 64 }, (_, index) => `word${index}`).join(' OR ')
  expect(page({ text: words, limit: 500 }, 1), 'however many words').toMatchObject({ isWhole: false, detections: [] })
})

test('whoever is patient gets all of them, page by page and in order, also beyond what a page looks at otherwise', () => {
  const { page } = unseen(6_000)
  expect(page({ text: 'rare', limit: 500 }).isWhole, 'more than are looked at for one page').toBe(false)
  const found: string[] = []
  for (let before: PageQuery['before'] = null; ;) {
    const { detections, next, isWhole } = page({ text: 'rare', limit: 20, before, patienceMs: 10_000 })
    expect(isWhole).toBe(true)
    found.push(...detections.map(({ id }) => id))
    before = next
    if (before === null) break
  }
  expect(found).toEqual(Array.from({ length: 86 }, (_, index) => `d-${(85 - index) * 70}`))
  expect(page({ text: 'rare', limit: 20, patienceMs: 40 }, 1).isWhole, 'but not for ever').toBe(false)
})

test('parts of fields are all found while nothing of them is indexed, and however many that are', () => {
  const { page } = unseen(6_000)
  const found: string[] = []
  for (let before: PageQuery['before'] = null; ;) {
    const { detections, next, isWhole } = page({ text: '*are*', limit: 20, before })
    expect(isWhole).toBe(true)
    found.push(...detections.map(({ id }) => id))
    before = next
    if (before === null) break
  }
  expect(found).toEqual(Array.from({ length: 86 }, (_, index) => `d-${(85 - index) * 70}`))
})

test('whoever is to act on all that words find gets all of it, however far behind their index is, in answers that each take a bounded time', () => {
  const { rowsOf } = unseen(6_000)
  const rare = Array.from({ length: 86 }, (_, index) => index * 70 + 1)
  expect(rowsOf('rare', 0)).toEqual({ rows: rare, answers: 1 })
  const hurried = rowsOf('rare', 1_000)
  expect(hurried.rows).toEqual(rare)
  expect(hurried.answers).toBeGreaterThan(20)
  expect(rowsOf('usual', 100).rows).toHaveLength(6_000 - 86)
  expect(rowsOf('usual', 100, 5_500).rows, 'and no more than are wanted').toHaveLength(5_500)
})
