import { expect, test } from 'vitest'
import { createAllowance } from './allowance.ts'

test('allows three within a minute, and more as the old ones pass', () => {
  let now = 0
  const allowed = createAllowance({ limit: 3, withinMs: 60_000, now: () => now })
  const at = (ms: number): boolean => {
    now = ms
    return allowed()
  }
  expect([at(0), at(1_000), at(2_000), at(3_000), at(59_999)]).toEqual([true, true, true, false, false])
  expect([at(60_000), at(60_500), at(61_000)]).toEqual([true, false, true])
})
