import { expect, test } from 'vitest'
import { detectionOf } from './memory-bridge.ts'
import { Marks, mostMarked } from './marks.svelte.ts'
import { place } from './placed.ts'

const asOf = { sequence: 10_000, late: 3 }
const listed = { answered: { text: '', range: null }, asOf, count: 9_000, isComplete: true, waiting: 0, rows: [] }
const row = (n: number) => place(detectionOf(n))

test('what is marked is there with all that was known of it, in the order of the list', () => {
  const marks = new Marks(() => listed)
  marks.toggle(row(2))
  marks.toggle(row(7))
  marks.toggle(row(4))
  marks.toggle(row(2))
  expect(marks.rows.map(({ detection }) => detection.id)).toEqual(['d7', 'd4'])
  expect(marks.target).toEqual({
    kind: 'keys',
    keys: [
      { organizationId: 'org', id: 'd7' },
      { organizationId: 'org', id: 'd4' },
    ],
  })
})

test('a range stops where no more can be marked one by one, and that is known', () => {
  const marks = new Marks(() => listed)
  marks.only(Array.from({ length: mostMarked - 1 }, (_, n) => row(n)))
  expect(marks.isFull).toBe(false)
  marks.add([row(mostMarked), row(mostMarked + 1)])
  expect([marks.count, marks.isFull]).toEqual([mostMarked, true])
  marks.all()
  expect([marks.count, marks.isFull, marks.rows]).toEqual([9_000, false, []])
})

test('of all that are marked one is taken out, and back in', () => {
  const marks = new Marks(() => listed, 40)
  marks.all()
  marks.toggle(row(3))
  marks.toggle(row(5))
  expect([marks.isAll, marks.count, marks.leftOut, marks.has(row(3)), marks.has(row(4))]).toEqual([true, 8_998, 2, false, true])
  const view = { kind: 'view', text: '', range: null, asOf }
  const key = (n: number) => ({ organizationId: 'org', id: `d${n}` })
  expect(marks.target).toEqual({ ...view, except: [key(3), key(5)] })
  expect(marks.rows).toEqual([])
  marks.toggle(row(3))
  marks.toggle(row(5))
  expect(marks.target).toEqual(view)
  for (let n = 0; n < 43; n += 1) marks.toggle(row(n))
  expect([marks.leftOut, marks.count, marks.isFull, marks.has(row(41))]).toEqual([40, 8_960, true, true])
})

test('where each of all is taken out, nothing is marked', () => {
  const marks = new Marks(() => ({ ...listed, count: 2 }))
  marks.all()
  marks.toggle(row(0))
  marks.toggle(row(1))
  expect([marks.count, marks.target]).toEqual([0, null])
})

test('all are not those that came or changed since, and that there are such is known', () => {
  const now = { ...listed, count: 85, rows: [row(10_002), row(84), row(83)] }
  const marks = new Marks(() => now)
  expect([marks.isBehind, marks.has(row(84))]).toEqual([false, false])
  marks.all()
  expect([marks.count, marks.isBehind, marks.has(row(10_002)), marks.has(row(84))]).toEqual([84, true, false, true])
  now.rows = [row(84), row(83)]
  now.count = 84
  expect([marks.count, marks.isBehind]).toEqual([84, false])
  now.waiting = 8
  expect([marks.count, marks.isBehind]).toEqual([84, true])
  now.asOf = { sequence: 10_008, late: 3 }
  expect(marks.target).toEqual({ kind: 'view', text: '', range: null, asOf })
  marks.all()
  expect(marks.target).toEqual({ kind: 'view', text: '', range: null, asOf: now.asOf })
})

test('all stay as many as they were, however many more come than are in memory', () => {
  const came = Array.from({ length: 100 }, (_, n) => row(10_300 - n))
  const now = { ...listed, count: 85, rows: [row(84), row(83)] }
  const marks = new Marks(() => now)
  marks.all()
  // The list of everything knows its length.
  Object.assign(now, { count: 385, rows: came })
  expect([marks.count, marks.isCounted, marks.isBehind]).toEqual([85, true, true])
  // That of a search begins anew with what came.
  Object.assign(now, { count: 100, isComplete: false })
  expect([marks.count, marks.isCounted, marks.target]).toEqual([85, true, { kind: 'view', text: '', range: null, asOf }])
  // Two of them changed, which shows once the list is walked to where they were.
  Object.assign(now, { count: 183, isComplete: true, rows: [...came, row(84)] })
  expect([marks.count, marks.isCounted]).toEqual([83, true])
})

test('all of a search that is not walked to its end grow with the walk, and not by what came since', () => {
  const now = { ...listed, count: 100, isComplete: false, rows: [row(84), row(83)] }
  const marks = new Marks(() => now)
  marks.all()
  expect([marks.count, marks.isCounted]).toEqual([100, false])
  now.count = 200
  expect(marks.count).toBe(200)
  Object.assign(now, { count: 100, rows: Array.from({ length: 100 }, (_, n) => row(10_300 - n)) })
  expect([marks.count, marks.isCounted]).toEqual([100, false])
  Object.assign(now, { count: 320, isComplete: true, rows: [...now.rows, row(84)] })
  expect([marks.count, marks.isCounted]).toEqual([220, true])
})
