import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Notice } from '../../shared/ipc.ts'
import type { SavedView } from '../../shared/saved-views.ts'
import { createMemoryBridge } from './memory-bridge.ts'
import { SavedViews } from './saved-views.svelte.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const view: SavedView = { id: 1, name: 'Threats', address: 'timeline?q=kind%3Athreat', isPinned: true }

function savedViewsOf(handlers: Parameters<typeof createMemoryBridge>[0] = {}) {
  const told: Notice[] = []
  const memory = createMemoryBridge({
    'views:list': () => [view],
    'views:count': () => [{ id: 1, count: 12, isCapped: false }],
    ...handlers,
  })
  return { ...memory, told, views: new SavedViews(memory.bridge, (notice) => told.push(notice)) }
}

test('pinned views are counted at once, and again after changes, at most every five seconds', async () => {
  const { views, asked, push } = savedViewsOf()
  await vi.advanceTimersByTimeAsync(0)
  expect([views.pinned, views.counts.get(1)?.count]).toEqual([[view], 12])
  const countsAsked = () => asked.filter(({ name }) => name === 'views:count').length
  for (let i = 0; i < 50; i++) {
    push('detections:changed', { changed: [], more: true })
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(countsAsked()).toBe(2)
  views.stop()
})

test('a view that was just saved is counted at once, also while a later count waits', async () => {
  const { views, asked, push } = savedViewsOf()
  await vi.advanceTimersByTimeAsync(0)
  const countsAsked = () => asked.filter(({ name }) => name === 'views:count').length
  const before = countsAsked()
  push('detections:changed', { changed: [], more: true })
  push('views:changed', [view, { ...view, id: 2 }])
  await vi.advanceTimersByTimeAsync(0)
  expect(countsAsked()).toBe(before + 1)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(countsAsked()).toBe(before + 1)
  views.stop()
})

test('without a pinned view nothing is counted', async () => {
  const { asked, push } = savedViewsOf({ 'views:list': () => [{ ...view, isPinned: false }] })
  await vi.advanceTimersByTimeAsync(0)
  const before = asked.length
  push('detections:changed', { changed: [], more: true })
  await vi.advanceTimersByTimeAsync(6_000)
  expect(asked.length).toBe(before)
})

test('why a view was not saved is told', async () => {
  const { views, told } = savedViewsOf({ 'view:save': () => ({ kind: 'refused', detail: 'There are 100 views.' }) })
  expect(await views.save({ ...view, id: null })).toBe(false)
  expect(told).toMatchObject([{ tone: 'trouble', text: 'There are 100 views.' }])
})

test('what another window of the app saved is there, and counted', async () => {
  const { views, asked, push } = savedViewsOf()
  await vi.advanceTimersByTimeAsync(0)
  const before = asked.length
  push('views:changed', [view, { ...view, id: 2 }])
  expect(views.list.map(({ id }) => id)).toEqual([1, 2])
  await vi.advanceTimersByTimeAsync(0)
  expect(asked.slice(before).map(({ name }) => name)).toEqual(['views:count'])
})
