import { describe, expect, test } from 'vitest'
import { createClock } from '../ingest/test-support.ts'
import { inletOf, setUpOf, texts } from './jetstream-test-support.ts'
import { operate, startBetween, startNats } from './nats-test-support.ts'
import { until } from './test-support.ts'

async function halfOpen(more: Parameters<typeof inletOf>[1] = {}) {
  const server = await startNats()
  const operator = await operate(server.url)
  const between = await startBetween(server.port)
  const one = inletOf(setUpOf(between.url), { expiresMs: 400, ackWaitMs: 1_000, ...more })
  one.inlet.start()
  await until(one.isLive)
  await operator.publish(['a.1.c'])
  await until(() => one.outcomes.length === 1)
  while ((await operator.manager.consumers.info('TOCSIN', 'laptop-1')).num_ack_pending > 0);
  return { operator, between, one }
}

describe('a connection on which nothing is passed on any more', () => {
  test('is found dead after 45 seconds without a sign, closed, and made anew; nothing is missing', async () => {
    const clock = createClock()
    const { operator, between, one } = await halfOpen({ now: clock.now, schedule: clock.schedule })
    between.freeze()
    await operator.publish(['a.2.c'])
    const isDead = (): boolean => one.states.some(({ kind }) => kind === 'waiting')
    for (let second = 0; second < 45; second++) await clock.advance(1_000, () => new Promise((resolve) => setImmediate(resolve)))
    // By now it is known; what it takes to hang up is no matter of this clock.
    await until(isDead)
    await until(() => between.count() === 0)
    between.thaw()
    while (one.outcomes.length < 2) await clock.advance(250, () => new Promise((resolve) => setTimeout(resolve, 20)))
    expect(texts(one.deliveries)).toEqual(['a.1.c', 'a.2.c'])
    expect(one.lost).toEqual([])
  })

  test('holds up a reconnect, as after sleep, for less than a second', async () => {
    const { between, one } = await halfOpen()
    between.freeze()
    const startedAt = performance.now()
    one.inlet.reconnect()
    between.thaw()
    await until(() => one.states.filter(({ kind }) => kind === 'connecting').length === 2)
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    await until(() => between.count() === 1)
  })

  test('holds up the end for less than a second', async () => {
    const { between, one } = await halfOpen()
    between.freeze()
    const startedAt = performance.now()
    await one.inlet.stop()
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    await until(() => between.count() === 0)
  })
})
