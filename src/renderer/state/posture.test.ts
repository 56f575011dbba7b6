import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Notice } from '../../shared/ipc.ts'
import { ageBands, type PostureOverview } from '../../shared/posture.ts'
import { createMemoryBridge, later } from './memory-bridge.ts'
import { Posture } from './posture.svelte.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function overviewOf(open: number): PostureOverview {
  return {
    open,
    closed: 0,
    openByType: [],
    openByEntity: [],
    openBySource: [],
    openByFramework: [],
    ages: ageBands.map((band) => ({ band, count: 0 })),
    weeks: [],
    timeToResolve: [],
    frameworks: [],
    oldest: [],
    isExact: true,
  }
}

function postureOf(handlers: Parameters<typeof createMemoryBridge>[0]) {
  const told: Notice[] = []
  const memory = createMemoryBridge(handlers)
  return { ...memory, told, posture: new Posture(memory.bridge, (notice) => told.push(notice)) }
}

test('another framework begins empty, and an answer about the one before does not count', async () => {
  const slow = later<PostureOverview>()
  const { posture } = postureOf({ 'posture:read': ({ framework }) => (framework === null ? slow.promise : overviewOf(2)) })
  posture.visit(null)
  posture.visit('CIS')
  expect(posture.value).toBeNull()
  await vi.advanceTimersByTimeAsync(0)
  slow.resolve(overviewOf(9))
  await vi.advanceTimersByTimeAsync(0)
  expect([posture.framework, posture.value?.open]).toEqual(['CIS', 2])
})

test('it is read again at most every five seconds, and not while nobody looks', async () => {
  const { posture, asked, push } = postureOf({ 'posture:read': () => overviewOf(1) })
  const leave = posture.visit(null)
  for (let i = 0; i < 100; i++) {
    push('detections:changed', { changed: [], more: true })
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(asked.length).toBeLessThanOrEqual(3)
  leave()
  const before = asked.length
  push('detections:changed', { changed: [], more: true })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(asked.length).toBe(before)
})

test('where a report was saved is told, and why one was not', async () => {
  const { posture, told, handlers } = postureOf({ 'report:save': () => ({ kind: 'saved', path: '/home/me/report.pdf' }) })
  await posture.saveReport('pdf')
  handlers['report:save'] = () => ({ kind: 'failed', detail: 'The disk is full.' })
  await posture.saveReport('html')
  expect(told.map(({ tone, text }) => [tone, text])).toEqual([
    ['info', '/home/me/report.pdf'],
    ['trouble', 'The disk is full.'],
  ])
})
