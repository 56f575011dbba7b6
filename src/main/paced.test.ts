import { expect, test } from 'vitest'
import { createPaced } from './paced.ts'

/** A clock that is moved by hand. */
function paced(everyMs: number) {
  let now = 0
  let planned: { readonly at: number; readonly work: () => void } | null = null
  const told: number[] = []
  const made = createPaced(() => told.push(now), {
    everyMs,
    schedule(work, afterMs) {
      planned = { at: now + afterMs, work }
      return () => (planned = null)
    },
  })
  const pass = (until: number): void => {
    for (let next = planned; next !== null && next.at <= until; next = planned) {
      now = next.at
      planned = null
      next.work()
    }
    now = until
  }
  return { ...made, told, pass }
}

test('one is told at once, a storm once in its time, and the last of it', () => {
  const { tell, told, pass } = paced(1_000)
  for (let at = 0; at <= 3_500; at += 250) {
    pass(at)
    tell()
  }
  pass(20_000)
  expect(told).toEqual([0, 1_000, 2_000, 3_000, 4_000])
  tell()
  expect(told).toHaveLength(6)
})

test('nothing is told after it was stopped', () => {
  const { tell, told, pass, stop } = paced(1_000)
  tell()
  tell()
  stop()
  tell()
  pass(5_000)
  expect(told).toEqual([0])
})
