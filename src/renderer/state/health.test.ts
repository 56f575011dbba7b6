import { expect, test } from 'vitest'
import type { Health } from '../../shared/health.ts'
import type { InletId } from '../../shared/inlets.ts'
import { HealthState } from './health.svelte.ts'
import { createMemoryBridge, later } from './memory-bridge.ts'

const settle = () => new Promise((done) => setTimeout(done, 0))

const health: Health = {
  receiver: { kind: 'listening', port: 4711 },
  ways: [{ id: 'receiver' as InletId, name: 'Receiver', state: 'live', because: null }],
  storage: { kind: 'ok' },
  integrity: { kind: 'ok' },
  backups: { kind: 'ok', newestAt: null },
  retention: { kind: 'idle' },
  proof: { kind: 'ok' },
  counters: { received: 0, kept: 0, duplicate: 0, quarantined: 0, otherTrigger: 0, unreadable: 0, failed: 0, refused: {}, turnedAway: 0 },
  lastDeliveryAt: null,
  waiting: 0,
}
const down = { ...health, ways: health.ways.map((way) => ({ ...way, state: 'down' as const, because: 'receiver-down' as const })) }

test('is starting before the first answer, and trouble where there is none', async () => {
  const answer = later<Health>()
  const state = new HealthState(createMemoryBridge({ 'health:read': () => answer.promise }).bridge, Date.now)
  expect(state.word).toBe('starting')
  answer.reject(new Error('gone'))
  await settle()
  expect([state.word, state.trouble]).toEqual(['trouble', 'gone'])
})

test('lets a push win over an older answer', async () => {
  const answer = later<Health>()
  const main = createMemoryBridge({ 'health:read': () => answer.promise })
  const state = new HealthState(main.bridge, Date.now)
  main.push('health:changed', down)
  answer.resolve(health)
  await settle()
  expect(state.word).toBe('not listening')
})

test('starts the receiver again once, however often it is asked to', async () => {
  const answer = later<Health>()
  const main = createMemoryBridge({
    'health:read': () => down,
    'receiver:restart': () => answer.promise,
  })
  const state = new HealthState(main.bridge, Date.now)
  await settle()
  const restarts = [state.restartReceiver(), state.restartReceiver()]
  expect(state.isRestarting).toBe(true)
  answer.resolve(health)
  await Promise.all(restarts)
  expect(main.asked.filter(({ name }) => name === 'receiver:restart')).toHaveLength(1)
  expect([state.word, state.isRestarting]).toEqual(['listening', false])
})

test('remembers since when a way in is down, across attempts to connect, until it is live or gone', async () => {
  let now = 1_000
  const main = createMemoryBridge({ 'health:read': () => down })
  const state = new HealthState(main.bridge, () => now)
  await settle()
  const outage = { id: 'receiver', name: 'Receiver', because: 'receiver-down', since: 1_000 }
  expect(state.outages).toEqual([outage])
  now = 20_000
  const connecting = { ...down, ways: down.ways.map((way) => ({ ...way, state: 'connecting' as const, because: null })) }
  main.push('health:changed', connecting)
  expect(state.outages, 'an attempt is no success').toEqual([outage])
  main.push('health:changed', { ...down, ways: down.ways.map((way) => ({ ...way, because: 'offline' as const })) })
  expect(state.outages).toEqual([{ ...outage, because: 'offline' }])
  main.push('health:changed', health)
  expect(state.outages).toEqual([])
  main.push('health:changed', connecting)
  expect(state.outages, 'what was never down is not down while it connects').toEqual([])
  main.push('health:changed', down)
  main.push('health:changed', { ...health, ways: [] })
  expect(state.outages).toEqual([])
})
