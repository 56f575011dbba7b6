import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { InletSetUp } from '../../shared/inlets.ts'
import type { Outcome } from '../ingest/delivery.ts'
import { createClock, noon } from '../ingest/test-support.ts'
import { createGosmeeInlet, createKeyPair, publicKeyOf } from './gosmee.ts'
import type { FetchingParts } from './inlet.ts'
import { encrypt, startEventServer, type EventServerOptions } from './test-event-server.ts'
import { fetchingParts, keptAs, running, setUpOf, turns } from './test-fetching.ts'
import { until } from './test-support.ts'

type SetUp = Extract<InletSetUp, { kind: 'gosmee' }>

async function setUp(options: Partial<EventServerOptions> = {}, more: Partial<FetchingParts<SetUp>> & { isProtected?: boolean } = {}) {
  const { isProtected = false, ...parts } = more
  const server = await startEventServer({ format: 'gosmee', now: () => noon, ...options })
  const held = fetchingParts(createClock(), setUpOf('gosmee', server.url, isProtected) as SetUp, parts)
  const inlet = running(createGosmeeInlet(held.parts))
  return { server, inlet, ...held, isLive: () => held.last()?.kind === 'live' && server.subscribers() === 1 }
}

describe('the gosmee inlet', () => {
  it('brings deliveries byte for byte, in order, with their headers and our own time', async () => {
    const { server, deliveries, isLive, bugs } = await setUp()
    await until(isLive)
    const bodies = [Buffer.from('eyJ.eyJ.sig'), randomBytes(3000), Buffer.alloc(0), randomBytes(256 * 1024), Buffer.from([0, 10, 13, 255])]
    for (const body of bodies)
      server.post(body, { 'user-agent': 'SlashID', 'x-tocsin-secret': 'geheim', cookie: 'a=b', authorization: 'Bearer x' })
    await until(() => deliveries.length === bodies.length)
    expect(deliveries.map(({ body }, i) => bodies[i]?.equals(body))).toEqual(bodies.map(() => true))
    expect(deliveries[0]).toMatchObject({
      headers: { host: 'relay.example', 'content-type': 'application/json', 'user-agent': 'SlashID' },
      inlet: 'gosmee:abcd1234',
      receivedAt: new Date(noon).toISOString(),
      isBacklog: false,
    })
    expect(Object.keys(deliveries[0]!.headers)).toHaveLength(3)
    expect(bugs).toEqual([])
  })

  it('asks for the events of its channel as gosmee wants to be asked', async () => {
    const { server, isLive, states } = await setUp()
    await until(isLive)
    expect(server.requests).toHaveLength(1)
    expect(server.requests[0]).toMatchObject({ url: '/events/aB3_dE6-gH9j', headers: { accept: 'text/event-stream' } })
    expect(server.requests[0]?.headers).not.toHaveProperty('last-event-id')
    expect(states).toEqual([{ kind: 'connecting' }, { kind: 'live', backlog: null }])
  })

  it('keeps no position where the server gives no ids', async () => {
    const { server, deliveries, positions, inlet, isLive } = await setUp()
    await until(isLive)
    server.post('a.b.c')
    await until(() => deliveries.length === 1)
    await inlet.stop()
    expect(positions).toEqual([])
  })

  it('keeps its position only after the commit', async () => {
    const waiting: ((outcome: Outcome) => void)[] = []
    const { server, positions, isLive } = await setUp({ keeps: 10 }, { ingest: () => new Promise((resolve) => waiting.push(resolve)) })
    await until(isLive)
    for (const body of ['a', 'b', 'c']) server.post(body)
    await until(() => waiting.length === 3)
    waiting[1]?.(keptAs(2))
    waiting[2]?.({ kind: 'refused', because: 'not-a-token' })
    await turns()
    expect(positions).toEqual([])
    waiting[0]?.({ kind: 'duplicate' })
    await until(() => positions.length > 0)
    expect(positions.at(-1)).toBe(server.kept[2]?.id)
  })

  it('resumes after what it has, and marks what was kept meanwhile', async () => {
    let at = noon - 60_000
    const first = await setUp({ keeps: 10, now: () => at })
    await until(first.isLive)
    first.server.post('before')
    await until(() => first.positions.length === 1)
    await first.inlet.stop()
    await until(() => first.server.subscribers() === 0)
    at += 10_000
    first.server.post('meanwhile 1')
    first.server.post('meanwhile 2')
    at += 10_000
    const again = fetchingParts(createClock(), first.parts.setUp, { checkpoint: first.parts.checkpoint })
    running(createGosmeeInlet(again.parts))
    await until(() => again.last()?.kind === 'live' && first.server.subscribers() === 1)
    first.server.post('after')
    await until(() => again.deliveries.length === 3)
    expect(again.bodies()).toEqual(['meanwhile 1', 'meanwhile 2', 'after'])
    expect(again.deliveries.map(({ isBacklog }) => isBacklog)).toEqual([true, true, false])
    expect(again.lost).toEqual([])
  })

  it('believes in a backlog no longer where a server that gave ids gives none any more, and says so once', async () => {
    const positions: (string | null)[] = ['1000-0']
    const checkpoint = { read: () => positions.at(-1) ?? null, write: (position: string | null) => void positions.push(position) }
    const { server, inlet, deliveries, lost, isLive } = await setUp({}, { checkpoint })
    await until(isLive)
    for (const body of ['1', '2']) server.post(body)
    await until(() => deliveries.length === 2 && positions.length > 1)
    await inlet.stop()
    expect(positions).toEqual(['1000-0', null])
    expect(lost).toEqual([null])
  })

  it('says that history is lost where the server says so, and carries on', async () => {
    const { server, inlet, bodies, lost, positions, isLive } = await setUp({ keeps: 2 })
    await until(isLive)
    server.post('1')
    await until(() => positions.length === 1)
    server.dropAll()
    await until(() => server.subscribers() === 0)
    for (const body of ['2', '3', '4']) server.post(body)
    inlet.reconnect()
    await until(() => bodies().length === 3)
    expect(bodies()).toEqual(['1', '3', '4'])
    expect(lost).toEqual([null])
  })

  it('drains ten thousand that were kept, in order', async () => {
    const { server, inlet, bodies, positions, isLive } = await setUp({ keeps: 20_000 })
    await until(isLive)
    server.post('first')
    await until(() => positions.length === 1)
    server.dropAll()
    await until(() => server.subscribers() === 0)
    for (let i = 0; i < 10_000; i++) server.post(`${i}.${'x'.repeat(500)}`)
    inlet.reconnect()
    await until(() => bodies().length === 10_001)
    expect(bodies().map((body) => body.split('.')[0])).toEqual(['first', ...Array.from({ length: 10_000 }, (_, i) => String(i))])
    await inlet.stop()
    expect(positions.at(-1)).toBe(server.kept.at(-1)?.id)
  })

  it('takes again what could not be kept, and settles nothing from there on', async () => {
    let isFailing = true
    const { server, bodies, positions, last, lost, advance, isLive } = await setUp(
      { keeps: 10 },
      { ingest: ({ body }) => Promise.resolve(isFailing && body[0] === 98 ? { kind: 'failed', because: 'not-committed' } : keptAs(1)) },
    )
    await until(isLive)
    for (const body of ['a', 'b', 'c']) server.post(body)
    await until(() => last()?.kind === 'waiting')
    expect(last()).toMatchObject({ because: 'relay-down', detail: expect.stringContaining('Nothing is lost') })
    expect(positions.at(-1)).toBe(server.kept[0]?.id)
    isFailing = false
    await advance(500)
    await until(() => positions.at(-1) === server.kept[2]?.id)
    expect(bodies().slice(-2)).toEqual(['b', 'c'])
    expect(lost).toEqual([])
  })

  it('says what is lost where a commit failed and the server sends nothing twice', async () => {
    const { server, last, lost, isLive } = await setUp({}, { ingest: () => Promise.resolve({ kind: 'failed', because: 'not-committed' }) })
    await until(isLive)
    server.post('a')
    await until(() => last()?.kind === 'waiting')
    expect(last()).toMatchObject({ detail: expect.stringContaining('is lost') })
    expect(lost).toEqual([null])
  })

  it('lets what is in flight finish when it is stopped, and keeps its position', async () => {
    const waiting: ((outcome: Outcome) => void)[] = []
    const { server, inlet, positions, isLive, last, clock } = await setUp(
      { keeps: 10 },
      { ingest: () => new Promise((resolve) => waiting.push(resolve)) },
    )
    await until(isLive)
    server.post('a')
    await until(() => waiting.length === 1)
    const stopped = inlet.stop()
    await turns()
    expect(last()?.kind).toBe('live')
    waiting[0]?.(keptAs(1))
    await stopped
    expect(positions).toEqual([server.kept[0]?.id])
    expect(clock.planned()).toEqual([])
    await until(() => server.subscribers() === 0)
  })

  it('waits no longer than two seconds for what is in flight, and moves nothing afterwards', async () => {
    const waiting: ((outcome: Outcome) => void)[] = []
    const { server, inlet, positions, isLive, advance } = await setUp(
      { keeps: 10 },
      { ingest: () => new Promise((resolve) => waiting.push(resolve)) },
    )
    await until(isLive)
    server.post('a')
    await until(() => waiting.length === 1)
    let isStopped = false
    const stopped = inlet.stop().then(() => (isStopped = true))
    await advance(1_999)
    expect(isStopped).toBe(false)
    await advance(1)
    await stopped
    waiting[0]?.(keptAs(1))
    await turns()
    expect(positions).toEqual([])
  })

  it('survives a position that cannot be written, and writes the next', async () => {
    const written: (string | null)[] = []
    let isFull = true
    const checkpoint = {
      read: () => null,
      write: (position: string | null) => {
        if (isFull) throw new Error('disk full')
        written.push(position)
      },
    }
    const { server, bugs, isLive } = await setUp({ keeps: 10 }, { checkpoint })
    await until(isLive)
    server.post('a')
    await until(() => bugs.length === 1)
    isFull = false
    server.post('b')
    await until(() => written.length === 1)
    expect(written).toEqual([server.kept[1]?.id])
  })
})

