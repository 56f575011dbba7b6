import { describe, expect, onTestFinished, test } from 'vitest'
import type { Instant, Sequence } from '../../shared/detection.ts'
import type { Gap, InletDraft, InletId, InletSetUp, TunnelState, WaysIn } from '../../shared/inlets.ts'
import { defaultSettings } from '../../shared/settings.ts'
import type { Delivery, Outcome } from '../ingest/delivery.ts'
import type { InletFactories } from './inlet-runners.ts'
import type { FetchingInlet, FetchingParts } from '../inlets/inlet.ts'
import type { TunnelParts } from '../inlets/tunnel.ts'
import { createSecrets } from '../secrets.ts'
import type { Store } from '../store/store.ts'
import { start, testStore } from '../store/test-support.ts'
import { createTestClock } from '../test-clock.ts'
import { createWaysIn } from './ways-in.ts'
import type { WaysInManager } from './ways-in-parts.ts'

/** An inlet that does what the test says. It counts how often it runs, and never runs twice. */
type Scripted = FetchingInlet & { readonly parts: FetchingParts<InletSetUp>; running: boolean; reconnects: number }

function setUp(
  options: {
    store?: Store
    clock?: ReturnType<typeof createTestClock>
    env?: Record<string, string>
    /** What becomes of a probe: null where it comes back, else why not. */
    probe?: () => string | null
  } = {},
) {
  const store = options.store ?? testStore()
  const clock = options.clock ?? createTestClock(start)
  const made: Scripted[] = []
  const create = (parts: FetchingParts<InletSetUp>): FetchingInlet => {
    const inlet: Scripted = {
      parts,
      running: false,
      reconnects: 0,
      start() {
        expect(made.filter((one) => one.running && one.parts.setUp.id === parts.setUp.id)).toEqual([])
        inlet.running = true
        parts.onState({ kind: 'connecting' })
      },
      reconnect() {
        inlet.reconnects++
        parts.onState({ kind: 'connecting' })
      },
      async stop() {
        inlet.running = false
        parts.onState({ kind: 'stopped' })
      },
    }
    made.push(inlet)
    return inlet
  }
  const factories = { relay: create, jetstream: create, gosmee: create, smee: create } as InletFactories
  const tunnels: (TunnelParts & { calls: string[] })[] = []
  const outcomes: Outcome[] = []
  const told: WaysIn[] = []
  const gaps: Gap[] = []
  const faults: unknown[] = []
  let count = 0
  const probed = (_url: URL, value: string): string | null => {
    const trouble = options.probe?.() ?? null
    if (trouble === null) ways.isProbe(value)
    return trouble
  }
  const secrets = createSecrets({ rows: store.secrets, keychain: null, env: options.env ?? {} })
  const ways: WaysInManager = createWaysIn({
    store,
    secrets,
    factories,
    createTunnel(parts) {
      const tunnel = { ...parts, calls: [] as string[] }
      tunnels.push(tunnel)
      return {
        start: () => void tunnel.calls.push('start'),
        restart: () => void tunnel.calls.push('restart'),
        tryNow: () => void tunnel.calls.push('tryNow'),
        stop: async () => void tunnel.calls.push('stop'),
      }
    },
    sendProbe: async (url, value) => probed(url, value),
    ingest: async () => outcomes.shift() ?? { kind: 'kept', sequence: (count += 1) as Sequence },
    receiverUrl: () => 'http://127.0.0.1:4711/in/secret',
    registeredUrls: () => ['https://before.example.org/in/secret'],
    onTurnedAway: () => {},
    onChanged: (value) => told.push(value),
    onHealth: () => {},
    onSettings: () => {},
    onGap: (gap) => gaps.push(gap),
    env: {},
    log: { info: () => {}, error: (text, error) => faults.push([text, error]) },
    now: clock.now,
    random: () => 0.5,
    schedule: clock.schedule,
  })
  onTestFinished(() => expect(faults).toEqual([]))
  const last = (): Scripted => {
    const inlet = made.at(-1)
    if (inlet === undefined) throw new Error('no inlet was made')
    return inlet
  }
  const report = (id: InletId) => ways.read().inlets.find((one) => one.id === id)
  return { store, clock, secrets, ways, made, last, tunnels, outcomes, told, gaps, report }
}

