import { describe, expect, test } from 'vitest'
import type { Delivery, Outcome } from '../ingest/delivery.ts'
import { app, bodiesOf, inletOf, setUpOf, texts } from './jetstream-test-support.ts'
import { operate, startNats } from './nats-test-support.ts'
import { kept, until } from './test-support.ts'

describe('what is kept while the app is away', () => {
  test('is all there once when it starts, marked as backlog; what comes later is not', async () => {
    const server = await startNats()
    const operator = await operate(server.url)
    const { ingest, signer, count } = await app()
    const one = inletOf(setUpOf(server.url), { ingest })
    one.inlet.start()
    await until(one.isLive)
    await one.inlet.stop()

    const away = bodiesOf(signer, 'away', 40)
    await operator.publish(away)
    await operator.publish(away)
    const two = inletOf(setUpOf(server.url), { ingest, position: one.position })
    two.inlet.start()
    await until(() => two.outcomes.length === 40 && two.last()?.kind === 'live' && (two.last() as { backlog: number }).backlog === 0)
    expect(texts(two.deliveries)).toEqual(away)
    expect(two.deliveries.every(({ isBacklog }) => isBacklog === true)).toBe(true)
    expect(two.states.find(({ kind }) => kind === 'live')).toEqual({ kind: 'live', backlog: 40 })
    expect(two.outcomes.every(({ kind }) => kind === 'kept')).toBe(true)
    expect(count()).toBe(40)

    const later = bodiesOf(signer, 'later', 3)
    await operator.publish(later)
    await until(() => two.outcomes.length === 43)
    expect(two.deliveries.slice(40).map(({ isBacklog }) => isBacklog)).toEqual([false, false, false])
    expect(two.lost).toEqual([])
    await two.inlet.stop()
    expect(await operator.manager.consumers.info('TOCSIN', 'laptop-1')).toMatchObject({ num_pending: 0, num_ack_pending: 0 })
  })

  test('a lag of 10,000 is drained in order, with a checkpoint that moves once a commit', async () => {
    const server = await startNats()
    const operator = await operate(server.url)
    const { ingest, signer, count } = await app()
    const first = inletOf(setUpOf(server.url), { ingest })
    first.inlet.start()
    await until(first.isLive)
    await first.inlet.stop()
    const bodies = bodiesOf(signer, 'lag', 10_000)
    await operator.publish(bodies)
    const rest = process.memoryUsage().rss
    const drained = inletOf(setUpOf(server.url), { ingest, position: first.position })
    const startedAt = performance.now()
    drained.inlet.start()
    await until(() => drained.outcomes.length === 10_000)
    const seconds = (performance.now() - startedAt) / 1000
    console.log(
      `10,000 drained in ${seconds.toFixed(1)} s, ${Math.round(10_000 / seconds)}/s, ${drained.writes()} checkpoints, RSS +${Math.round((process.memoryUsage().rss - rest) / 2 ** 20)} MiB`,
    )
    expect(texts(drained.deliveries)).toEqual(bodies)
    expect(count()).toBe(10_000)
    expect(drained.writes()).toBeLessThan(5_000)
  }, 60_000)

  test('each of two consumers gets all of it', async () => {
    const server = await startNats()
    const operator = await operate(server.url)
    const [ours, theirs] = ['laptop-1', 'laptop-2'].map((consumer) => inletOf(setUpOf(server.url, { consumer })))
    ours!.inlet.start()
    await until(ours!.isLive)
    const bodies = Array.from({ length: 30 }, (_, index) => `a.${index}.c`)
    await operator.publish(bodies)
    theirs!.inlet.start()
    await until(() => ours!.outcomes.length === 30 && theirs!.outcomes.length === 30)
    expect(texts(ours!.deliveries)).toEqual(bodies)
    expect(texts(theirs!.deliveries)).toEqual(bodies)
  })
})