describe('a protected gosmee channel', () => {
  const pair = createKeyPair()
  const known = { isProtected: true, secret: () => ({ kind: 'known', value: pair.secret }) as const }

  it('shows our public key as gosmee writes it, and opens what was encrypted to it', async () => {
    const { server, deliveries, isLive } = await setUp({ keeps: 10, allowedKeys: [pair.publicKey] }, known)
    await until(isLive)
    const body = randomBytes(256 * 1024)
    server.post(body, { 'x-many': 'y'.repeat(4000) })
    await until(() => deliveries.length === 1)
    expect(Buffer.from(deliveries[0]!.body).equals(body)).toBe(true)
    expect(server.requests[0]?.url).toBe(`/events/aB3_dE6-gH9j?pubkey=${pair.publicKey}`)
    expect(pair.publicKey).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(publicKeyOf(pair.secret)).toBe(pair.publicKey)
  })

  it('passes over what it cannot open, whatever is wrong with it', async () => {
    const { server, bodies, turnedAway, positions, inlet, isLive } = await setUp({ keeps: 20 }, known)
    await until(isLive)
    const inner = JSON.stringify({ timestamp: '1', bodyB: Buffer.from('inner').toString('base64') })
    const good = JSON.parse(encrypt(inner, pair.publicKey)) as Record<string, string>
    const wrong = [
      JSON.parse(encrypt(inner, createKeyPair().publicKey)),
      { ...good, version: 2 },
      { ...good, epk: 'AAAA' },
      { ...good, epk: undefined },
      { ...good, nonce: good['nonce']?.slice(4) },
      { ...good, nonce: '*'.repeat(32) },
      { ...good, ciphertext: '' },
      // Another letter than chance has put there.
      { ...good, ciphertext: `${good['ciphertext']?.startsWith('A') ? 'B' : 'A'}${good['ciphertext']?.slice(1)}` },
      { ...good, ciphertext: 'not base64' },
      { encrypted: true },
    ]
    for (const one of wrong) server.publish(JSON.stringify(one))
    server.publish(encrypt('{ no json', pair.publicKey))
    server.publish(JSON.stringify(good))
    await until(() => bodies().length === 1)
    expect(bodies()).toEqual(['inner'])
    expect(turnedAway).toEqual([...wrong.map(() => 'not-decrypted'), 'malformed'])
    await inlet.stop()
    expect(positions.at(-1)).toBe(server.kept.at(-1)?.id)
  })

  it('is not asked for without a key, nor with one that is none', async () => {
    for (const [secret, words] of [
      [{ kind: 'none' }, 'no private key'],
      [{ kind: 'known', value: 'AAAA' }, 'not 32 bytes'],
      [{ kind: 'unreadable', detail: 'The keychain is locked.' }, 'The keychain is locked.'],
    ] as const) {
      const { server, last } = await setUp({}, { isProtected: true, secret: () => secret })
      await until(() => last()?.kind === 'waiting')
      expect(last()).toMatchObject({ because: 'refused', detail: expect.stringContaining(words) })
      expect(server.requests).toEqual([])
    }
  })

  it('says what to do where the server does not have our key', async () => {
    const { last, advance, server } = await setUp({ allowedKeys: [createKeyPair().publicKey] }, known)
    await until(() => last()?.kind === 'waiting')
    expect(last()).toMatchObject({ because: 'refused', detail: expect.stringContaining('allowed public keys') })
    await advance(299_000)
    expect(server.requests).toHaveLength(1)
  })

  it('has no public key for what is no secret', () => {
    expect([publicKeyOf(''), publicKeyOf('abc'), publicKeyOf(Buffer.alloc(31).toString('base64'))]).toEqual([null, null, null])
  })
})