const relayDraft: InletDraft['draft'] = {
  kind: 'relay',
  name: 'Mine',
  address: 'https://r.example.org/in/abc',
  url: 'https://r.example.org',
}
const natsDraft: Extract<InletDraft['draft'], { kind: 'jetstream' }> = {
  kind: 'jetstream',
  name: 'Team',
  address: null,
  url: 'nats://nats.example.org',
  stream: 'TOCSIN',
  consumer: 'me',
  login: { kind: 'token' },
  caFile: null,
}

async function saved(all: ReturnType<typeof setUp>, draft = relayDraft, secret: string | null = 'reader-token'): Promise<InletId> {
  const answer = await all.ways.inlets.save({ id: null, draft, secret })
  if (answer.kind !== 'saved') throw new Error(answer.detail)
  return answer.id
}

function delivery(overrides: Partial<Delivery> = {}): Delivery {
  const receivedAt = new Date(start).toISOString() as Instant
  return { body: Buffer.from('x'), headers: {}, inlet: 'x', receivedAt, ...overrides }
}

const kept = (sequence: number): Outcome => ({ kind: 'kept', sequence: sequence as Sequence })

describe('a way in that is saved', () => {
  test('runs at once, knows its secret, and is there again after a restart', async () => {
    const all = setUp()
    const id = await saved(all)
    expect(id).toMatch(/^relay:[a-z0-9]{8}$/)
    expect(all.last().running).toBe(true)
    expect(all.last().parts.secret()).toEqual({ kind: 'known', value: 'reader-token' })
    expect(all.store.settings.read().inlets).toMatchObject([{ id, isOn: true, url: 'https://r.example.org', name: 'Mine' }])
    expect(JSON.stringify(all.ways.read()), 'no secret is told').not.toContain('reader-token')
    await all.ways.stop()
    expect(all.last().running).toBe(false)

    const next = setUp({ store: all.store, clock: all.clock })
    next.ways.start()
    expect(next.made).toHaveLength(1)
    expect(next.last().parts.setUp.id).toBe(id)
    expect(next.last().parts.secret(), 'there is no keychain').toEqual({ kind: 'none' })
  })

  test('connects anew with another set-up, and goes on with another name', async () => {
    const all = setUp()
    const id = await saved(all)
    all.last().parts.checkpoint.write('41')
    const change = (more: object, secret: string | null = null) =>
      all.ways.inlets.save({ id, draft: { ...relayDraft, ...more } as InletDraft['draft'], secret })
    expect(await change({ name: 'Other', address: null })).toMatchObject({ kind: 'saved', id })
    expect(all.made).toHaveLength(1)
    expect(all.report(id)).toMatchObject({ name: 'Other', address: null })

    expect(await change({}, 'another-token')).toMatchObject({ kind: 'saved' })
    expect(all.made).toHaveLength(2)
    expect(all.made[0]?.running).toBe(false)
    expect(all.last().parts.secret()).toEqual({ kind: 'known', value: 'another-token' })
    expect(all.last().parts.checkpoint.read(), 'the same far end').toBe('41')

    expect(await change({ url: 'https://other.example.org' }, 'third-token')).toMatchObject({ kind: 'saved' })
    expect(all.made).toHaveLength(3)
    expect(all.last().parts.checkpoint.read(), 'a position means nothing elsewhere').toBeNull()
  })

  test('keeps its secret from a server it was not given for', async () => {
    const all = setUp()
    const id = await saved(all)
    for (const url of ['https://evil.example.org', 'https://r.example.org:8443']) {
      const moved = await all.ways.inlets.save({ id, draft: { ...relayDraft, url } as InletDraft['draft'], secret: null })
      expect(moved).toMatchObject({ kind: 'refused', detail: expect.stringContaining('again') })
    }
    expect(all.made).toHaveLength(1)
    expect(all.store.settings.read().inlets[0]?.url).toBe('https://r.example.org')
  })

  test('asks for another secret where it is known in another way', async () => {
    const all = setUp()
    const id = await saved(all, natsDraft, 'token')
    const save = (login: typeof natsDraft.login, secret: string | null) =>
      all.ways.inlets.save({ id, draft: { ...natsDraft, login }, secret })
    expect(await save({ kind: 'creds' }, null)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('.creds') })
    expect(await save({ kind: 'creds' }, 'line one\nline two\n')).toMatchObject({ kind: 'saved' })
    expect(all.last().parts.secret()).toEqual({ kind: 'known', value: 'line one\nline two\n' })
    expect(await save({ kind: 'password', user: 'me' }, 'two words')).toMatchObject({ kind: 'refused' })
    expect(all.last().parts.secret(), 'nothing was changed').toEqual({ kind: 'known', value: 'line one\nline two\n' })
  })

  test('of a protected gosmee channel has a pair that is made here, and only its public half is told', async () => {
    const all = setUp()
    const draft = { kind: 'gosmee', name: 'G', address: null, url: 'https://g.example.org/AbCdEf012345', isProtected: false } as const
    const id = await saved(all, draft, null)
    expect(all.report(id)).toMatchObject({ secret: null, publicKey: null })
    await all.ways.inlets.save({ id, draft: { ...draft, isProtected: true }, secret: null })
    const secret = all.last().parts.secret()
    const { publicKey } = all.report(id) ?? {}
    expect(publicKey).toMatch(/^[A-Za-z0-9+/_=-]{43,44}$/)
    expect(JSON.stringify(all.ways.read())).not.toContain(secret.kind === 'known' ? secret.value : '')
    await all.ways.inlets.save({ id, draft: { ...draft, name: 'H', isProtected: true }, secret: null })
    expect(all.report(id)?.publicKey, 'it stays').toBe(publicKey)
    expect(await all.ways.inlets.save({ id, draft: { ...draft, isProtected: true }, secret: 'mine' })).toMatchObject({ kind: 'refused' })
  })

  test('reads a secret from where the user says, and a person is asked before', async () => {
    const all = setUp({ env: { RELAY_TOKEN: 'from-env' } })
    const draft: InletDraft = { id: null, draft: relayDraft, secret: 'env:RELAY_TOKEN' }
    expect(all.ways.inlets.consent(draft)?.detail).toMatch(/connects to r\.example\.org[^]*reads env:RELAY_TOKEN/)
    await all.ways.inlets.save(draft)
    expect(all.ways.inlets.consent({ ...draft, secret: 'typed' }), 'the host is known').toBeNull()
    expect(all.ways.inlets.consent(draft)?.detail).toContain('reads env:RELAY_TOKEN')
    expect(all.ways.consent({ publicOrigin: 'https://elsewhere.example.org' })).not.toBeNull()
    expect(all.ways.consent({ publicOrigin: 'https://before.example.org' }), 'SlashID sends there already').toBeNull()
    expect(all.last().parts.secret()).toEqual({ kind: 'known', value: 'from-env' })
  })

  test('is one of sixteen at most, of a kind that stays, and refused in words', async () => {
    const all = setUp()
    const id = await saved(all)
    expect(await all.ways.inlets.save({ id, draft: natsDraft, secret: 'x' })).toMatchObject({ kind: 'refused' })
    expect(await all.ways.inlets.save({ id: 'relay:00000000' as InletId, draft: relayDraft, secret: 'x' })).toMatchObject({
      kind: 'refused',
    })
    expect(await all.ways.inlets.save({ id: null, draft: relayDraft, secret: null })).toMatchObject({
      kind: 'refused',
      detail: 'Enter the reader token. Nothing was changed.',
    })
    for (let n = 1; n < 16; n++) await saved(all)
    expect(await all.ways.inlets.save({ id: null, draft: relayDraft, secret: 'x' })).toMatchObject({ kind: 'refused' })
    expect(new Set(all.store.settings.read().inlets.map((one) => one.id)).size).toBe(16)
  })

  test('can be switched off and on, which is no gap, and removed with its secret and its position', async () => {
    const all = setUp()
    const id = await saved(all)
    all.last().parts.onState({ kind: 'live', backlog: 0 })
    all.last().parts.checkpoint.write('7')
    all.clock.pass(60_000)
    expect((await all.ways.inlets.switch({ id, isOn: false })).inlets.at(-1)?.state).toEqual({ kind: 'off' })
    expect(all.ways.health().map((way) => way.id)).toEqual(['receiver'])
    all.clock.pass(3_600_000)
    await all.ways.inlets.switch({ id, isOn: true })
    all.last().parts.onState({ kind: 'live', backlog: 0 })
    all.clock.pass(60_000)
    expect(all.gaps.filter((gap) => gap.inlet === id)).toEqual([])
    expect(all.last().parts.checkpoint.read()).toBe('7')

    all.last().parts.onState({ kind: 'waiting', because: 'relay-down', detail: 'x', retryAt: new Date(start).toISOString() as Instant })
    all.clock.pass(60_000)
    await all.ways.inlets.remove(id)
    expect(all.store.settings.read().inlets).toEqual([])
    expect(all.store.inlets.read(id)).toEqual({ position: null, watchedUntil: null })
    expect(all.secrets.read(`inlet:${id}`)).toEqual({ kind: 'none' })
    expect(all.store.gaps.list({ inlet: id, since: null, limit: 5 })).toMatchObject([{ because: 'relay-down', end: { kind: 'unknown' } }])
    expect(all.made.every(({ running }) => !running)).toBe(true)
  })

  test('of one that was stopped nothing more is heard', async () => {
    const all = setUp()
    const id = await saved(all)
    const former = all.last()
    await all.ways.inlets.save({ id, draft: relayDraft, secret: 'another' })
    former.parts.onState({ kind: 'live', backlog: null })
    expect(all.report(id)?.state).toEqual({ kind: 'connecting' })
  })
})

