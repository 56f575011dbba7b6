import { describe, expect, test } from 'vitest'
import { parse } from '../main/query/parse.ts'
import { listFields, states, textFields, things, timeFields } from '../main/query/query.ts'
import { searchFieldOf, searchFields, type SearchField } from './search-fields.ts'

const fields: readonly SearchField[] = searchFields
const now = Date.parse('2026-03-10T12:00:00.000Z')
const read = (text: string) => parse(text, { now, suppressed: () => [] })
const valueOf = ({ name, values }: SearchField) => values[0] ?? (name === 'confidence' ? '0.5' : 'something')
const written = (name: string) => (name === 'metadata.NAME' ? 'metadata.ip' : name)

test('the fields that people are told of are those that are read, and no other', () => {
  expect(fields.map(({ name }) => name as string).sort()).toEqual(
    [...textFields, ...listFields, ...timeFields, 'confidence', 'after', 'before', 'last', 'is', 'has', 'metadata.NAME'].sort(),
  )
})

describe.each(fields.map((field) => [field.name, field] as const))('%s', (name, field) => {
  test('is read, and so is every value that is known to fit', () => {
    expect(read(`${written(name)}:${valueOf(field)}`)).toMatchObject({ kind: 'parsed' })
    for (const value of field.values) expect(read(`${name}:${value}`), value).toMatchObject({ kind: 'parsed' })
  })

  test('is meant by each of its other names', () => {
    const meant = read(`${written(name)}:${valueOf(field)}`)
    for (const alias of field.aliases) {
      expect(read(`${alias}:${valueOf(field)}`), alias).toEqual(meant)
      expect(searchFieldOf(alias.toUpperCase())?.name).toBe(name)
    }
  })

  test('is explained in one sentence', () => {
    expect(field.sentence).toMatch(/^[A-Z].{8,79}$/)
  })
})

test('what can follow is: and has: is listed whole', () => {
  const values = (name: string) => searchFieldOf(name)?.values ?? []
  expect([...values('has')].sort()).toEqual([...things].sort())
  for (const state of states) expect(values('is')).toContain(state)
  const listed = /comes (.*)\.$/.exec((read('is:nonsense') as { detail: string }).detail)?.[1]?.split(/, | or /)
  expect([...values('is')].sort()).toEqual(listed?.sort())
})

test.each(['kind', 'trust', 'triage', 'verdict'])('%s has few values, and all of them are listed', (name) => {
  const listed = / is (.*)\.$/.exec((read(`${name}:nonsense`) as { detail: string }).detail)?.[1]?.split(/, | or /)
  expect(searchFieldOf(name)?.values).toEqual(listed)
})

test('a name that no field has is of none', () => {
  for (const typed of ['colour', '', '__proto__', 'constructor']) expect(searchFieldOf(typed)).toBeNull()
})
