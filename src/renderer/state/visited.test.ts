import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { later } from './memory-bridge.ts'
import { Visited } from './visited.svelte.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('an answer that takes longer than the pause counts under a steady stream, and is asked for again afterwards', async () => {
  const slow = later<number>()
  const asked: number[] = []
  let change = (): void => undefined
  const visited = new Visited<number>(
    (changed) => {
      change = changed
      return () => undefined
    },
    () => (asked.push(asked.length) === 1 ? slow.promise : Promise.resolve(asked.length)),
  )
  const leave = visited.visit()
  for (let i = 0; i < 50; i++) {
    change()
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(asked).toHaveLength(1)
  slow.resolve(1)
  await vi.advanceTimersByTimeAsync(0)
  expect(visited.value).toBe(1)
  await vi.advanceTimersByTimeAsync(1_500)
  expect([asked.length, visited.value]).toEqual([2, 2])
  leave()
})
