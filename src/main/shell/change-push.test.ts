import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Detection } from '../../shared/detection.ts'
import type { DetectionsChanged } from '../../shared/ipc.ts'
import { createChangePush } from './change-push.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const detection = (id: string, status = 'detected') => ({ organizationId: 'org', id, status }) as unknown as Detection
const collect = () => {
  const told: DetectionsChanged[] = []
  return { told, pushes: createChangePush((changed) => told.push(changed), Date.now) }
}

test('what comes alone is told without a wait, but not within the work that it came with', () => {
  const { told, pushes } = collect()
  pushes.add([detection('a')])
  expect(told).toHaveLength(0)
  vi.advanceTimersByTime(1)
  expect(told).toEqual([{ changed: [detection('a')], more: false }])
  vi.advanceTimersByTime(60)
  pushes.add([detection('b')])
  vi.advanceTimersByTime(1)
  expect(told).toHaveLength(2)
})

test('a stream is told in parts, each detection once and as it is by then', () => {
  const { told, pushes } = collect()
  for (let ms = 0; ms < 100; ms += 1) {
    pushes.add([detection('a', `status-${ms}`)])
    vi.advanceTimersByTime(1)
  }
  vi.advanceTimersByTime(100)
  expect(told.length).toBeGreaterThan(1)
  expect(told.length).toBeLessThanOrEqual(4)
  expect(told.at(-1)).toEqual({ changed: [detection('a', 'status-99')], more: false })
})

test('past what a screen shows it says only that there is more', () => {
  const { told, pushes } = collect()
  pushes.add(Array.from({ length: 300 }, (_, index) => detection(`${index}`)))
  vi.advanceTimersByTime(1)
  expect(told[0]?.changed).toHaveLength(200)
  expect(told[0]?.more).toBe(true)
})

test('nothing is told after the stop', () => {
  const { told, pushes } = collect()
  pushes.add([detection('a')])
  pushes.stop()
  vi.advanceTimersByTime(100)
  expect(told).toHaveLength(0)
})
