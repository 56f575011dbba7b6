import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { AttackAnswer } from '../../shared/attack.ts'
import { Attack } from './attack.svelte.ts'
import { createMemoryBridge, later } from './memory-bridge.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const matrix = { version: '18.1', notice: 'MITRE', tactics: [], past: [] }
function countsOf(counted: number): AttackAnswer {
  return {
    kind: 'attack',
    techniques: {},
    wholes: {},
    areWholesExact: true,
    tactics: {},
    words: {},
    unknown: [],
    counted,
    unmapped: 0,
    isExact: true,
    countedTo: null,
  }
}

test('an answer that takes longer than the pause counts under a steady stream, and is asked for again afterwards', async () => {
  const slow = later<AttackAnswer>()
  let isFirst = true
  const { bridge, asked, push } = createMemoryBridge({
    'attack:matrix': () => matrix,
    'attack:read': () => {
      if (!isFirst) return countsOf(8)
      isFirst = false
      return slow.promise
    },
  })
  const attack = new Attack(bridge)
  const readings = () => asked.filter(({ name }) => name === 'attack:read').length
  attack.ask({ text: '', range: null })
  for (let i = 0; i < 90; i++) {
    push('detections:changed', { changed: [], more: true })
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(readings()).toBe(1)
  slow.resolve(countsOf(7))
  await vi.advanceTimersByTimeAsync(0)
  expect(attack.counts?.counted).toBe(7)
  await vi.advanceTimersByTimeAsync(2_500)
  expect([readings(), attack.counts?.counted]).toEqual([2, 8])
  attack.stop()
})

test('another search does not wait for the answer to the one before', async () => {
  const { bridge } = createMemoryBridge({
    'attack:matrix': () => matrix,
    'attack:read': ({ text }) => (text === 'slow' ? later<AttackAnswer>().promise : countsOf(1)),
  })
  const attack = new Attack(bridge)
  attack.ask({ text: 'slow', range: null })
  await vi.advanceTimersByTimeAsync(200)
  attack.ask({ text: 'quick', range: null })
  await vi.advanceTimersByTimeAsync(200)
  expect(attack.counts?.counted).toBe(1)
  attack.stop()
})