describe('how a way in stands', () => {
  test('is told with its counts, its latency and its newest gaps, at most four times a second', async () => {
    const all = setUp()
    const id = await saved(all)
    const { parts } = all.last()
    parts.onState({ kind: 'live', backlog: 2 })
    all.outcomes.push(
      kept(1),
      { kind: 'duplicate' },
      kept(2),
      { kind: 'refused', because: 'expired' },
      { kind: 'failed', because: 'overloaded' },
    )
    await parts.ingest(delivery({ isBacklog: true }))
    await parts.ingest(delivery({ isBacklog: true }))
    parts.onState({ kind: 'live', backlog: 0 })
    all.clock.pass(300)
    await parts.ingest(delivery())
    all.clock.pass(400)
    await parts.ingest(delivery())
    await parts.ingest(delivery())
    parts.onTurnedAway('malformed')
    expect(all.report(id)).toMatchObject({
      state: { kind: 'live', since: new Date(start).toISOString(), backlog: 0 },
      counters: { received: 5, kept: 2, duplicate: 1, quarantined: 0, refused: 1, failed: 1, backlog: 2, turnedAway: 1 },
      latencyMs: 500,
      lastDeliveryAt: new Date(start + 700).toISOString(),
    })
    all.told.length = 0
    for (let n = 0; n < 100; n++) {
      await parts.ingest(delivery())
      all.clock.pass(10)
    }
    expect(all.told.length).toBeGreaterThanOrEqual(3)
    expect(all.told.length).toBeLessThanOrEqual(5)
  })

  test('of one that tries again and again stays down, and its gap has its backlog without what had come before or was refused', async () => {
    const all = setUp()
    const id = await saved(all)
    const { parts } = all.last()
    const health = () => all.ways.health().find((way) => way.id === id)
    expect(health()).toMatchObject({ state: 'connecting', because: null })
    parts.onState({ kind: 'live', backlog: 0 })
    expect(health()).toMatchObject({ state: 'live' })
    all.clock.pass(10_000)
    const retryAt = new Date(start + 20_000).toISOString() as Instant
    parts.onState({ kind: 'waiting', because: 'refused', detail: 'No.', retryAt })
    expect(health()).toMatchObject({ state: 'down', because: 'refused' })
    expect(all.report(id)?.state).toEqual({ kind: 'waiting', because: 'refused', detail: 'No.', retryAt })
    parts.onState({ kind: 'connecting' })
    expect(health()).toMatchObject({ state: 'down', because: 'refused' })
    all.clock.pass(10_000)
    parts.onState({ kind: 'live', backlog: 3 })
    all.outcomes.push({ kind: 'duplicate' }, { kind: 'refused', because: 'expired' })
    for (let n = 0; n < 4; n++) await parts.ingest(delivery({ isBacklog: true }))
    parts.onState({ kind: 'live', backlog: 0 })
    all.clock.pass(2_000)
    expect(all.report(id)?.gaps).toMatchObject([{ because: 'refused', end: { kind: 'backlog', delivered: 2 } }])
    expect(all.gaps.at(-1)).toEqual(all.report(id)?.gaps[0])
  })

  test.each<[string, InletDraft['draft'], string | null, string | null, string]>([
    ['a relay', relayDraft, 'token', null, 'backlog'],
    ['JetStream', natsDraft, 'token', null, 'backlog'],
    [
      'gosmee that gives ids',
      { kind: 'gosmee', name: 'G', address: null, url: 'https://g.example.org/AbCdEf012345', isProtected: false },
      null,
      '1-0',
      'backlog',
    ],
    [
      'gosmee without ids',
      { kind: 'gosmee', name: 'G', address: null, url: 'https://g.example.org/AbCdEf012345', isProtected: false },
      null,
      null,
      'unknown',
    ],
    ['smee', { kind: 'smee', name: 'S', address: null, url: 'https://smee.io/abc' }, null, null, 'unknown'],
  ])('after a gap: %s', async (_, draft, secret, position, end) => {
    const all = setUp()
    const id = await saved(all, draft, secret)
    const { parts } = all.last()
    parts.onState({ kind: 'live', backlog: null })
    if (position !== null) parts.checkpoint.write(position)
    all.clock.pass(1_000)
    parts.onState({ kind: 'waiting', because: 'relay-down', detail: 'x', retryAt: new Date(start).toISOString() as Instant })
    all.clock.pass(60_000)
    parts.onState({ kind: 'live', backlog: null })
    all.clock.pass(11_000)
    expect(all.report(id)?.gaps).toMatchObject([{ end: { kind: end } }])
  })

  test('follows sleep and the network: everything connects at once, and one on this computer goes on without', async () => {
    const all = setUp()
    const far = await saved(all)
    const farInlet = all.last()
    const near = await saved(all, { ...relayDraft, url: 'http://127.0.0.1:8787', address: null } as InletDraft['draft'])
    const nearInlet = all.last()
    for (const { parts } of [farInlet, nearInlet]) parts.onState({ kind: 'live', backlog: 0 })
    all.ways.wake.network(true)
    expect(farInlet.reconnects, 'nothing changed').toBe(0)

    all.clock.pass(10_000)
    all.ways.wake.suspended()
    expect(all.ways.health()).toMatchObject([
      { id: far, state: 'down', because: 'asleep' },
      { id: near, state: 'down', because: 'asleep' },
    ])
    all.clock.set(3_600_000)
    all.ways.wake.resumed()
    expect([farInlet.reconnects, nearInlet.reconnects]).toEqual([1, 1])
    for (const { parts } of [farInlet, nearInlet]) parts.onState({ kind: 'live', backlog: 0 })
    all.clock.pass(2_000)
    for (const id of [far, near])
      expect(all.report(id)?.gaps).toMatchObject([{ because: 'asleep', end: { kind: 'backlog', delivered: 0 } }])

    all.ways.wake.network(false)
    farInlet.parts.onState({ kind: 'waiting', because: 'relay-down', detail: 'x', retryAt: new Date(start).toISOString() as Instant })
    expect(all.report(far)?.state).toMatchObject({ kind: 'waiting', because: 'offline' })
    expect(all.report(near)?.state).toMatchObject({ kind: 'live' })
    all.clock.pass(10_000)
    all.ways.wake.network(true)
    expect(farInlet.reconnects).toBe(2)
    farInlet.parts.onState({ kind: 'live', backlog: 0 })
    all.clock.pass(2_000)
    expect(all.report(far)?.gaps[0]).toMatchObject({ because: 'offline', end: { kind: 'backlog' } })
  })

  test('the app’s being closed is a gap, whether it ended in order or was killed', async () => {
    const all = setUp()
    const id = await saved(all)
    all.last().parts.onState({ kind: 'live', backlog: 0 })
    all.clock.pass(100_000)
    // Killed: nothing was stopped. What is remembered is at most half a minute old.
    const clock = createTestClock(start + 7_200_000)
    const next = setUp({ store: all.store, clock })
    next.ways.start()
    next.last().parts.onState({ kind: 'live', backlog: 0 })
    clock.pass(2_000)
    const [gap] = next.report(id)?.gaps ?? []
    expect(gap).toMatchObject({ because: 'app-closed', to: new Date(start + 7_200_000).toISOString() })
    expect(Date.parse(gap?.from ?? '')).toBeGreaterThan(start + 69_000)
    expect(Date.parse(gap?.from ?? '')).toBeLessThanOrEqual(start + 100_000)
    await next.ways.stop()
  })
})

