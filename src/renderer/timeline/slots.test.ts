import { expect, test } from 'vitest'
import { createSlots } from './slots.ts'

test('a row keeps its element while it is in view, and what leaves hands it on', () => {
  const slots = createSlots()
  expect(slots(['a', 'b', 'c'])).toEqual([0, 1, 2])
  expect(slots(['b', 'c', 'd'])).toEqual([1, 2, 0])
  expect(slots(['x', 'b', 'c', 'd'])).toEqual([3, 1, 2, 0])
  expect(slots(['c'])).toEqual([2])
})

test('after a jump each place keeps its element', () => {
  const slots = createSlots()
  slots(['a', 'b', 'c'])
  expect(slots(['x', 'y', 'z'])).toEqual([0, 1, 2])
  expect(slots(['y', 'z', 'b'])).toEqual([1, 2, 0])
})

test('no two rows share an element, even if they are the same detection', () => {
  const slots = createSlots()
  for (const keys of [
    ['a', 'a', 'b'],
    ['a', 'b', 'a'],
    ['b', 'a', 'a', 'a'],
  ]) {
    expect(new Set(slots(keys)).size).toBe(keys.length)
  }
})
