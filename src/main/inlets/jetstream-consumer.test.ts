import { describe, expect, test } from 'vitest'
import { streamLimits } from './jetstream-set-up.ts'
import { inletOf, setUpOf, texts } from './jetstream-test-support.ts'
import { operate, startNats } from './nats-test-support.ts'
import { until } from './test-support.ts'

describe('the stream and the consumer', () => {
  test('are created where they are absent, on files, with the limits that are stated', async () => {
    const server = await startNats()
    const one = inletOf(setUpOf(server.url))
    one.inlet.start()
    await until(one.isLive)
    const { manager } = await operate(server.url)
    expect((await manager.streams.info('TOCSIN')).config).toMatchObject({
      subjects: ['tocsin.deliveries'],
      storage: 'file',
      retention: 'limits',
      discard: 'old',
      max_age: streamLimits.maxAgeMs * 1e6,
      max_bytes: streamLimits.maxBytes,
      max_msg_size: streamLimits.maxMessageBytes,
      duplicate_window: streamLimits.duplicateWindowMs * 1e6,
    })
    expect((await manager.consumers.info('TOCSIN', 'laptop-1')).config).toMatchObject({
      durable_name: 'laptop-1',
      ack_policy: 'explicit',
      deliver_policy: 'all',
      ack_wait: 30_000 * 1e6,
      max_ack_pending: 1_024,
      max_deliver: -1,
    })
  })

  test('a consumer that would lose deliveries is refused in words', async () => {
    const server = await startNats()
    const { manager } = await operate(server.url)
    await manager.streams.add({ name: 'TOCSIN', subjects: ['tocsin.deliveries'] })
    for (const [words, config] of [
      ['gives up', { max_deliver: 3 }],
      ['does not ask', { ack_policy: 'none' }],
      ['leaves out', { headers_only: true }],
      ['does not begin', { deliver_policy: 'new' }],
      ['does not begin', { deliver_policy: 'by_start_sequence', opt_start_seq: 5 }],
      ['some subjects only', { filter_subject: 'tocsin.deliveries' }],
      ['no faster', { replay_policy: 'original' }],
      ['is removed', { inactive_threshold: 3_600_000_000_000 }],
      ['five minutes', { ack_wait: 600_000_000_000 }],
    ] as const) {
      const consumer = words.replaceAll(' ', '-') + Object.keys(config).length
      await manager.consumers.add('TOCSIN', { durable_name: consumer, ack_policy: 'explicit', ...config })
      const one = inletOf(setUpOf(server.url, { consumer }))
      one.inlet.start()
      await until(() => one.last()?.kind === 'waiting')
      expect(one.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining(words) as string })
      await one.inlet.stop()
    }
  })

  test('what limits removed unseen is told as lost, once and with its number; what was there before us is not', async () => {
    const server = await startNats()
    const { manager, publish } = await operate(server.url)
    await manager.streams.add({ name: 'TOCSIN', subjects: ['tocsin.deliveries'], max_msgs: 10, discard: 'old' })
    const numbered = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, index) => `a.${from + index}.c`)
    await publish(numbered(1, 25))
    const one = inletOf(setUpOf(server.url))
    one.inlet.start()
    await until(() => one.outcomes.length === 10)
    await one.inlet.stop()
    expect(one.lost, 'it was never ours').toEqual([])

    await publish(numbered(26, 60))
    const two = inletOf(setUpOf(server.url), { position: one.position })
    two.inlet.start()
    await until(() => two.outcomes.length === 10)
    expect(texts(two.deliveries)).toEqual(numbered(51, 60))
    expect(two.lost).toEqual([25])
    await two.inlet.stop()
    await publish(numbered(55, 60))
    const three = inletOf(setUpOf(server.url), { position: one.position })
    three.inlet.start()
    await until(three.isLive)
    expect(three.lost, 'duplicates have no number').toEqual([])
  })

  test('a consumer deleted under our feet is set up anew', async () => {
    const server = await startNats()
    const { manager, publish } = await operate(server.url)
    const one = inletOf(setUpOf(server.url))
    one.inlet.start()
    await until(one.isLive)
    await manager.consumers.delete('TOCSIN', 'laptop-1')
    await until(() => one.last()?.kind === 'waiting')
    await until(one.isLive)
    await publish(['a.1.c'])
    await until(() => one.outcomes.length === 1)
  })
})
