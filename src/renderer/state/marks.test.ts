import { expect, test } from 'vitest'
import { detectionOf } from './memory-bridge.ts'
import { Marks, mostMarked } from './marks.svelte.ts'
import { place } from './placed.ts'

const listed = { answered: { text: '', range: null }, count: 9_000 }
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
