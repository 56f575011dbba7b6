import { expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { Health } from '../../shared/health.ts'
import { healthOf } from '../../shared/health-test-support.ts'
import type { Notice } from '../../shared/ipc.ts'
import { HealthState } from './health.svelte.ts'
import { createMemoryBridge, later } from './memory-bridge.ts'

const said: string[] = []
const notices = {
  raise: ({ title, text }: Notice) => void said.push(`${title}: ${text}`),
  dismiss: (id: string) => void said.push(`dismissed ${id}`),
}
const settle = () => new Promise((done) => setTimeout(done, 0))

const health = healthOf()
const down = { ...health, ways: health.ways.map((way) => ({ ...way, state: 'down' as const, because: 'receiver-down' as const })) }

test('is starting before the first answer, and trouble where there is none', async () => {
  const answer = later<Health>()
  const state = new HealthState(createMemoryBridge({ 'health:read': () => answer.promise }).bridge, { notices, now: Date.now })
  expect(state.word).toBe('starting')
  answer.reject(new Error('gone'))
  await settle()
  expect([state.word, state.trouble]).toEqual(['trouble', 'gone'])
})

test('lets a push win over an older answer', async () => {
  const answer = later<Health>()
  const main = createMemoryBridge({ 'health:read': () => answer.promise })
  const state = new HealthState(main.bridge, { notices, now: Date.now })
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
  const state = new HealthState(main.bridge, { notices, now: Date.now })
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
  const state = new HealthState(main.bridge, { notices, now: () => now })
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

test('says that notifications do not arrive, also where they did not before the window was opened, once, until they do', async () => {
  said.length = 0
  const silent = (since: string): Health => ({ ...health, desktop: { kind: 'silent', since: since as Instant, detail: 'It is frozen.' } })
  const main = createMemoryBridge({ 'health:read': () => silent('2026-03-01T10:00:00.000Z') })
  const state = new HealthState(main.bridge, { notices, now: Date.now })
  await settle()
  main.push('health:changed', silent('2026-03-01T10:00:00.000Z'))
  expect(said).toEqual(['Notifications do not reach this desktop: It is frozen.'])
  main.push('health:changed', health)
  main.push('health:changed', health)
  expect(said.slice(1)).toEqual(['dismissed silent-desktop'])
  main.push('health:changed', silent('2026-03-01T12:00:00.000Z'))
  expect(said.slice(2)).toEqual(['Notifications do not reach this desktop: It is frozen.'])
  state.stop()
})
