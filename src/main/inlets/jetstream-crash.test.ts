import { describe, expect, test, vi } from 'vitest'
import type { Outcome } from '../ingest/delivery.ts'
import { inletOf, setUpOf, texts } from './jetstream-test-support.ts'
import { operate, startBetween, startNats, type Operator } from './nats-test-support.ts'
import { until } from './test-support.ts'

const numbered = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, index) => `a.${from + index}.c`)
const never = (): Promise<Outcome> => new Promise(() => {})

/** An app that is killed with ten deliveries in flight, none of them committed; five more are published meanwhile. */
async function killedBeforeCommit(ackWaitMs = 1_500) {
  const server = await startNats()
  const operator = await operate(server.url)
  const between = await startBetween(server.port)
  const dying = inletOf(setUpOf(between.url), { ingest: never, ackWaitMs })
  dying.inlet.start()
  await until(dying.isLive)
  await operator.publish(numbered(1, 10))
  await until(() => dying.deliveries.length === 10)
  // Frozen as well: who is dead does not come back to take what is published now.
  between.freeze()
  between.cut()
  await untilNoticed(operator)
  const position = { at: dying.position.at }
  await operator.publish(numbered(11, 15))
  return { server, operator, position }
}

/**
 * The server has noticed that whoever fetched is gone. Until then it hands out to nobody, and what is purged at that moment is neither handed
 * out again nor acknowledged to servers before 2.10: the inlet says then that some of it went elsewhere, and to name another consumer.
 */
async function untilNoticed({ manager }: Operator): Promise<void> {
  await vi.waitUntil(async () => (await manager.consumers.info('TOCSIN', 'laptop-1')).num_waiting === 0, { timeout: 20_000 })
}

// What the server let go is known for sure once its ack wait is over.
describe('kill -9 before the commit', { timeout: 60_000 }, () => {
  test('what was in flight comes again, before what is newer, and counts as backlog', async () => {
    const { server, position } = await killedBeforeCommit()
    const again = inletOf(setUpOf(server.url), { position })
    again.inlet.start()
    await until(() => again.outcomes.length === 15)
    expect(texts(again.deliveries)).toEqual(numbered(1, 15))
    expect(again.states.find(({ kind }) => kind === 'live')).toEqual({ kind: 'live', backlog: 15 })
    await until(() => again.last()?.kind === 'live' && (again.last() as { backlog: number }).backlog === 0)
    expect(again.lost).toEqual([])
  })

  test('what the server lets go before it came again is told as lost, once', async () => {
    // Long enough that nothing comes again before the server lets it go.
    const { server, operator, position } = await killedBeforeCommit(20_000)
    await operator.manager.streams.purge('TOCSIN', { seq: 11 })
    const again = inletOf(setUpOf(server.url), { position, ackWaitMs: 20_000 })
    again.inlet.start()
    await until(() => again.outcomes.length >= 5)
    await again.inlet.stop()
    const third = inletOf(setUpOf(server.url), { position, ackWaitMs: 20_000 })
    third.inlet.start()
    await until(third.isLive)
    expect(texts(again.deliveries)).toEqual(numbered(11, 15))
    expect([...again.lost, ...third.lost]).toEqual([10])
  })

  test('killed again while it comes again, nothing is passed over and nothing is told that did not happen', async () => {
    const { server, operator, position } = await killedBeforeCommit()
    const between = await startBetween(server.port)
    let taken = 0
    const second = inletOf(setUpOf(between.url), {
      position,
      ingest: () => (++taken <= 4 ? Promise.resolve<Outcome>({ kind: 'duplicate' }) : never()),
    })
    second.inlet.start()
    await until(() => second.deliveries.length >= 10)
    await until(() => / \d+ 4$/.test(position.at ?? ''))
    between.cut()
    await untilNoticed(operator)
    const third = inletOf(setUpOf(server.url), { position: { at: position.at } })
    third.inlet.start()
    await until(() => third.outcomes.length >= 11)
    expect(texts(third.deliveries).slice(-11)).toEqual(numbered(5, 15))
    expect([...second.lost, ...third.lost]).toEqual([])
  })
})

