import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from '../../main/query/parse.ts'
import { exclude, narrow, release, stateOf, termOf } from './edit-text.ts'

const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => text.trim() !== '')
const base = fc.constantFrom(
  '',
  'kind:threat',
  'a OR b',
  '(type:x OR y) last:7d',
  '"a phrase" -status:resolved',
  'NOT kind:threat',
  'name "open',
)

describe('a search that is narrowed', () => {
  test.each([
    ['', 'type', 'MissingMFA', 'type:MissingMFA'],
    ['last:7d', 'type', 'has spaces', 'last:7d type:"has spaces"'],
    ['last:7d', 'type', 'a "quote" \\', 'last:7d type:"a \\"quote\\" \\\\"'],
    ['a OR b', 'kind', 'threat', '(a OR b) kind:threat'],
    ['-kind:threat last:7d', 'kind', 'threat', 'last:7d kind:threat'],
    ['kind:threat', 'kind', 'threat', 'kind:threat'],
    ['kind:"threat"', 'kind', 'threat', 'kind:"threat"'],
    ['(kind:threat OR x)', 'kind', 'threat', '(kind:threat OR x) kind:threat'],
    ['', 'type', '-x', 'type:"-x"'],
    ['', 'type', '*', 'type:"*"'],
  ])('%s by %s %s', (text, field, wanted, result) => expect(narrow(text, field, wanted)).toBe(result))

  test('is always a search again where it was one, and says that it is narrowed', () => {
    fc.assert(
      fc.property(base, value, fc.boolean(), (text, wanted, isExcluded) => {
        const changed = (isExcluded ? exclude : narrow)(text, 'entity', wanted)
        if (!text.includes('"open')) {
          expect(parse(changed, { now: 0 }).kind).toBe('parsed')
          expect(stateOf(changed, 'entity', wanted)).toBe(isExcluded ? 'excluded' : 'narrowed')
          expect(stateOf(release(changed, 'entity', wanted), 'entity', wanted)).toBeNull()
        }
      }),
    )
  })

  test('means that value and no pattern', () => {
    expect(parse(termOf('entity', 'a*b'), { now: 0 })).toMatchObject({ query: { pattern: { parts: ['a*b'] } } })
  })
})

describe('what is released', () => {
  test.each([
    ['kind:threat type:x last:7d', 'type:x', 'kind:threat last:7d'],
    ['type:"x"', 'type:x', ''],
    ['-type:x a', 'type:x', 'a'],
    ['type:x type:x a', 'type:x', 'a'],
    ['NOT type:x', 'type:x', 'NOT type:x'],
    ['a OR type:x', 'type:x', 'a OR type:x'],
  ])('from %s: %s', (text, term, result) => {
    const [field = '', wanted = ''] = term.split(':')
    expect(release(text, field, wanted)).toBe(result)
  })
})
