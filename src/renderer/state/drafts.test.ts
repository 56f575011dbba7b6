import { expect, test } from 'vitest'
import { Drafts } from './drafts.svelte.ts'
import { detectionOf } from './memory-bridge.ts'

test('what was begun about one detection is not that of another, and waits until it is sent', () => {
  const drafts = new Drafts()
  drafts.write(detectionOf(1), { note: 'ask Ann' })
  drafts.write(detectionOf(1), { label: 'vpn' })
  expect(drafts.of(detectionOf(2))).toEqual({ note: '', label: '' })
  expect(drafts.of(detectionOf(1))).toEqual({ note: 'ask Ann', label: 'vpn' })
  drafts.write(detectionOf(1), { note: '' })
  expect(drafts.of(detectionOf(1))).toEqual({ note: '', label: 'vpn' })
})

test('the fifty that were changed last are kept, and empty ones take no place', () => {
  const drafts = new Drafts()
  for (let n = 0; n < 50; n++) drafts.write(detectionOf(n), { note: `note ${n}` })
  drafts.write(detectionOf(0), { note: 'changed' })
  drafts.write(detectionOf(100), { note: '' })
  drafts.write(detectionOf(50), { note: 'one more' })
  expect([0, 1, 2, 50].map((n) => drafts.of(detectionOf(n)).note)).toEqual(['changed', '', 'note 2', 'one more'])
})
