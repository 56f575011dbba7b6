import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DetectionContent, DetectionId } from '../../shared/detection.ts'
import { matches } from '../query/matches.ts'
import { parse } from '../query/parse.ts'
import { content, detectionOf, pageOf, testStore, trusted } from './test-support.ts'

describe('a search', () => {
  const store = () => {
    const made = testStore()
    made.keeper.keep([
      trusted(content({ id: 'stuffing', entityId: 'anna_b%c', tactics: ['Credential Access'] }), { issued: 1 }),
      trusted(
        content({
          id: 'mfa',
          kind: 'posture',
          type: 'MissingMFA',
          status: 'ongoing',
          entityId: 'ci-deploy',
          entityType: null,
          tactics: [],
        }),
        { issued: 2 },
      ),
    ])
    return made
  }
  const find = (text: string) => pageOf(store().detections.page({ text, before: null, limit: 10 })).detections.map(({ id }) => id)

  test('finds what has all its words, in any field and any case', () => {
    expect(find('')).toEqual(['mfa', 'stuffing'])
    expect(find('missingmfa ONGOING')).toEqual(['mfa'])
    expect(find('posture okta_user')).toEqual([])
    expect(find('"credential access"')).toEqual(['stuffing'])
    expect(find('"access credential"')).toEqual([])
  })

  test('knows no wildcards', () => {
    expect(find('%')).toEqual(['stuffing'])
    expect(find('a_b')).toEqual(['stuffing'])
    expect(find('a%b')).toEqual([])
  })

  test('does not match across two fields', () => {
    expect(find('"detected threat"')).toEqual([])
    expect(find('detectedthreat')).toEqual([])
  })

  test('finds half a surrogate pair as the character that SQLite keeps for it', () => {
    const { keeper, detections } = testStore()
    const broken = content({ type: 'broken \ud83d' })
    keeper.keep([trusted(broken)])
    const text = '"broken \ufffd"'
    const parsed = parse(text)
    expect(pageOf(detections.page({ text, before: null, limit: 1 })).detections).toHaveLength(1)
    expect(
      parsed.kind === 'parsed' &&
        matches(parsed.query, { ...pageOf(detections.page({ text, before: null, limit: 1 })).detections[0]!, ...broken }),
    ).toBe(true)
  })

  test('beyond its bounds is refused with words', () => {
    expect(store().detections.page({ text: 'x'.repeat(513), before: null, limit: 10 })).toEqual({
      kind: 'refused',
      detail: expect.stringContaining('Shorten it') as string,
    })
  })
})

test('the history finds by a query exactly what the query matches', () => {
  // Few letters, so that words are found often; with what SQL, LIKE, JSON and Unicode could trip over.
  const letter = fc.constantFrom(...'aAbB%_\\"\'\n\t[],{}\0éÉßİ', '\u{1f6a8}', '\ufffd', ' ')
  const text = fc.oneof(fc.string({ unit: letter, maxLength: 6 }), fc.string({ unit: 'binary', maxLength: 4 }))
  const optional = fc.option(text)
  const list = fc.array(text, { maxLength: 3 })
  const fields: fc.Arbitrary<Partial<DetectionContent>> = fc.record({
    type: text,
    status: text,
    entityId: optional,
    entityType: optional,
    sourceType: optional,
    connectionId: optional,
    tactics: list,
    techniques: list,
    frameworks: list,
  })
  const store = testStore()
  let count = 0
  let found = 0
  fc.assert(
    fc.property(fc.array(fields, { minLength: 1, maxLength: 4 }), fc.string({ unit: letter, maxLength: 8 }), (some, search) => {
      const ids = some.map((one) => {
        const id = `d-${(count += 1)}`
        store.keeper.keep([trusted({ ...content(), ...one, id: id as DetectionId })])
        return id
      })
      const parsed = parse(search)
      if (parsed.kind !== 'parsed') throw new Error(parsed.detail)
      const expected = ids.filter((id) => matches(parsed.query, detectionOf(store, id)))
      const { detections } = pageOf(store.detections.page({ text: search, before: null, limit: 500 }))
      const actual = detections.map(({ id }) => id as string).filter((id) => ids.includes(id))
      expect(actual.reverse()).toEqual(expected)
      found += actual.length
    }),
    { numRuns: 120, seed: 20260301 },
  )
  expect(found).toBeGreaterThan(50)
})
