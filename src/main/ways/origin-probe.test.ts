import { expect, test } from 'vitest'
import { listeningReceiver, postText, secret, sendRaw, statusOf } from '../inlets/test-support.ts'
import { createTestClock } from '../test-clock.ts'
import { createOriginProbe, createProbeSender } from './origin-probe.ts'

const settle = () => new Promise((resolve) => setTimeout(resolve, 100))

/** A receiver behind a tunnel that works, as far as it is one: the same port under a public name, without TLS. */
async function setUp(parts: Parameters<typeof listeningReceiver>[0] = {}) {
  const clock = createTestClock(Date.UTC(2025, 0, 2))
  const real = createProbeSender({ resolve: async () => ['127.0.0.1'], dial: (host, port) => ({ host, port }) })
  const probe = createOriginProbe({ send: real, onChanged: () => {}, now: clock.now, schedule: clock.schedule })
  const receiver = await listeningReceiver({ publicHosts: () => ['mine.test:' + receiver?.port], isProbe: probe.isOurs, ...parts })
  const address = `http://mine.test:${receiver.port}/in/${secret}`
  return { clock, probe, receiver, address }
}

test('a probe comes through the real receiver, which asks for no header, keeps nothing and counts nothing', async () => {
  const { clock, probe, receiver, address } = await setUp({ secretHeader: () => ({ hashes: [Buffer.alloc(32)] }) })
  probe.look(address)
  clock.pass(30_000)
  while (probe.read().kind === 'unknown') await settle()
  expect(probe.read()).toEqual({ kind: 'reached' })
  expect(receiver.deliveries).toEqual([])
  expect(receiver.turnedAway).toEqual([])
})

test('a value that is not under way is a request like any other', async () => {
  const { receiver, probe } = await setUp({ secretHeader: () => ({ hashes: [Buffer.alloc(32)] }) })
  expect(probe.isOurs('')).toBe(false)
  const answer = await sendRaw(receiver.port, postText(receiver.host, 'x', ['X-Tocsin-Probe: AAAAAAAAAAAAAAAAAAAAAA']), 1)
  expect(statusOf(answer)).toBe(401)
  expect(receiver.turnedAway).toEqual(['secret-header'])
})

test('whatever else answers there is told from us, in words', async () => {
  const { clock, probe, address } = await setUp({ isProbe: () => false, ingest: async () => ({ kind: 'refused', because: 'not-a-token' }) })
  probe.look(address)
  clock.pass(30_000)
  await settle()
  clock.pass(3_000)
  while (probe.read().kind === 'unknown') await settle()
  expect(probe.read()).toMatchObject({ kind: 'unreached', since: null, detail: expect.stringContaining('answered 401') as string })
  probe.stop()
})
