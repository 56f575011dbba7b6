import { expect, test } from 'vitest'
import { detectionOf } from './memory-bridge.ts'
import { Marks, mostMarked } from './marks.svelte.ts'
import { place } from './placed.ts'

const listed = { answered: { text: '', range: null }, count: 9_000, waiting: 0 }
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
  expect([marks.isAll, marks.count, marks.leftOut, marks.has(row(3).key), marks.has(row(4).key)]).toEqual([true, 8_998, 2, false, true])
  const view = { kind: 'view', text: '', range: null }
  const key = (n: number) => ({ organizationId: 'org', id: `d${n}` })
  expect(marks.target).toEqual({ ...view, except: [key(3), key(5)] })
  expect(marks.rows).toEqual([])
  marks.toggle(row(3))
  marks.toggle(row(5))
  expect(marks.target).toEqual(view)
  for (let n = 0; n < 43; n += 1) marks.toggle(row(n))
  expect([marks.leftOut, marks.count, marks.isFull, marks.has(row(41).key)]).toEqual([40, 8_960, true, true])
})

test('where each of all is taken out, nothing is marked', () => {
  const marks = new Marks(() => ({ ...listed, count: 2 }))
  marks.all()
  marks.toggle(row(0))
  marks.toggle(row(1))
  expect([marks.count, marks.target]).toEqual([0, null])
})

test('all are also those that came since, and how many they are is known', () => {
  const marks = new Marks(() => ({ ...listed, count: 85, waiting: 8 }))
  expect([marks.count, marks.unseen]).toEqual([0, 0])
  marks.all()
  expect([marks.count, marks.unseen]).toEqual([93, 8])
  marks.toggle(row(1))
  expect([marks.count, marks.unseen, marks.leftOut]).toEqual([92, 8, 1])
})
