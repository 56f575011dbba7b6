import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { content, pageOf, testStore, trusted } from '../../main/store/test-support.ts'
import type { Json, JsonObject } from '../../shared/detection.ts'
import { longestSearch, searchTooLong } from '../../shared/search-fields.ts'
import { searchForUnknown } from '../attack/cells.ts'
import { narrow } from './edit-text.ts'
import { canAskFor, narrowByMetadata } from './metadata-term.ts'

const hostile: readonly string[] = [
  ' ',
  '     ',
  '\t\n\r',
  '\u00a0\u3000',
  'a b '.repeat(120),
  'i'.repeat(500),
  '*',
  '**a*',
  '"',
  '\\',
  'ends in \\',
  'a"b\\c',
  '\\"',
  '-',
  '-x',
  '(',
  'a) OR (b',
  'OR',
  'NOT x',
  'null\u0000byte \u0007bell',
  'line\none\rtwo\u2028three',
  'user\u202egpj.exe',
  '\u200b'.repeat(100),
  '<=0.5',
  ':',
  "Robert'); DROP TABLE detections;--",
  '%s_%',
  'ÄÖÜ İı',
  '__proto__',
]
// Only the JSON of a list can carry half a pair of surrogates, and nothing else that it could be compared with.
const anyText = fc
  .oneof(
    fc.constantFrom(...hostile),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(' ', '"', '\\', '*', '(', ')', '-', ':', 'a', '\n', '\u0000', 'OR'), minLength: 1, maxLength: 12 }),
  )
  .map((text) => text.replace(/\p{Surrogate}/gu, '\ufffd'))
const texts: readonly string[] = [
  ...new Map([...hostile, ...fc.sample(anyText, { numRuns: 120, seed: 20260401 })].map((text) => [text.toLowerCase(), text])).values(),
]

/** Every place where a click on a value of a detection makes a search of it. */
const fields = ['type', 'status', 'entity', 'entity_type', 'source', 'connection', 'tactic', 'technique', 'framework'] as const

function find(made: ReturnType<typeof testStore>, text: string): readonly string[] {
  return pageOf(made.detections.page({ text, before: null, limit: 100 })).detections.map(({ id }) => id)
}

describe('the search that a click on a value makes', () => {
  test('finds what has it in that field, and nothing that has another', () => {
    const made = testStore()
    const detections = texts.map((text, index) => {
      const named = { tactics: [text, 'TA0006'], techniques: ['T1110', text], frameworks: [text] }
      const more = { type: text, status: text, entityId: text, entityType: text, sourceType: text, connectionId: text, ...named }
      return trusted(content({ id: `d${index}`, ...more }), { issued: index + 1 })
    })
    made.keeper.keep(detections)
    for (const [index, text] of texts.entries())
      for (const field of fields) expect(find(made, narrow('', field, text)), `${field} ${JSON.stringify(text)}`).toEqual([`d${index}`])
  })

  test('by a word that ATT&CK does not know finds it, whether it stands for a tactic or a technique', () => {
    const made = testStore()
    made.keeper.keep([
      trusted(content({ id: 'as-tactic', tactics: ['Dream Walking'], techniques: [] }), { issued: 1 }),
      trusted(content({ id: 'as-technique', tactics: [], techniques: ['Dream Walking'] }), { issued: 2 }),
      trusted(content({ id: 'other', tactics: ['Waking'], techniques: [] }), { issued: 3 }),
    ])
    expect(find(made, searchForUnknown('', 'Dream Walking'))).toEqual(['as-technique', 'as-tactic'])
    expect(find(made, searchForUnknown('id:as-tactic OR id:other', 'Dream Walking'))).toEqual(['as-tactic'])
    const twice = searchForUnknown(searchForUnknown('kind:threat', 'x y'), 'x y')
    expect(twice).toBe('(kind:threat) (tactic:"x y" OR technique:"x y")')
  })

  test('by a value of the metadata finds what has it, or is not offered', () => {
    const name = fc.oneof(fc.constantFrom('ip', '__proto__', 'a.b', 'a b', 'quo"te', 'back\\slash', 'ü', 'x*', '-y', 'bell\u0007'), anyText)
    const leaf: fc.Arbitrary<Json> = fc.oneof(
      anyText,
      fc.boolean(),
      fc.integer(),
      fc.constantFrom(1e21, 1.5e-9, 0.1 + 0.2, 123_456_789_012_345_680, -0.000_001, '1e21', '007', '1.50'),
    )
    const places = fc
      .sample(fc.tuple(fc.array(name, { minLength: 1, maxLength: 3 }), leaf, fc.boolean()), { numRuns: 600, seed: 20260402 })
      .filter(([path, value]) => canAskFor(path, value))
    expect(places.length).toBeGreaterThan(100)
    const made = testStore()
    made.keeper.keep([
      ...places.map(([path, value, isListed], index) => {
        const metadata = path.reduceRight<Json>((inner, one) => Object.fromEntries([[one, inner]]), isListed ? [value, 'more'] : value)
        return trusted(content({ id: `d${index}`, metadata: metadata as JsonObject }), { issued: index + 1 })
      }),
      trusted(content({ id: 'other', metadata: { other: 1 } }), { issued: places.length + 1 }),
    ])
    for (const [index, [path, value]] of places.entries()) {
      const found = find(made, narrowByMetadata(`id:d${index} OR id:other`, path, String(value)))
      expect(found, JSON.stringify({ path, value })).toEqual([`d${index}`])
    }
  })

  test('is not offered where no search could name the place', () => {
    const value = 'x'
    expect(['ip', 'a.b', 'a b', 'quo"te', 'back\\slash', 'a:b', 'bell\u0007'].map((one) => canAskFor([one], value))).toEqual([
      true,
      ...Array.from({ length: 6 }, () => false),
    ])
    expect(
      canAskFor(
        Array.from({ length: 8 }, () => 'a'),
        value,
      ),
    ).toBe(true)
    expect(
      canAskFor(
        Array.from({ length: 9 }, () => 'a'),
        value,
      ),
    ).toBe(false)
  })
})

test('a search that would be longer than one may be says how long it is, and which characters are too many', () => {
  const search = narrow('', 'entity', '"'.repeat(512))
  expect(search.length).toBeGreaterThan(longestSearch)
  expect(searchTooLong(search)).toEqual({
    at: 1_000,
    length: 33,
    detail: 'A search may have 1,000 characters; this one has 1,033. Shorten it: a value may end in *, such as type:Missing*.',
  })
  expect(searchTooLong('x'.repeat(1_000))).toBeNull()
})
