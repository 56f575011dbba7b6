import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Instant, OrganizationId } from '../../shared/detection.ts'
import type { Drift } from '../../shared/drift.ts'
import { newForMs } from '../../shared/drift.ts'
import type { Health } from '../../shared/health.ts'
import { DriftState } from './drift.svelte.ts'
import { createMemoryBridge } from './memory-bridge.ts'

const now = Date.UTC(2031, 4, 17)
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function drift(value: string, firstSeenMs: number): Drift {
  const at = new Date(firstSeenMs).toISOString() as Instant
  return { organizationId: 'org' as OrganizationId, what: 'type', value, firstSeenAt: at, lastSeenAt: at, count: 1 }
}

test('what was first seen within a week is new', async () => {
  const main = createMemoryBridge({
    'drift:list': () => ({ listed: [drift('young', now - newForMs + 1), drift('old', now - newForMs)], total: 2 }),
  })
  const state = new DriftState(main.bridge)
  state.visit()
  await vi.advanceTimersByTimeAsync(0)
  expect(state.newOnes(now).map(({ value }) => value)).toEqual(['young'])
})

test('is read again when something was kept, and not for every word of health', async () => {
  const main = createMemoryBridge({ 'drift:list': () => ({ listed: [], total: 0 }) })
  const state = new DriftState(main.bridge)
  const leave = state.visit()
  const health = (kept: number) => ({ counters: { kept } }) as Health
  main.push('health:changed', health(1))
  for (let index = 0; index < 10; index++) {
    await vi.advanceTimersByTimeAsync(1_000)
    main.push('health:changed', health(1))
  }
  expect(main.asked).toHaveLength(2)
  main.push('health:changed', health(2))
  await vi.advanceTimersByTimeAsync(1_000)
  expect(main.asked).toHaveLength(3)
  leave()
  expect(main.listenerCount()).toBe(0)
})
