import { describe, expect, test } from 'vitest'
import { inletOf, setUpOf, texts } from './jetstream-test-support.ts'
import { operate, startBetween, startNats } from './nats-test-support.ts'
import { until } from './test-support.ts'

const numbered = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, index) => `a.${from + index}.c`)

describe('two computers on one consumer', () => {
  test('the second takes nothing and is told so; the first gets all of it, and nobody is told of losses', async () => {
    const server = await startNats()
    const operator = await operate(server.url)
    const first = inletOf(setUpOf(server.url))
    first.inlet.start()
    await until(first.isLive)
    let later = 0
    const second = inletOf(setUpOf(server.url), { now: () => Date.now() + later })
    second.inlet.start()
    await until(() => second.last()?.kind === 'waiting')
    expect(second.last()).toMatchObject({ because: 'relay-down', detail: expect.stringContaining('still in use') as string })
    // It is no connection of its own that the server has yet to forget.
    later = 16_000
    second.inlet.reconnect()
    await until(() => second.states.some((state) => state.kind === 'waiting' && state.because === 'refused'))
    expect(second.last()).toMatchObject({ detail: expect.stringContaining('Another computer uses the consumer laptop-1') as string })
    await operator.publish(numbered(1, 50))
    await until(() => first.outcomes.length === 50)
    expect(texts(first.deliveries)).toEqual(numbered(1, 50))
    expect(second.deliveries).toEqual([])
    expect([...first.lost, ...second.lost]).toEqual([])
  })

  test('what another program acknowledged, while we were away or listening, is said to be elsewhere, not lost; a consumer of our own brings it', async () => {
    const server = await startNats()
    const { manager, publish } = await operate(server.url)
    const one = inletOf(setUpOf(server.url))
    one.inlet.start()
    await until(one.isLive)
    const theirs = await manager.jetstream().consumers.get('TOCSIN', 'laptop-1')
    // As long as its request stands, the server hands out to both in turn.
    const theirMessages = await theirs.fetch({ max_messages: 5, expires: 5_000 })
    const took = (async () => {
      for await (const message of theirMessages) message.ack()
    })()
    await publish(numbered(1, 10))
    await until(() => one.states.some(({ kind }) => kind === 'waiting'))
    expect(one.states.find(({ kind }) => kind === 'waiting')).toMatchObject({
      detail: expect.stringContaining('Another computer') as string,
    })
    await took
    one.inlet.reconnect()
    await until(() => one.states.some((state) => state.kind === 'waiting' && state.because === 'refused'))
    await one.inlet.stop()
    expect(one.lost).toEqual([])

    const own = inletOf(setUpOf(server.url, { consumer: 'laptop-2' }), { position: one.position })
    own.inlet.start()
    await until(() => own.outcomes.length === 10)
    expect(texts(own.deliveries)).toEqual(numbered(1, 10))
    expect(own.lost).toEqual([])
  })

  test('the dead connection of this computer itself is waited for, and everything comes in order', async () => {
    const server = await startNats()
    const { publish, manager } = await operate(server.url)
    const between = await startBetween(server.port)
    const one = inletOf(setUpOf(between.url), { expiresMs: 1_000, ackWaitMs: 1_500 })
    one.inlet.start()
    await until(one.isLive)
    await publish(numbered(1, 3))
    await until(() => one.outcomes.length === 3)
    while ((await manager.consumers.info('TOCSIN', 'laptop-1')).num_ack_pending > 0);
    between.freeze()
    // Handed out to nobody: the server still believes in the old connection.
    await publish(numbered(4, 6))
    between.thaw()
    one.inlet.reconnect()
    await until(() => one.outcomes.length === 6)
    await publish(numbered(7, 9))
    await until(() => one.outcomes.length === 9)
    expect(texts(one.deliveries)).toEqual(numbered(1, 9))
    expect(one.lost).toEqual([])
  })
})
