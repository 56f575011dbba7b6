import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nkeys } from '@nats-io/transport-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { isAuthenticatedRelay, type InletId, type InletSetUp } from '../../shared/inlets.ts'
import { check } from '../ingest/check.ts'
import { contentOf } from '../ingest/content-of.ts'
import type { Delivery, Ingest, Outcome } from '../ingest/delivery.ts'
import { observe } from '../ingest/drift.ts'
import { createKeyRing } from '../ingest/keys.ts'
import { parse } from '../ingest/parse.ts'
import { createPipeline } from '../ingest/pipeline.ts'
import { demoOrganizationWith } from '../new-organization.ts'
import { loadDemoSigner } from '../sample/demo.ts'
import { scenario } from '../sample/scenario.ts'
import { openStore } from '../store/store.ts'
import type { FetchingInlet, LinkState, NotTaken } from './inlet.ts'
import { createJetstreamInlet } from './jetstream.ts'
import { streamLimits } from './jetstream-set-up.ts'
import { operate, startNats } from './nats-test-support.ts'
import { kept, until } from './test-support.ts'

type SetUp = Extract<InletSetUp, { kind: 'jetstream' }>

function setUpOf(url: string, more: Partial<SetUp> = {}): SetUp {
  return {
    id: 'jetstream:aaaaaaa1' as InletId,
    name: 'Team',
    isOn: true,
    address: null,
    kind: 'jetstream',
    url,
    stream: 'TOCSIN',
    consumer: 'laptop-1',
    login: { kind: 'none' },
    caFile: null,
    ...more,
  }
}

const soon = (task: () => void, afterMs: number): (() => void) => {
  const timer = setTimeout(task, afterMs)
  return () => clearTimeout(timer)
}

/** A JetStream inlet and all it did. Its waits are as short as the test needs them; stopped after the test. */
function inletOf(
  setUp: SetUp,
  options: {
    readonly ingest?: Ingest
    readonly secret?: string | null
    readonly position?: { at: string | null }
    readonly ackWaitMs?: number
  } = {},
) {
  const { ingest = () => Promise.resolve(kept), secret = null, position = { at: null }, ackWaitMs = 30_000 } = options
  const did = { states: [] as LinkState[], deliveries: [] as Delivery[], outcomes: [] as Outcome[], turnedAway: [] as NotTaken[] }
  const lost: (number | null)[] = []
  const waits: number[] = []
  let writes = 0
  const inlet: FetchingInlet = createJetstreamInlet(
    {
      setUp,
      secret: () => (secret === null ? { kind: 'none' } : { kind: 'known', value: secret }),
      ingest: async (delivery) => {
        did.deliveries.push(delivery)
        const outcome = await ingest(delivery)
        did.outcomes.push(outcome)
        return outcome
      },
      checkpoint: {
        read: () => position.at,
        write: (at) => {
          writes++
          position.at = at
        },
      },
      onState: (state) => did.states.push(state),
      onTurnedAway: (because) => did.turnedAway.push(because),
      onLost: (count) => lost.push(count),
      onBug: (error) => {
        throw error
      },
      now: Date.now,
      random: () => 0,
      // The waits between two links are a tenth here; deadlines are as they are.
      schedule: (task, afterMs) => {
        waits.push(afterMs)
        return soon(task, afterMs < 2_000 && afterMs !== 1_000 ? afterMs / 10 : afterMs)
      },
    },
    { ackWaitMs },
  )
  onTestFinished(() => inlet.stop())
  const last = (): LinkState | undefined => did.states.at(-1)
  const isLive = (): boolean => last()?.kind === 'live'
  return { inlet, ...did, lost, waits, position, last, isLive, writes: () => writes }
}

