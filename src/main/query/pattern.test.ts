import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fits, patternOf } from './pattern.ts'

test('a pattern fits what the same regular expression fits', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'B', '*', '.', '\n'), maxLength: 8 })
  let fitted = 0
  fc.assert(
    fc.property(text, text, (pattern, tried) => {
      const source = pattern
        .split('*')
        .map((part) => part.replace(/\./g, '\\.'))
        .join('[^]*')
      const expected = new RegExp(`^${source}$`, 'i').test(tried)
      expect(fits(patternOf(pattern), tried)).toBe(expected)
      if (expected) fitted += 1
    }),
    { numRuns: 5_000, seed: 20260301 },
  )
  expect(fitted).toBeGreaterThan(100)
})

test('a pattern made to be slow is not', () => {
  const tried = 'a'.repeat(100_000)
  const startedAt = performance.now()
  expect(fits(patternOf(`${'a*'.repeat(8)}b`), tried)).toBe(false)
  expect(fits(patternOf(`*${'aaaa*'.repeat(7)}ab*`), tried)).toBe(false)
  // A regular expression of that kind would take longer than the universe is old.
  expect(performance.now() - startedAt).toBeLessThan(2_000)
})
