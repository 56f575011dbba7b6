import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Detection, JsonObject } from '../../shared/detection.ts'
import { indexedTokens, mostTokens, tokensOf, tokensOfField } from './tokens.ts'
import { between, holdsWords } from './words.ts'

function detectionOf(fields: Partial<Detection>): Detection {
  const lists = { tactics: [], techniques: [], frameworks: [], metadata: {}, extra: {} }
  const none = { entityId: null, entityType: null, sourceType: null, connectionId: null }
  return { id: 'd', type: 'T', status: 'ongoing', kind: 'threat', ...none, ...lists, ...fields } as unknown as Detection
}

function isFound(detection: Detection, words: { readonly tokens: readonly string[]; readonly isPrefix: boolean }): boolean {
  return holdsWords(words)(detection, () => between(indexedTokens(detection)))
}

// Letters that are folded and composed in ways of their own, among them a K that is not ASCII, and what parts words.
const letter = fc.constantFrom(...'abAB1 .-_kKéÉßİΣς', '\u212a', 'e\u0301', '\u0301', '\ud83d\ude00', '\ud800', 'ﬀ', '日')
const text = fc.oneof(fc.string({ unit: letter, maxLength: 8 }), fc.string({ unit: 'binary', maxLength: 5 }))
const detection = fc
  .record({
    ...{ id: text, type: text, entityId: fc.option(text), tactics: fc.array(text, { maxLength: 2 }) },
    metadata: fc.dictionary(text, fc.oneof(text, fc.integer(), fc.array(text, { maxLength: 3 }))),
    /** So many tokens before the metadata, that what is in it stands at the end of what is indexed, or behind it. */
    before: fc.oneof(fc.constant(0), fc.integer({ min: mostTokens - 40, max: mostTokens + 5 })),
  })
  .map(({ before, ...fields }) =>
    detectionOf({ ...fields, frameworks: [Array.from({ length: before }, () => 'x').join(' ')] } as unknown as Partial<Detection>),
  )

test('words are found exactly where they stand in the tokens of a detection', () => {
  let found = 0
  fc.assert(
    fc.property(detection, fc.oneof(text, fc.nat(600)), fc.integer({ min: 1, max: 3 }), fc.boolean(), (one, sought, length, isPrefix) => {
      const all = indexedTokens(one)
      // Also what stands there, so that much is found.
      const tokens = typeof sought === 'string' ? tokensOf(sought) : all.slice(sought % all.length, (sought % all.length) + length)
      fc.pre(tokens.length > 0)
      const wanted = between(tokens)
      const expected = between(all).includes(isPrefix ? wanted.slice(0, -1) : wanted)
      // Of a token that stands for the end of a field nobody can ask.
      fc.pre(tokens.every((token) => /^[\p{L}\p{N}\p{M}]+$/u.test(token)))
      expect(isFound(one, { tokens, isPrefix })).toBe(expected)
      if (expected) found += 1
    }),
    { numRuns: 3_000, seed: 20260301 },
  )
  expect(found).toBeGreaterThan(500)
})

test('a field adds at most three tokens more than it has characters', () => {
  fc.assert(fc.property(text, (one) => void expect(tokensOfField(one).length).toBeLessThanOrEqual(one.length + 3)))
  expect(tokensOfField('aB')).toHaveLength(5)
})

test('what is common in one detection and stands behind the last indexed token of another is found in the one only', () => {
  const many = Array.from({ length: mostTokens }, (_, index) => `w${index}`).join(' ')
  const words = { tokens: ['rare', 'words'], isPrefix: false }
  expect(isFound(detectionOf({ metadata: { note: 'Rare words' } as JsonObject }), words)).toBe(true)
  expect(isFound(detectionOf({ metadata: { many, note: 'Rare words' } as JsonObject }), words)).toBe(false)
  expect(isFound(detectionOf({ metadata: { note: 'Rare words', many } as JsonObject }), words)).toBe(true)
})
