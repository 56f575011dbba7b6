import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from './parse.ts'
import type { Query } from './query.ts'
import { toSql } from './to-sql.ts'

function wordsOf(text: string): readonly string[] {
  const parsed = parse(text)
  if (parsed.kind !== 'parsed') throw new Error(parsed.detail)
  return flat(parsed.query)
}

function flat(query: Query): readonly string[] {
  return query.kind === 'all' ? query.of.flatMap(flat) : [query.text]
}

test('words are parted by white space, phrases are kept together', () => {
  expect(wordsOf('  Okta  "Credential   Access"\tT1110 ')).toEqual(['okta', 'credential access', 't1110'])
  expect(wordsOf('')).toEqual([])
  expect(wordsOf('"" " "')).toEqual([])
})

test('a quote that is not closed reaches to the end', () => {
  expect(wordsOf('one "two three')).toEqual(['one', 'two three'])
  expect(wordsOf('a"b c"d')).toEqual(['a', 'b c', 'd'])
})

test('a query has bounds, and says what to do beyond them', () => {
  expect(parse('x'.repeat(512)).kind).toBe('parsed')
  expect(parse('x'.repeat(513))).toMatchObject({ kind: 'refused', because: 'too-long', detail: expect.stringContaining('Shorten') })
  expect(parse('x '.repeat(32)).kind).toBe('parsed')
  expect(parse('x '.repeat(33))).toMatchObject({ kind: 'refused', because: 'too-many-words', detail: expect.stringContaining('phrase') })
})

test('whatever is typed is parsed, and reaches SQL as a value only', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      const parsed = parse(text)
      if (parsed.kind !== 'parsed') return
      const { sql, values } = toSql(parsed.query)
      expect(values).toEqual(flat(parsed.query))
      expect(sql.split('?').length - 1).toBe(values.length)
      expect(values.every((value) => value !== '' && !value.includes('\n'))).toBe(true)
    }),
  )
})