/** A profile with its history and its pipeline, as the app has them. */
async function app(folder = temporaryFolder()) {
  const opened = openStore({ file: join(folder, 'history.sqlite'), contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const { store } = opened
  const signer = loadDemoSigner(folder)
  store.organizations.add(demoOrganizationWith(signer.publicKey))
  const ring = createKeyRing({
    store: store.keyStore,
    fetchKeys: () => Promise.resolve({ kind: 'failed', because: 'unreachable', detail: 'none here' }),
    now: Date.now,
    random: () => 0.5,
    schedule: soon,
    onKeysChanged: () => undefined,
    onStatesChanged: () => undefined,
  })
  await ring.reload()
  const context = {
    organization: ring.organization,
    keys: ring,
    expected: () => ({ targetUrls: null, webhookIds: null }),
    isAuthenticatedRelay,
    unsignedInlet: () => null,
    now: Date.now,
  }
  const pipeline = createPipeline({
    check: (delivery) => check(delivery, context),
    parse,
    observe,
    keeper: store.keeper,
    publish: () => undefined,
    count: () => undefined,
    now: Date.now,
    onStorage: () => undefined,
    onFault: (error) => {
      throw error
    },
  })
  let isOpen = true
  const close = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await pipeline.stop()
    await ring.stop()
    store.close()
  }
  onTestFinished(close)
  const count = (): number => [...store.chain.chain(null)].length
  return { folder, store, signer, ingest: pipeline.ingest, count, close }
}

function bodiesOf(signer: ReturnType<typeof loadDemoSigner>, seed: string, count: number, startAt = Date.now()): string[] {
  return [...scenario({ seed, count, startAt })].map(({ claims }) => signer.sign(claims))
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-jetstream-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const texts = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ body }) => Buffer.from(body).toString())

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
    const server = await startNats()
    const operator = await operate(server.url)
    const one = inletOf(setUpOf(server.url))
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
})

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
    await manager.consumers.add('TOCSIN', { durable_name: 'few', ack_policy: 'explicit', max_deliver: 3 })
    await manager.consumers.add('TOCSIN', { durable_name: 'none', ack_policy: 'none' })
    for (const [consumer, words] of [
      ['few', 'gives up'],
      ['none', 'does not ask'],
    ] as const) {
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

describe('being let in', () => {
  const user = nkeys.createUser()
  const seed = Buffer.from(user.getSeed()).toString()

  test.each([
    ['password', 'authorization { user: tocsin, password: "right" }', { kind: 'password', user: 'tocsin' }, 'right'],
    ['token', 'authorization { token: "right" }', { kind: 'token' }, 'right'],
    ['nkey', `authorization { users: [{ nkey: ${user.getPublicKey()} }] }`, { kind: 'nkey' }, `${seed}\n`],
  ] as const)('with a %s; a wrong one is said in words and not tried again and again', async (_, config, login, secret) => {
    const server = await startNats(config)
    const right = inletOf(setUpOf(server.url, { login }), { secret })
    right.inlet.start()
    await until(() => right.states.length > 1)
    expect(right.last()).toMatchObject({ kind: 'live' })
    await right.inlet.stop()
    const other = login.kind === 'nkey' ? Buffer.from(nkeys.createUser().getSeed()).toString() : 'wrong'
    for (const wrong of [other, null]) {
      const one = inletOf(setUpOf(server.url, { login }), { secret: wrong })
      one.inlet.start()
      await until(() => one.last()?.kind === 'waiting')
      expect(one.last()).toMatchObject({
        because: 'refused',
        detail: expect.stringContaining(wrong === null ? 'Enter it' : 'does not accept the credentials') as string,
      })
      expect(one.waits.at(-1), 'the next try is minutes away').toBe(300_000)
      await one.inlet.stop()
    }
  })

  test('credentials of a .creds file are sent as its two blocks; what is none is said before anything is sent', async () => {
    const said = await firstConnect()
    const text = `-----BEGIN NATS USER JWT-----\nthe.jwt.itself\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`
    const one = inletOf(setUpOf(said.url, { login: { kind: 'creds' } }), { secret: text })
    one.inlet.start()
    const sent = JSON.parse(await said.connect) as { jwt: string; sig: string; nkey: string }
    expect(sent.jwt).toBe('the.jwt.itself')
    expect(user.verify(Buffer.from('nonce'), Buffer.from(sent.sig, 'base64url'))).toBe(true)
    await one.inlet.stop()
    for (const kind of ['creds', 'nkey'] as const) {
      const wrong = inletOf(setUpOf(said.url, { login: { kind } }), { secret: 'something else' })
      wrong.inlet.start()
      await until(() => wrong.last()?.kind === 'waiting')
      expect(wrong.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining('cannot be read') as string })
      expect(JSON.stringify(wrong.last())).not.toContain('something else')
      await wrong.inlet.stop()
    }
  })

  test('a server without JetStream, or one that is none at all, is said in words', async () => {
    const plain = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await new Promise<void>((listening) => plain.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void plain.close())
    const one = inletOf(setUpOf(`nats://127.0.0.1:${(plain.address() as AddressInfo).port}`))
    one.inlet.start()
    await until(() => one.last()?.kind === 'waiting')
    expect(one.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining('does not speak NATS') as string })
    const server = await startNats('accounts { A: { users: [{ user: a, password: b }] } }')
    const two = inletOf(setUpOf(server.url, { login: { kind: 'password', user: 'a' } }), { secret: 'b' })
    two.inlet.start()
    await until(() => two.last()?.kind === 'waiting')
    expect(two.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining('has no JetStream') as string })
  })
})

