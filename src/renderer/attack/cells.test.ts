import { describe, expect, test } from 'vitest'
import type { AttackCounts, AttackMatrix } from '../../shared/attack.ts'
import { parse } from '../../main/query/parse.ts'
import { heatOf, searchFor, toColumns, wordsOf } from './cells.ts'

const matrix: AttackMatrix = {
  version: '18.1',
  notice: 'MITRE',
  tactics: [
    {
      id: 'TA0006',
      name: 'Credential Access',
      techniques: [
        { id: 'T1110', name: 'Brute Force', parts: [{ id: 'T1110.004', name: 'Credential Stuffing' }] },
        { id: 'T1003', name: 'OS Credential Dumping', parts: [] },
      ],
    },
    { id: 'TA0040', name: 'Impact', techniques: [{ id: 'T1485', name: 'Data Destruction', parts: [] }] },
  ],
  past: [],
}
const counts: AttackCounts = {
  techniques: { 'T1110.004': 40, T1110: 2 },
  wholes: { T1110: 41 },
  areWholesExact: true,
  tactics: { TA0006: 41 },
  words: {},
  unknown: [],
  counted: 50,
  unmapped: 9,
  isExact: true,
  countedTo: null,
}

describe('the matrix', () => {
  test('folds away what has no detections', () => {
    const columns = toColumns(matrix, counts, false)
    expect(columns.map(({ id, cells }) => [id, cells.map((cell) => cell.id)])).toEqual([['TA0006', ['T1110']]])
  })
  test('counts a technique with its parts, each detection once, and each part apart', () => {
    const [cell] = toColumns(matrix, counts, false)[0]?.cells ?? []
    expect(cell).toMatchObject({ count: 2, total: 41, isAtMost: false, heat: 4, parts: [{ id: 'T1110.004', count: 40 }] })
    const [unsure] = toColumns(matrix, { ...counts, areWholesExact: false }, false)[0]?.cells ?? []
    expect(unsure).toMatchObject({ total: 41, isAtMost: true })
  })
  test('is there whole where it is wanted', () => {
    expect(toColumns(matrix, counts, true).map(({ cells }) => cells.length)).toEqual([2, 1])
  })
})

test.each([
  [0, 100, 0],
  [1, 1, 4],
  [1, 1_000_000, 1],
  [110, 249, 3],
  [999, 1_000_000, 1],
  [1_000_000, 1_000_000, 4],
])('the heat of %i beside %i is %i', (count, most, heat) => expect(heatOf(count, most)).toBe(heat))

test.each([
  ['', ['T1110'], 'technique:T1110'],
  ['kind:threat', ['T1110'], 'kind:threat technique:T1110'],
  ['', ['T1110', 'Brute Force'], '(technique:T1110 OR technique:"Brute Force")'],
  ['a OR b', ['T1110', 'x'], '(a OR b) (technique:T1110 OR technique:x)'],
  ['', [], 'technique:T1110'],
])('a cell beside %j by %j searches %s', (text, words, wanted) => {
  const search = searchFor(text, 'technique', 'T1110', words)
  expect(search).toBe(wanted)
  expect(parse(search, { now: 0 }).kind).toBe('parsed')
})

test('a technique leads to a search of its own words and those of its parts', () => {
  const words = { T1110: ['T1110', 'Brute Force'], 'T1110.004': ['T1110.004', 'Credential Stuffing', 'say "x"'], T1003: ['T1003'] }
  const search = searchFor('kind:threat OR a', 'technique', 'T1110', wordsOf(matrix, 'T1110', words))
  expect(search).toBe(
    '(kind:threat OR a) (technique:T1110 OR technique:"Brute Force" OR technique:T1110.004 OR technique:"Credential Stuffing" OR technique:"say \\"x\\"")',
  )
  expect(parse(search, { now: 0 }).kind).toBe('parsed')
  expect(wordsOf(matrix, 'T1110.004', words)).toEqual(['T1110.004', 'Credential Stuffing', 'say "x"'])
  expect(searchFor('', 'technique', 'T1485', wordsOf(matrix, 'T1485', words))).toBe('technique:T1485')
})

test('a search by very many words is no longer than a search may be', () => {
  const words = Array.from({ length: 200 }, (_, n) => `a word of a sender, number ${n}`)
  const search = searchFor('kind:threat OR a', 'technique', 'T1110', ['T1110', ...words])
  expect(search.length).toBeLessThanOrEqual(1_000)
  expect(search).toContain('technique:T1110 OR')
  expect(parse(search, { now: 0 }).kind).toBe('parsed')
})

test('where there is no room for any word the search is too long, rather than one for everything', () => {
  const base = `"${'x'.repeat(985)}"`
  for (const words of [['T1110', 'Brute Force'], ['T1110']]) {
    const search = searchFor(base, 'technique', 'T1110', words)
    expect(search).toBe(`${base} technique:T1110`)
    expect(parse(search, { now: 0 })).toMatchObject({ kind: 'refused', because: 'too-long' })
  }
})

test.each([
  ['what was left out of it is asked for', '-(technique:a OR technique:b)', '(technique:a OR technique:b)'],
  ['also in the middle', 'okta -(technique:a OR technique:b) is:open', 'okta (technique:a OR technique:b) is:open'],
  ['what is asked for already stays', 'okta (technique:a OR technique:b)', 'okta (technique:a OR technique:b)'],
  [
    'one of two things that may fit is not asked for',
    'okta OR (technique:a OR technique:b)',
    '(okta OR (technique:a OR technique:b)) (technique:a OR technique:b)',
  ],
  [
    'what is negated in words is not asked for',
    'NOT (technique:a OR technique:b)',
    '(NOT (technique:a OR technique:b)) (technique:a OR technique:b)',
  ],
])('where a cell is chosen, %s', (_, text, expected) => {
  expect(searchFor(text, 'technique', 'T1', ['a', 'b'])).toBe(expected)
})