describe('a loss', () => {
  test('is told once, although the position could not be written the first time', async () => {
    const server = await startNats()
    const { manager, publish } = await operate(server.url)
    await manager.streams.add({ name: 'TOCSIN', subjects: ['tocsin.deliveries'], max_msgs: 10, discard: 'old' })
    await publish(numbered(1, 5))
    const one = inletOf(setUpOf(server.url))
    one.inlet.start()
    await until(() => one.outcomes.length === 5)
    await one.inlet.stop()
    await publish(numbered(6, 40))
    let fails = 2
    const two = inletOf(setUpOf(server.url), {
      position: one.position,
      onWrite() {
        if (fails-- > 0) throw new Error('the disk is full')
      },
    })
    two.inlet.start()
    await until(() => two.outcomes.length >= 10 && two.isLive())
    await two.inlet.stop()
    expect(two.lost).toEqual([25])
  })

  test('of what the consumer passes over is told with the commit of what came after it, so that a crash in between does not tell it twice', async () => {
    const server = await startNats()
    const { manager, publish } = await operate(server.url)
    await manager.streams.add({ name: 'TOCSIN', subjects: ['tocsin.deliveries'] })
    const one = inletOf(setUpOf(server.url))
    one.inlet.start()
    await until(one.isLive)
    await one.inlet.stop()
    await publish(numbered(1, 6))
    for (const seq of [3, 4]) await manager.streams.deleteMessage('TOCSIN', seq)
    const two = inletOf(setUpOf(server.url), {
      position: one.position,
      ingest: ({ body }) => (Buffer.from(body).toString() < 'a.5' ? Promise.resolve<Outcome>({ kind: 'duplicate' }) : never()),
    })
    two.inlet.start()
    await until(() => texts(two.deliveries).includes('a.6.c'))
    await two.inlet.stop()
    await manager.streams.purge('TOCSIN', { seq: 7 })
    const three = inletOf(setUpOf(server.url), { position: two.position })
    three.inlet.start()
    await until(three.isLive)
    expect([...two.lost, ...three.lost]).toEqual([4])
  })

  test('in the middle of what waits is told once it is passed', async () => {
    const server = await startNats()
    const { manager, publish } = await operate(server.url)
    const one = inletOf(setUpOf(server.url))
    one.inlet.start()
    await until(one.isLive)
    await one.inlet.stop()
    await publish(numbered(1, 6))
    for (const seq of [3, 4]) await manager.streams.deleteMessage('TOCSIN', seq)
    const two = inletOf(setUpOf(server.url), { position: one.position })
    two.inlet.start()
    await until(() => two.outcomes.length === 4 && two.lost.length > 0)
    await two.inlet.stop()
    const three = inletOf(setUpOf(server.url), { position: two.position })
    three.inlet.start()
    await until(three.isLive)
    expect([...two.lost, ...three.lost]).toEqual([2])
  })

  test('of a stream that was made anew while we were away is told without a number, once', async () => {
    const server = await startNats()
    const { manager, publish } = await operate(server.url)
    const one = inletOf(setUpOf(server.url))
    one.inlet.start()
    await until(one.isLive)
    await publish(numbered(1, 3))
    await until(() => one.outcomes.length === 3)
    await one.inlet.stop()
    await manager.streams.delete('TOCSIN')
    await manager.streams.add({ name: 'TOCSIN', subjects: ['tocsin.deliveries'] })
    await publish(numbered(4, 8))
    const two = inletOf(setUpOf(server.url), { position: one.position })
    two.inlet.start()
    await until(() => two.outcomes.length === 5)
    await two.inlet.stop()
    const three = inletOf(setUpOf(server.url), { position: one.position })
    three.inlet.start()
    await until(three.isLive)
    expect([...one.lost, ...two.lost, ...three.lost]).toEqual([null])
  })
})