describe('the receiver', () => {
  test('counts where it is the only way in, or something public leads to it', async () => {
    const all = setUp()
    all.ways.receiver.onHealth({ kind: 'listening', port: 4711 })
    expect(all.ways.health()).toMatchObject([{ id: 'receiver', state: 'live' }])
    const id = await saved(all)
    expect(all.ways.health()).toMatchObject([{ id, state: 'connecting' }])
    expect(all.report('receiver' as InletId)?.state, 'it is shown all the same').toMatchObject({ kind: 'live' })
    all.store.settings.write({ publicOrigin: 'https://mine.example.org' })
    all.ways.reload()
    expect(all.ways.health().map((way) => way.id)).toEqual(['receiver', id])
    expect(all.report('receiver' as InletId)?.address).toBe('https://mine.example.org/in/secret')
    all.ways.receiver.onHealth({ kind: 'port-taken', port: 4711, detail: 'Port 4711 is taken.' })
    expect(all.ways.health()[0]).toMatchObject({ state: 'down', because: 'receiver-down' })
    all.clock.pass(10_000)
    all.ways.receiver.onHealth({ kind: 'listening', port: 4711 })
    expect(all.gaps.at(-1)).toMatchObject({ inlet: 'receiver', because: 'receiver-down', end: { kind: 'unknown' } })
  })

  test('is counted like any other way in, and its stop when the app ends is no gap', async () => {
    const all = setUp()
    all.ways.receiver.onHealth({ kind: 'listening', port: 4711 })
    await all.ways.receiver.ingest(delivery())
    all.ways.receiver.turnedAway()
    expect(all.report('receiver' as InletId)).toMatchObject({ counters: { received: 1, kept: 1, turnedAway: 1 }, latencyMs: 0 })
    all.clock.pass(10_000)
    const stopped = all.ways.stop()
    all.ways.receiver.onHealth({ kind: 'stopped' })
    await stopped
    expect(all.gaps).toEqual([])
    expect(all.store.inlets.read('receiver' as InletId).watchedUntil).toBe(start + 10_000)
  })
})

