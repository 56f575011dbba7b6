import { expect, test } from 'vitest'
import { readListKey } from './list-keys.ts'

const press = (key: string, more = {}) =>
  readListKey({ key, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...more }, { page: 9 })

test.each([
  ['ArrowDown', {}, { kind: 'by', by: 1, extends: false }],
  ['ArrowUp', { shiftKey: true }, { kind: 'by', by: -1, extends: true }],
  ['PageUp', {}, { kind: 'by', by: -9, extends: false }],
  ['End', {}, { kind: 'ends', to: 'last', extends: false }],
  ['Home', { shiftKey: true }, { kind: 'ends', to: 'first', extends: true }],
  ['a', { ctrlKey: true }, { kind: 'all' }],
  ['A', { metaKey: true }, { kind: 'all' }],
  [' ', {}, { kind: 'mark' }],
  ['a', {}, null],
  ['ArrowDown', { altKey: true }, null],
  ['k', { ctrlKey: true }, null],
])('%s %o in the list', (key, more, wanted) => {
  expect(press(key, more)).toEqual(wanted)
})
