import { describe, expect, it } from 'vitest'
import type { InletSetUp } from '../../shared/inlets.ts'
import { createClock, noon } from '../ingest/test-support.ts'
import { createSmeeInlet } from './smee.ts'
import { startEventServer } from './test-event-server.ts'
import { fetchingParts, running, setUpOf, turns } from './test-fetching.ts'
import { until } from './test-support.ts'

async function setUp() {
  const server = await startEventServer({ format: 'smee', now: () => noon })
  const held = fetchingParts(createClock(), setUpOf('smee', server.url) as Extract<InletSetUp, { kind: 'smee' }>)
  const inlet = running(createSmeeInlet(held.parts))
  await until(() => held.last()?.kind === 'live' && server.subscribers() === 1)
  return { server, inlet, ...held }
}

describe('the smee inlet', () => {
  it('is let in at "ready", and asks for exactly what smee answers with a stream', async () => {
    const { server, states } = await setUp()
    expect(server.requests[0]).toMatchObject({ url: '/aB3_dE6-gH9j', headers: { accept: 'text/event-stream' } })
    expect(states).toEqual([{ kind: 'connecting' }, { kind: 'live', backlog: null }])
  })

  it('passes JSON on as smee wrote it, which is not how it was sent', async () => {
    const { server, deliveries, bodies } = await setUp()
    server.post('{ "big": 12345678901234567890, "one": 1.0,  "nested": [null, {"ü": "€"}] }', { 'x-github-event': 'push', cookie: 'a=b' })
    await until(() => deliveries.length === 1)
    expect(Buffer.from(bodies()[0]!, 'latin1').toString()).toBe('{"big":12345678901234567000,"one":1,"nested":[null,{"ü":"€"}]}')
    expect(deliveries[0]).toMatchObject({
      headers: { host: 'relay.example', 'content-type': 'application/json', 'x-github-event': 'push' },
      inlet: 'smee:abcd1234',
      receivedAt: new Date(noon).toISOString(),
      isBacklog: false,
    })
    expect(Object.keys(deliveries[0]!.headers)).toHaveLength(3)
  })

  it('takes a token out of its quotes, and no other text', async () => {
    const { server, bodies } = await setUp()
    server.post('"eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"')
    server.post('"two words. and. more"')
    await until(() => bodies().length === 2)
    expect(bodies()).toEqual(['eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln', '"two words. and. more"'])
  })

  it('remembers no id and resumes nothing', async () => {
    const { server, inlet, deliveries, positions } = await setUp()
    server.post('{"n":0}')
    await until(() => deliveries.length === 1)
    inlet.reconnect()
    await until(() => server.requests.length === 2)
    expect(server.requests[1]?.headers).not.toHaveProperty('last-event-id')
    expect(positions).toEqual([])
  })

  it('takes pings for a sign of life and for nothing else', async () => {
    const { server, advance, last, deliveries, turnedAway } = await setUp()
    for (let i = 0; i < 5; i++) {
      await advance(30_000)
      server.send('event: ping\ndata: {}\n\n')
      await turns()
    }
    expect([last()?.kind, server.requests.length]).toEqual(['live', 1])
    expect([deliveries, turnedAway]).toEqual([[], []])
  })

  it('passes over what is no delivery', async () => {
    const { server, bodies, turnedAway } = await setUp()
    const deep = `{"body":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    for (const data of ['', 'no json', '[]', '"text"', 'null', '{"query":{}}', deep]) server.send(`data: ${data}\n\n`)
    server.send(`data: ${JSON.stringify({ body: { text: 'x'.repeat(300_000) } })}\n\n`)
    server.post('{"good":true}')
    await until(() => bodies().length === 1)
    expect(bodies()).toEqual(['{"good":true}'])
    expect(turnedAway).toEqual([...Array.from({ length: 7 }, () => 'malformed'), 'too-large'])
  })
})