describe('the tunnel', () => {
  const running = (origin: string): TunnelState => ({ kind: 'running', origin, since: new Date(start).toISOString() as Instant })
  const settle = () => new Promise((resolve) => setImmediate(resolve))

  test('leads to the receiver’s port once it listens, and where it begins is what addresses are made of', async () => {
    const all = setUp()
    expect(await all.ways.tunnel.save({ kind: 'cloudflared' })).toMatchObject({ kind: 'saved' })
    expect(all.tunnels, 'there is nothing to lead to').toEqual([])
    all.ways.receiver.onHealth({ kind: 'listening', port: 4711 })
    await settle()
    expect(all.tunnels).toMatchObject([{ port: 4711, setUp: { kind: 'cloudflared' }, calls: ['start'] }])
    expect(all.ways.health()).toMatchObject([{ id: 'receiver', state: 'connecting' }])
    expect(all.ways.targets()).toEqual([])

    all.tunnels[0]?.onState(running('https://one.trycloudflare.com'))
    expect(all.ways.targets()).toEqual([{ inlet: 'receiver', url: 'https://one.trycloudflare.com/in/secret' }])
    expect(all.ways.health()).toMatchObject([{ state: 'live' }])
    all.clock.pass(5_000)
    all.tunnels[0]?.onState({ kind: 'waiting', detail: 'It ended.', retryAt: new Date(start).toISOString() as Instant })
    expect(all.ways.health()).toMatchObject([{ state: 'down', because: 'tunnel-down' }])
    all.clock.pass(5_000)
    all.tunnels[0]?.onState({ kind: 'starting' })
    expect(all.ways.health(), 'it is not about to start: it was down, and still is').toMatchObject([{ state: 'down' }])
    all.tunnels[0]?.onState(running('https://two.trycloudflare.com'))
    expect(all.ways.health()).toMatchObject([{ state: 'live' }])
    expect(all.gaps.at(-1)).toMatchObject({ inlet: 'receiver', because: 'tunnel-down', end: { kind: 'unknown' } })
    expect(all.ways.targets()).toEqual([{ inlet: 'receiver', url: 'https://two.trycloudflare.com/in/secret' }])
    expect(all.ways.publicHosts(), 'what was sent to the earlier address is still taken').toEqual([
      'two.trycloudflare.com',
      'one.trycloudflare.com',
      'before.example.org',
    ])
    all.ways.wake.resumed()
    all.ways.tunnel.restart()
    await all.ways.stop()
    expect(all.tunnels[0]?.calls).toEqual(['start', 'tryNow', 'restart', 'stop'])
  })

  test('that the user runs is used where Tocsin runs none, and a relay’s address where there is neither', async () => {
    const all = setUp()
    await saved(all)
    const relay = { inlet: expect.stringMatching(/^relay:/) as string, url: 'https://r.example.org/in/abc' }
    expect(all.ways.targets()).toEqual([relay])
    all.store.settings.write({ publicOrigin: 'https://mine.example.org' })
    expect(all.ways.targets()).toEqual([{ inlet: 'receiver', url: 'https://mine.example.org/in/secret' }, relay])
  })

  test('that runs a program of the user’s choice is asked for by a person, once', async () => {
    const all = setUp()
    const command = { kind: 'command', command: ['bore', 'local', '{port}', '--to', 'a b'], origin: null } as const
    expect(all.ways.tunnel.consent(null)).toBeNull()
    expect(all.ways.tunnel.consent({ kind: 'cloudflared' })).toBeNull()
    expect(all.ways.tunnel.consent(command)?.detail).toContain('bore local {port} --to "a b"')
    expect(
      all.ways.tunnel.consent({ kind: 'ssh', destination: 'me@example.org', remotePort: 80, origin: 'https://example.org' })?.detail,
    ).toContain('ssh me@example.org')
    await all.ways.tunnel.save(command)
    expect(all.ways.tunnel.consent(command), 'it runs already').toBeNull()
    expect(all.ways.tunnel.consent({ ...command, command: ['sh'] })).not.toBeNull()
    expect(await all.ways.tunnel.save({ kind: 'command', command: ['./sh'], origin: null })).toMatchObject({ kind: 'refused' })
    expect(all.store.settings.read().tunnel).toEqual(command)
    await all.ways.tunnel.save(null)
    expect(all.store.settings.read()).toEqual(defaultSettings)
  })

  test('that forwards nothing is found out within a minute, whoever runs it, in a gap since it last did; and so is its return', async () => {
    let trouble: string | null = null
    const all = setUp({ probe: () => trouble })
    all.store.settings.write({ publicOrigin: 'https://mine.example.org' })
    all.ways.receiver.onHealth({ kind: 'listening', port: 4711 })
    const pass = async (seconds: number): Promise<void> => {
      for (let n = 0; n < seconds; n++) {
        all.clock.pass(1_000)
        await settle()
      }
    }
    await pass(65)
    expect(all.ways.health()).toMatchObject([{ id: 'receiver', state: 'live' }])
    trouble = 'nothing answers.'
    await pass(50)
    expect(all.ways.health()).toMatchObject([{ state: 'down', because: 'tunnel-down' }])
    const detail = 'Nothing that is sent to mine.example.org comes here: nothing answers. '
    expect(all.report('receiver' as InletId)?.state).toMatchObject({ kind: 'waiting', detail: expect.stringContaining(detail) as string })
    trouble = null
    await pass(16)
    expect(all.ways.health()).toMatchObject([{ state: 'live' }])
    expect(all.gaps.at(-1)).toMatchObject({
      because: 'tunnel-down',
      from: new Date(start + 60_000).toISOString(),
      end: { kind: 'unknown' },
    })
    trouble = 'nothing answers.'
    all.ways.wake.network(false)
    await pass(120)
    expect(all.ways.health(), 'without a network nothing is learned of it').toMatchObject([{ because: 'offline' }])
  })

  test('counts as leading here while deliveries come through it, though it cannot be seen from inside', async () => {
    const all = setUp({ probe: () => 'nothing answers.' })
    all.store.settings.write({ publicOrigin: 'https://mine.example.org' })
    all.ways.receiver.onHealth({ kind: 'listening', port: 4711 })
    for (let n = 0; n < 60; n++) {
      all.clock.pass(2_000)
      await settle()
      await all.ways.receiver.ingest(delivery({ headers: { host: 'mine.example.org' } }))
    }
    expect(all.ways.health()).toMatchObject([{ state: 'live' }])
  })

  test('is ended before another one begins', async () => {
    const all = setUp()
    all.ways.receiver.onHealth({ kind: 'listening', port: 4711 })
    await all.ways.tunnel.save({ kind: 'cloudflared' })
    await all.ways.tunnel.save({ kind: 'tailscale' })
    expect(all.tunnels.map(({ setUp: { kind }, calls }) => [kind, calls])).toEqual([
      ['cloudflared', ['start', 'stop']],
      ['tailscale', ['start']],
    ])
    all.tunnels[0]?.onState(running('https://late.example.org'))
    expect(all.ways.read().tunnel.state, 'what has ended has nothing to say').toEqual({ kind: 'starting' })
  })
})
