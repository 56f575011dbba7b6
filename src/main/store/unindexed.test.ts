import { expect, onTestFinished, test } from 'vitest'
import { createDetections } from './detections.ts'
import { openDatabase } from './database.ts'
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
  const detections = createDetections(db, { textIndex: createTextIndex(db), now: () => start, clock: () => (looks += 1) * msALook })
  return {
    page(query: Omit<PageQuery, 'before'> & Partial<PageQuery>, ms = 0) {
      looks = 0
      msALook = ms
      return { ...pageOf(detections.page({ before: null, ...query })), looks }
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
