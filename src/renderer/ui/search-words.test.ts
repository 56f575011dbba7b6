import { expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import { searchedBackTo, toMarked } from './search-words.ts'

test('marks the characters a refusal is about, and says them', () => {
  expect(toMarked({ text: 'okta tipe:x', at: 5, length: 4 })).toEqual({
    before: 'okta ',
    about: 'tipe',
    after: ':x',
    said: 'It is about “tipe”, character 6.',
  })
})

test('where something is missing there is a place for it', () => {
  expect(toMarked({ text: 'type:', at: 5, length: 0 })).toEqual({
    before: 'type:',
    about: '',
    after: '',
    said: 'At the end of the search.',
  })
  expect(toMarked({ text: '() x', at: 1, length: 0 })).toMatchObject({ before: '(', about: '', after: ') x', said: 'At character 2.' })
})

test('a long text is cut around the mark, and nothing in it hides', () => {
  const marked = toMarked({ text: `${'a'.repeat(400)}b\u202ec${'d'.repeat(400)}`, at: 400, length: 3 })
  expect(marked.before).toBe(`…${'a'.repeat(36)}`)
  expect(marked.about).toBe('b⟨RLO⟩c')
  expect(marked.after).toBe(`${'d'.repeat(36)}…`)
  expect(toMarked({ text: 'x', at: 7, length: 3 })).toMatchObject({ before: 'x', about: '' })
})

test('says how far back a search came by its day, and a recent one by its time', () => {
  const at = (text: string) => searchedBackTo(text as Instant, '2026-03-05', 'UTC')
  expect(at('2026-03-03T10:00:00.000Z')).toBe('Tuesday 3 March')
  expect(at('2025-03-03T10:00:00.000Z')).toBe('Monday 3 March 2025')
  expect(at('2026-03-05T10:07:00.000Z')).toBe('today, 10:07')
  expect(at('2026-03-04T23:59:00.000Z')).toBe('yesterday, 23:59')
})