describe('acknowledging', () => {
  test('what was committed and never acknowledged, as after kill -9, comes again and is stored once', async () => {
    const server = await startNats()
    const operator = await operate(server.url)
    const { ingest, signer, count } = await app()
    const bodies = bodiesOf(signer, 'killed', 5)
    // The first dies between commit and ack: its outcome never reaches the inlet.
    let committed = 0
    const dying = inletOf(setUpOf(server.url), {
      ackWaitMs: 1_000,
      ingest: async (delivery: Delivery) => {
        await ingest(delivery)
        committed++
        return new Promise<Outcome>(() => {})
      },
    })
    dying.inlet.start()
    await until(dying.isLive)
    await operator.publish(bodies)
    await until(() => committed === 5)
    expect(count()).toBe(5)
    await operator.nats.flush()
    expect(await operator.manager.consumers.info('TOCSIN', 'laptop-1')).toMatchObject({ num_ack_pending: 5 })
    await server.stop()
    await server.start()
    const again = inletOf(setUpOf(server.url), { ingest, position: dying.position })
    again.inlet.start()
    await until(() => again.outcomes.length === 5)
    expect(again.outcomes.map(({ kind }) => kind)).toEqual(Array(5).fill('duplicate'))
    expect(count()).toBe(5)
    expect(again.lost).toEqual([])
  })

  test('what could not be kept is not acknowledged, and comes again in order over the next link', async () => {
    const server = await startNats()
    const operator = await operate(server.url)
    let isFull = true
    const failing = inletOf(setUpOf(server.url), {
      ingest: ({ body }: Delivery) => {
        const isFailing = isFull && Buffer.from(body).toString() === 'a.3.c'
        if (isFailing) isFull = false
        return Promise.resolve<Outcome>(isFailing ? { kind: 'failed', because: 'not-committed' } : kept)
      },
    })
    failing.inlet.start()
    await until(failing.isLive)
    const bodies = Array.from({ length: 8 }, (_, index) => `a.${index}.c`)
    await operator.publish(bodies)
    const again = (): string[] => texts(failing.deliveries).slice(texts(failing.deliveries).indexOf('a.3.c') + 1)
    await until(() => again().slice(again().indexOf('a.3.c')).includes('a.7.c') && again().includes('a.3.c'))
    const given = texts(failing.deliveries)
    // The server may say one of them twice, which the history finds.
    expect([...new Set(given.slice(given.lastIndexOf('a.3.c')))]).toEqual(bodies.slice(3))
    expect(failing.states.find(({ kind }) => kind === 'waiting')).toMatchObject({
      because: 'relay-down',
      detail: expect.stringContaining('sends it again') as string,
    })
    await failing.inlet.stop()
    expect(await operator.manager.consumers.info('TOCSIN', 'laptop-1')).toMatchObject({ num_pending: 0, num_ack_pending: 0 })
  })

  test('refused deliveries and what is none are acknowledged, so that nothing blocks the way', async () => {
    const server = await startNats()
    const { ingest, signer, count } = await app()
    const one = inletOf(setUpOf(server.url), { ingest })
    one.inlet.start()
    await until(one.isLive)
    const operator = await operate(server.url)
    const good = bodiesOf(signer, 'good', 1)
    await operator.manager.streams.update('TOCSIN', { max_msg_size: -1 })
    await operator.publish(['no token', Buffer.alloc(257 * 1024, 'x'), '', ...good])
    await until(() => one.outcomes.length === 3)
    expect(one.outcomes.map(({ kind }) => kind)).toEqual(['refused', 'refused', 'kept'])
    expect(one.turnedAway).toEqual(['too-large'])
    expect(count()).toBeGreaterThan(0)
    await one.inlet.stop()
    expect(await operator.manager.consumers.info('TOCSIN', 'laptop-1')).toMatchObject({ num_pending: 0, num_ack_pending: 0 })
  })

  test('a server that restarts is found again, and nothing is missing', async () => {
    const server = await startNats()
    const one = inletOf(setUpOf(server.url))
    one.inlet.start()
    await until(one.isLive)
    await (await operate(server.url)).publish(['a.1.c', 'a.2.c'])
    await until(() => one.outcomes.length === 2)
    await server.stop()
    await until(() => one.last()?.kind === 'waiting')
    expect(one.last()).toMatchObject({ because: 'relay-down' })
    await server.start()
    await until(one.isLive)
    await (await operate(server.url)).publish(['a.3.c'])
    await until(() => one.outcomes.length === 3)
    expect(texts(one.deliveries)).toEqual(['a.1.c', 'a.2.c', 'a.3.c'])
    expect(one.lost).toEqual([])
  })
})

describe('what a delivery is made of', () => {
  test('the bytes, the headers of the request without secrets, and the time the server stored it', async () => {
    const server = await startNats('authorization { token: "known" }')
    const operator = await operate(server.url, { kind: 'token' }, 'known')
    const one = inletOf(setUpOf(server.url, { login: { kind: 'token' } }), { secret: 'known' })
    one.inlet.start()
    await until(one.isLive)
    const body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const before = Date.now()
    const anHourAgo = new Date(before - 3_600_000).toISOString()
    await operator.publish([body], undefined, {
      'Tocsin-Received-At': anHourAgo,
      'Http-Authorization': 'Bearer secret',
      'Http-X-Tocsin-Secret': 'secret',
      'Http-X-Request-Id': '7',
      Other: 'not of the request',
    })
    await operator.publish(['a.b.c'], undefined, { 'Tocsin-Received-At': new Date(before - 1_000).toISOString() })
    await operator.publish(['d.e.f'], undefined, { 'Tocsin-Received-At': new Date(before + 60_000).toISOString() })
    await until(() => one.outcomes.length === 3)
    const [exact, claimed, ahead] = one.deliveries
    expect(Buffer.from(exact!.body).equals(body)).toBe(true)
    expect(exact).toMatchObject({ inlet: 'jetstream:aaaaaaa1', headers: { 'content-type': 'text/plain', 'x-request-id': '7' } })
    expect(Object.keys(exact!.headers)).toHaveLength(2)
    expect(Date.parse(exact!.receivedAt), 'a publisher who lies gains nothing').toBeGreaterThanOrEqual(before - 5)
    expect(claimed!.receivedAt, 'the moment before the way to the server').toBe(new Date(before - 1_000).toISOString())
    expect(Date.parse(ahead!.receivedAt)).toBeLessThan(before + 30_000)
  })
  test('a server that knows nobody may be anybody: its word for the time is not taken, and nothing of it can be late', async () => {
    const server = await startNats()
    const operator = await operate(server.url)
    await operator.manager.streams.add({ name: 'TOCSIN', subjects: ['tocsin.deliveries'] })
    await operator.publish(['a.b.c'], undefined, { 'Tocsin-Received-At': new Date().toISOString() })
    const hourFromNow = Date.now() + 3_600_000
    const one = inletOf(setUpOf(server.url), { now: () => hourFromNow })
    one.inlet.start()
    await until(() => one.outcomes.length === 1)
    expect(one.deliveries[0]?.receivedAt).toBe(new Date(hourFromNow).toISOString())
  })
})
