import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { EntityDetail, EntityList } from '../../shared/entity.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { Entities } from './entities.svelte.ts'
import { EntityState } from './entity.svelte.ts'
import { createMemoryBridge, detectionOf, later } from './memory-bridge.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const nothing: EntityList = { entities: [], total: 0 }
const now = Date.UTC(2031, 4, 17)
/** One whose address nobody keeps. */
const listOf = (bridge: Bridge) =>
  new Entities(
    bridge,
    () => now,
    () => {},
  )

test('typing asks once it pauses, with a range that reaches past now', async () => {
  const { bridge, asked } = createMemoryBridge({ 'entities:list': () => nothing })
  const entities = listOf(bridge)
  entities.visit()
  entities.within(7)
  entities.search('0')
  entities.search('00u1')
  await vi.advanceTimersByTimeAsync(500)
  expect(asked.at(-1)?.argument).toEqual({
    range: { from: '2031-05-10T00:00:00.000Z', to: '2031-05-18T00:00:00.000Z' },
    begins: '00u1',
  })
  expect(asked).toHaveLength(3)
})

test('all of them are there again at once, whatever was typed and however short the time', async () => {
  const { bridge, asked } = createMemoryBridge({ 'entities:list': () => nothing })
  const entities = listOf(bridge)
  entities.visit()
  entities.within(1)
  entities.search('zzz')
  entities.all()
  expect(asked.at(-1)?.argument).toEqual({ range: null, begins: '' })
  await vi.advanceTimersByTimeAsync(500)
  expect(asked).toHaveLength(3)
})

test('a read that fails leaves the answer to the same question, and says so until one succeeds', async () => {
  const { bridge, handlers } = createMemoryBridge({ 'entities:list': () => nothing })
  const entities = listOf(bridge)
  entities.visit()
  await vi.advanceTimersByTimeAsync(0)
  handlers['entities:list'] = () => Promise.reject(new Error('disk I/O error'))
  await entities.read()
  expect([entities.phase, entities.value, entities.trouble]).toEqual(['failed', nothing, 'disk I/O error'])
  handlers['entities:list'] = () => nothing
  await entities.read()
  expect([entities.phase, entities.trouble]).toEqual(['ready', null])
})

test('a read that fails leaves no answer to another question', async () => {
  const { bridge, handlers } = createMemoryBridge({ 'entities:list': () => nothing })
  const entities = listOf(bridge)
  entities.visit()
  for (const ask of [() => entities.within(7), () => entities.search('00u1')]) {
    handlers['entities:list'] = () => nothing
    await entities.read()
    expect(entities.value).toBe(nothing)
    handlers['entities:list'] = () => Promise.reject(new Error('disk I/O error'))
    ask()
    await vi.advanceTimersByTimeAsync(500)
    expect([entities.phase, entities.value]).toEqual(['failed', null])
  }
})

function detailOf(entityId: string): EntityDetail {
  const at = '2031-05-17T00:00:00.000Z' as Instant
  const lists = { entityTypes: [], types: [], sources: [], techniques: [], points: [], posture: [], openIssues: [], notes: [], related: [] }
  return { entityId, count: 1, threats: 1, firstDetectedAt: at, lastChangedAt: at, isExact: true, ...lists }
}

test('another entity begins empty, and the answer about the one before does not count', async () => {
  const slow = later<EntityDetail | null>()
  const { bridge } = createMemoryBridge({ 'entity:read': ({ entityId }) => (entityId === 'slow' ? slow.promise : detailOf(entityId)) })
  const entity = new EntityState(bridge)
  entity.visit({ entityId: 'slow', organizationId: null })
  entity.visit({ entityId: 'b', organizationId: null })
  await vi.advanceTimersByTimeAsync(0)
  slow.resolve(detailOf('slow'))
  await vi.advanceTimersByTimeAsync(0)
  expect([entity.phase, entity.value?.entityId]).toEqual(['ready', 'b'])
})

test('only what is about it makes it read again', async () => {
  const { bridge, asked, push } = createMemoryBridge({ 'entity:read': ({ entityId }) => detailOf(entityId) })
  const entity = new EntityState(bridge)
  const leave = entity.visit({ entityId: 'a', organizationId: null })
  push('detections:changed', { changed: [detectionOf(1, { entityId: 'b' })], more: false })
  await vi.advanceTimersByTimeAsync(3_000)
  expect(asked).toHaveLength(1)
  push('detections:changed', { changed: [detectionOf(1, { entityId: 'a' })], more: false })
  await vi.advanceTimersByTimeAsync(3_000)
  expect(asked).toHaveLength(2)
  leave()
  push('detections:changed', { changed: [], more: true })
  await vi.advanceTimersByTimeAsync(3_000)
  expect(asked).toHaveLength(2)
})

test('one that no detection names is missing', async () => {
  const { bridge } = createMemoryBridge({ 'entity:read': () => null })
  const entity = new EntityState(bridge)
  entity.visit({ entityId: 'nobody', organizationId: null })
  await vi.advanceTimersByTimeAsync(0)
  expect(entity.phase).toBe('missing')
})
