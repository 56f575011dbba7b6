import { expect, test } from 'vitest'
import type { Instant } from './detection.ts'
import type { Place, ProofHealth } from './health.ts'
import { proofWords } from './proof-words.ts'

const place = (sequence: number, at: string): Place => ({ sequence, at: at as Instant })
const words = (proof: ProofHealth) => proofWords(proof, (at) => at)

test('a sound history needs no words', () => {
  expect(words({ kind: 'ok' })).toBeNull()
})

test('a loss is said in numbers: how many, after which, up to when', () => {
  const lost = words({ kind: 'lost', lost: 1_234, kept: place(2, 'MONDAY'), marked: place(1_236, 'TUESDAY') })
  expect(lost?.title).toBe('1,234 deliveries are missing from the history')
  expect(lost?.text).toContain('ends at delivery 2 of MONDAY, but had reached delivery 1,236 by TUESDAY')
  expect(words({ kind: 'lost', lost: 1, kept: null, marked: place(1, 'TUESDAY') })).toMatchObject({
    title: 'A delivery is missing from the history',
    text: expect.stringContaining('is empty'),
  })
})

test.each<ProofHealth>([
  { kind: 'lost', lost: 1, kept: null, marked: place(1, 'T') },
  { kind: 'rewritten', marked: place(1, 'T') },
  { kind: 'other-history', marked: place(1, 'T') },
  { kind: 'no-mark', because: 'unreadable' },
  { kind: 'not-marking', since: 'T' as Instant, detail: 'no space left' },
])('$kind says that what arrives is kept', (proof) => {
  expect(words(proof)?.text).toMatch(/are kept/)
})