describe('a far end that is up to no good', () => {
  test.each([
    ['a greeting that never ends', () => 'x'.repeat(65_536), 'greets without an end'],
    ['a line that never ends', greetingThen(() => 'x'.repeat(65_536)), 'a line without an end'],
    ['a message of 2 GB', greetingThen(() => 'MSG a 1 2000000000\r\n'), 'far too large'],
    ['HTML', greetingThen(() => '<html>\r\n'), 'not NATS'],
  ])('%s ends the link in words, with little memory', async (_, next, words) => {
    let sent = 0
    const hostile = createServer((socket) => {
      socket.on('error', () => {})
      const more = (): void => {
        while (!socket.destroyed && sent < 100 * 2 ** 20) {
          const part = next()
          sent += part.length
          if (!socket.write(part)) return void socket.once('drain', more)
        }
      }
      more()
    })
    await new Promise<void>((listening) => hostile.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void hostile.close())
    const one = inletOf(setUpOf(`nats://127.0.0.1:${(hostile.address() as AddressInfo).port}`))
    one.inlet.start()
    await until(() => one.last()?.kind === 'waiting')
    expect(one.last()).toMatchObject({ because: 'relay-down', detail: expect.stringContaining(words) as string })
    expect(sent).toBeLessThan(32 * 2 ** 20)
  })

  test('a server that accepts and says nothing leaves no socket open', async () => {
    let open = 0
    const silent = createServer((socket) => {
      open++
      socket.on('error', () => {}).on('close', () => open--)
    })
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening))
    onTestFinished(() => void silent.close())
    const one = inletOf(setUpOf(`nats://127.0.0.1:${(silent.address() as AddressInfo).port}`))
    one.inlet.start()
    await until(() => open === 1)
    one.inlet.reconnect()
    await until(() => one.states.filter(({ kind }) => kind === 'connecting').length === 2)
    await until(() => open === 1)
    await one.inlet.stop()
    await until(() => open === 0)
    expect(one.last()).toEqual({ kind: 'stopped' })
  })
})

describe('TLS', () => {
  test('is required beyond this computer: a server that offers none gets no credential', async () => {
    const said = await firstConnect()
    // A name, and be it that of this computer, can be made to lead anywhere.
    const one = inletOf(setUpOf(said.url.replace('127.0.0.1', 'localhost'), { login: { kind: 'token' } }), { secret: 'secret token' })
    one.inlet.start()
    await until(() => one.last()?.kind === 'waiting')
    expect(one.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining('does not offer TLS') as string })
    expect(said.received()).toBe('')
  })

  test('with a certificate of a private authority works by its file, and is refused in words otherwise', async () => {
    const { folder, certificate, key } = createCertificate('localhost')
    const server = await startNats(`tls { cert_file: "${certificate}", key_file: "${key}" }`)
    const named = `tls://localhost:${server.port}`
    const good = inletOf(setUpOf(named, { caFile: certificate }))
    good.inlet.start()
    await until(() => good.states.length > 1)
    expect(good.last()).toMatchObject({ kind: 'live' })
    await good.inlet.stop()
    const notPem = join(folder, 'not.pem')
    writeFileSync(notPem, 'no certificate')
    for (const [url, caFile, words] of [
      [named, null, 'nobody this computer trusts'],
      [`tls://127.0.0.1:${server.port}`, certificate, 'for another name'],
      [named, createCertificate('localhost').certificate, 'nobody this computer trusts'],
      [named, join(folder, 'nowhere.pem'), 'cannot be read'],
      [named, notPem, 'no certificate'],
      [named, folder, 'no file'],
    ] as const) {
      const one = inletOf(setUpOf(url, { caFile }))
      one.inlet.start()
      await until(() => one.last()?.kind === 'waiting')
      expect(one.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining(words) as string })
      await one.inlet.stop()
    }
  })
})

const greeting = 'INFO {"server_id":"x","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576,"nonce":"nonce"}\r\n'

function greetingThen(next: () => string): () => string {
  let hasGreeted = false
  return () => {
    if (hasGreeted) return next()
    hasGreeted = true
    return greeting
  }
}

/** A server without TLS that keeps what it is told first. */
async function firstConnect() {
  let received = ''
  let resolveConnect = (_: string): void => {}
  const connect = new Promise<string>((resolve) => (resolveConnect = resolve))
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.setEncoding('latin1').on('data', (part: string) => {
      received += part
      const match = /CONNECT (\{.*\})\r\n/.exec(received)
      if (match !== null) resolveConnect(match[1]!)
    })
    socket.write(greeting)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  return { url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`, connect, received: () => received }
}

function createCertificate(name: string) {
  const folder = temporaryFolder()
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync(
    'openssl',
    [...request, '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-out', certificate, '-keyout', key],
    {
      stdio: 'ignore',
    },
  )
  return { folder, certificate, key }
}
