import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Webhook } from 'standardwebhooks'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Hook, HookDraft, HookId } from '../../shared/hooks.ts'
import { readAttack } from '../export/attack.ts'
import { createSecrets, type Keychain } from '../secrets.ts'
import { content, temporaryFile, testDatabase, testStore, trusted, unsigned } from '../store/test-support.ts'
import { createTestClock } from '../test-clock.ts'
import { createHooks } from './hooks-place.ts'
import { receiver, type Received } from './test-support.ts'

const attack = readAttack(readFileSync(fileURLToPath(new URL('../../../resources/attack-enterprise.json', import.meta.url)), 'utf8'))
/** Sealed is not the same as hidden, but no secret stands in it. */
const keychain: Keychain = {
  isThere: () => true,
  seal: (text) => Buffer.from(text).map((byte) => byte ^ 0x5a),
  open: (sealed) => Buffer.from(sealed.map((byte) => byte ^ 0x5a)).toString(),
}
const minute = 60_000
const hour = 60 * minute

function setUp({ env = {}, file = temporaryFile() }: { readonly env?: Record<string, string>; readonly file?: string } = {}) {
  const clock = createTestClock(Date.now())
  const store = testStore({ file, now: clock.now })
  const told: (readonly Hook[])[] = []
  const faults: unknown[] = []
  const removed = vi.fn()
  const secrets = createSecrets({ rows: store.secrets, keychain, env })
  const hooks = createHooks({
    rows: store.hooks,
    secrets,
    attack: () => attack,
    now: clock.now,
    random: () => 0,
    schedule: clock.schedule,
    onChanged: (list) => told.push(list),
    onRemoved: removed,
    onFault: (error) => faults.push(error),
  })
  onTestFinished(async () => {
    await hooks.stop()
    expect(faults).toEqual([])
  })
  let count = 0
  /** Keeps so many detections, which a rule sends to this hook. */
  function send(hook: HookId, ids: readonly string[], make = trusted): void {
    store.keeper.keep(ids.map((id) => make(content({ id }), { signed: `${id} ${(count += 1)}` })))
    const changes = store.outbox.undecided(null, 1_000).changes
    store.outbox.quiet(
      changes.map(({ transition }) => ({ sequence: transition.sequence, at: clock.now(), rule: 'r', hook, because: 'rule' })),
    )
    hooks.wake()
    clock.pass(100)
  }
  function save(url: string, more: Partial<HookDraft> = {}) {
    const saved = hooks.place.save({ id: null, name: 'SIEM', url, format: 'detection', isOn: true, secret: null, ...more })
    if (saved.kind === 'refused') throw new Error(saved.detail)
    return { id: saved.hooks.at(-1)!.id, secret: saved.secret }
  }
  const state = (id: HookId) => store.hooks.read(id)!
  const until = (check: () => boolean) => vi.waitFor(() => expect(check()).toBe(true), { timeout: 5_000, interval: 5 })
  return { clock, store, secrets, hooks, told, removed, send, save, state, until, file }
}

const dataOf = ({ body }: Received) =>
  JSON.parse(body) as { type: string; timestamp: string; data: { id: string; trust: string }; notice?: string }
const idsOf = (received: readonly Received[]) => received.map((one) => dataOf(one).data.id)

describe('a signed hook', () => {
  test('is verified by the library of the receivers, and by the HMAC alone', async () => {
    const { send, save, state, until } = setUp()
    const there = await receiver()
    const { id, secret } = save(there.url)
    send(id, ['a', 'b'])
    await until(() => state(id).sent === 2)
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    for (const { headers, body } of there.received) {
      expect(new Webhook(secret!).verify(body, headers as Record<string, string>)).toMatchObject({ type: 'threat_detection.changed' })
      const key = Buffer.from(secret!.slice('whsec_'.length), 'base64')
      const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
      expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
      expect(() => new Webhook(secret!).verify(`${body} `, headers as Record<string, string>)).toThrow('No matching signature')
    }
    expect(idsOf(there.received)).toEqual(['a', 'b'])
    expect(new Set(there.received.map(({ headers }) => headers['webhook-id'])).size).toBe(2)
    expect(there.received[0]?.headers).toMatchObject({
      'webhook-id': expect.stringMatching(/^msg_[0-9a-f]{32}$/) as string,
      'content-type': 'application/json',
    })
    expect(state(id)).toMatchObject({ waiting: 0, failed: 0, trouble: null })
  })

  test('says how far each message is to be trusted', async () => {
    const { send, save, until } = setUp()
    const there = await receiver()
    const { id } = save(there.url)
    send(id, ['a'])
    send(id, ['b'], unsigned)
    await until(() => there.received.length === 2)
    expect(there.received.map((one) => [dataOf(one).data.trust, dataOf(one).notice === undefined])).toEqual([
      ['verified', true],
      ['unsigned', false],
    ])
  })

  test('sends ECS documents with the same signature', async () => {
    const { send, save, until } = setUp()
    const there = await receiver()
    const { id, secret } = save(there.url, { format: 'ecs' })
    send(id, ['a'])
    await until(() => there.received.length === 1)
    const [one] = there.received
    const sent = new Webhook(secret!).verify(one!.body, one!.headers as Record<string, string>)
    expect(sent).toMatchObject({ data: { ecs: { version: '8.17.0' }, slashid: { detection: { id: 'a', trust: 'verified' } } } })
  })
})

describe('what is not taken', () => {
  test('is tried again by the schedule, with its own name and a new time, until it is', async () => {
    const { clock, send, save, state, until, hooks } = setUp()
    const there = await receiver((_, index) => ({ status: index < 3 ? 500 : 200 }))
    const { id } = save(there.url)
    send(id, ['a', 'b'])
    for (const [tries, waitMs] of [
      [1, 5_000],
      [2, 5 * minute],
      [3, 30 * minute],
    ] as const) {
      await until(
        () => state(id).trouble !== null && hooks.place.list()[0]?.state.nextTryAt === new Date(clock.now() + waitMs).toISOString(),
      )
      expect(there.received).toHaveLength(tries)
      clock.pass(waitMs - 1)
      expect(there.received).toHaveLength(tries)
      clock.pass(1)
      await there.has(tries + 1)
    }
    await until(() => state(id).sent === 2)
    expect(idsOf(there.received)).toEqual(['a', 'a', 'a', 'a', 'b'])
    expect(new Set(there.received.slice(0, 4).map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(there.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBeGreaterThan(3)
    expect(state(id)).toMatchObject({ trouble: null, waiting: 0 })
  })

  test('is given up after a day of tries, counted and said; what is newer waits on', async () => {
    const { clock, send, save, state, until } = setUp()
    const there = await receiver(() => ({ status: 500 }))
    const { id } = save(there.url)
    send(id, ['old', 'older'])
    for (let tries = 1; tries < 8; tries += 1) {
      await there.has(tries)
      await until(() => state(id).trouble !== null)
      // Long enough for any step.
      if (tries === 7) send(id, ['new'])
      for (let passed = 0; passed < 11 * hour && there.received.length === tries; passed += 5 * minute) {
        clock.pass(5 * minute)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }
    await until(() => state(id).failed === 2)
    expect(there.received).toHaveLength(8)
    expect(state(id)).toMatchObject({ waiting: 1, sent: 0 })
    expect(state(id).trouble).toContain('2 waited for a day and were given up')
  })

  test.each([
    ['a time in seconds', 120, 120_000],
    ['no more than six hours', 999_999, 6 * hour],
    ['at least a second', 0, 1_000],
  ])('waits as long as it is asked to: %s', async (_, retryAfter, waitMs) => {
    const { clock, send, save, state, until, hooks } = setUp()
    const there = await receiver((_, index) =>
      index === 0 ? { status: 429, headers: { 'retry-after': String(retryAfter) } } : { status: 200 },
    )
    const { id } = save(there.url)
    send(id, ['a'])
    await until(() => state(id).trouble !== null)
    expect(hooks.place.list()[0]?.state.nextTryAt).toBe(new Date(clock.now() + waitMs).toISOString())
    clock.pass(waitMs - 1)
    expect(there.received).toHaveLength(1)
    clock.pass(1)
    await until(() => state(id).sent === 1)
  })

  test('does not hold up what is taken', async () => {
    const { clock, send, save, state, until } = setUp()
    const there = await receiver((received) => ({ status: idsOf([received])[0] === 'poison' ? 400 : 200 }))
    const { id } = save(there.url)
    send(id, ['poison', 'a', 'b'])
    await until(() => state(id).sent === 2)
    expect(state(id).waiting).toBe(1)
    clock.pass(5_000)
    await until(() => there.received.length === 4)
    expect(idsOf(there.received)).toEqual(['poison', 'a', 'b', 'poison'])
  })

  test('is tried at once where the clock was set back meanwhile, and holds up nothing until then', async () => {
    const { clock, hooks, send, save, state, until } = setUp()
    const there = await receiver((_, index) => ({ status: index < 1 ? 500 : 200 }))
    const { id } = save(there.url)
    send(id, ['a'])
    await until(() => state(id).trouble !== null)
    clock.set(-24 * hour)
    hooks.wake()
    clock.pass(100)
    await until(() => state(id).sent === 1)
    expect(there.received).toHaveLength(2)
  })

  test('goes nowhere else: a redirect is not followed', async () => {
    const { send, save, state, until } = setUp()
    const elsewhere = await receiver()
    const there = await receiver(() => ({ status: 307, headers: { location: elsewhere.url } }))
    const { id } = save(there.url)
    send(id, ['a'])
    await until(() => state(id).trouble !== null)
    expect(state(id).trouble).toContain('not followed')
    expect(elsewhere.received).toEqual([])
  })

  test('turns the hook off where the other side wants no more', async () => {
    const { clock, send, save, state, until } = setUp()
    const there = await receiver(() => ({ status: 410 }))
    const { id } = save(there.url)
    send(id, ['a'])
    await until(() => !state(id).isOn)
    expect(state(id)).toMatchObject({ waiting: 1, trouble: expect.stringContaining('turned off') as string })
    send(id, ['b'])
    clock.pass(24 * hour)
    expect(there.received).toHaveLength(1)
    expect(state(id).waiting).toBe(1)
  })

  test('is known at once where nobody listens, and repeats nothing of an answer of any size', async () => {
    const { send, save, state, until } = setUp()
    const there = await receiver(() => ({ status: 500, body: 'CANARY'.repeat(1_000_000) }))
    const { id } = save(there.url)
    const { id: nobody } = save('http://127.0.0.1:9/hook', { name: 'Nobody' })
    send(id, ['a'])
    send(nobody, ['b'])
    await until(() => state(id).trouble !== null && state(nobody).trouble !== null)
    expect(state(id).trouble).not.toContain('CANARY')
    expect(state(nobody).trouble).toContain('ECONNREFUSED')
  })

  test('hangs for ten seconds at most', { timeout: 20_000 }, async () => {
    const { save, hooks } = setUp()
    const there = await receiver(() => 'hang')
    const { id } = save(there.url)
    const begun = performance.now()
    expect(await hooks.place.test(id)).toMatchObject({ kind: 'failed', detail: expect.stringContaining('within 10 s') as string })
    expect(performance.now() - begun).toBeLessThan(15_000)
  })
})

describe('a collector', () => {
  const token = 'b1c2d3e4-0000-4000-8000-123456789abc'
  /** As strict as the real one: the token, the type, and every event of the body. */
  const collector: Parameters<typeof receiver>[0] = ({ headers, body, url }) => {
    if (url !== '/services/collector/event') return { status: 404, body: '{"text":"Not found","code":404}' }
    if (headers.authorization !== `Splunk ${token}`) return { status: 403, body: '{"text":"Invalid token","code":4}' }
    for (const [index, line] of body.split('\n').entries()) {
      const { time, event, sourcetype } = JSON.parse(line) as Record<string, unknown>
      const isGood = typeof time === 'number' && typeof event === 'object' && sourcetype === 'slashid:detection'
      if (!isGood || (event as { id: string }).id === 'poison')
        return { status: 400, body: `{"text":"Invalid data format","code":6,"invalid-event-number":${index}}` }
    }
    return { status: 200, body: '{"text":"Success","code":0}' }
  }
  const eventsOf = ({ body }: Received) => body.split('\n').map((line) => (JSON.parse(line) as { event: { id: string } }).event.id)

  test('is sent many events at once, within bounds', async () => {
    const { send, save, state, until } = setUp()
    const there = await receiver(collector)
    const { id, secret } = save(there.url.replace('/hook', '/services/collector/event'), { format: 'splunk-hec', secret: token })
    expect(secret).toBeNull()
    send(
      id,
      Array.from({ length: 150 }, (_, index) => `d-${index}`),
    )
    await until(() => state(id).sent === 150)
    expect(there.received.map((one) => eventsOf(one).length)).toEqual([100, 50])
    expect(there.received.every(({ headers }) => headers['webhook-id'] === undefined)).toBe(true)
  })

  test('that refuses one event gets the others', async () => {
    const { send, save, state, until } = setUp()
    const there = await receiver(collector)
    const { id } = save(there.url.replace('/hook', '/services/collector/event'), { format: 'splunk-hec', secret: token })
    send(id, ['a', 'poison', 'b'])
    await until(() => state(id).sent === 2)
    expect(there.received.map(eventsOf)).toEqual([['a', 'poison', 'b'], ['a'], ['poison'], ['b']])
    expect(state(id).waiting).toBe(1)
  })

  test('is not believed where it answers as none does, nor with a wrong token', async () => {
    const { send, save, state, until } = setUp()
    const there = await receiver(() => ({ status: 200, body: '<html>Log in' }))
    const { id } = save(there.url, { format: 'splunk-hec', secret: token })
    const strict = await receiver(collector)
    const { id: wrong } = save(strict.url.replace('/hook', '/services/collector/event'), {
      name: 'B',
      format: 'splunk-hec',
      secret: 'wrong',
    })
    send(id, ['a'])
    send(wrong, ['b'])
    await until(() => state(id).trouble !== null && state(wrong).trouble !== null)
    expect([state(id), state(wrong)].map(({ sent, waiting }) => [sent, waiting])).toEqual([
      [0, 1],
      [0, 1],
    ])
    expect(state(wrong).trouble).toContain('403')
  })
})

describe('a hook is saved', () => {
  test.each([
    ['http://siem.example.org/hook', 'https://'],
    ['http://localhost:8080/hook', 'https://'],
    ['ftp://siem.example.org', 'https://'],
    ['https://me:pw@siem.example.org/', 'password'],
    ['https://siem.example.org/#x', '#'],
    ['nonsense', 'whole address'],
    [`https://siem.example.org/${'a'.repeat(2_050)}`, 'whole address'],
  ])('only with an address that may be sent to: %s', (url, words) => {
    const { hooks } = setUp()
    const draft: HookDraft = { id: null, name: 'x', url, format: 'detection', isOn: true, secret: null }
    expect(hooks.place.save(draft)).toMatchObject({ kind: 'refused', detail: expect.stringContaining(words) as string })
    expect(hooks.place.consent(draft)).toBeNull()
    expect(hooks.place.list()).toEqual([])
  })

  test('with a secret that fits its format, which stays with its server', () => {
    const { hooks, save } = setUp({ env: { TOKEN: 'from-env' } })
    const draft: HookDraft = { id: null, name: 'x', url: 'https://siem.example.org/a', format: 'detection', isOn: true, secret: null }
    const refusal = (more: Partial<HookDraft>) => {
      const saved = hooks.place.save({ ...draft, ...more })
      return saved.kind === 'refused' ? saved.detail : null
    }
    expect(refusal({ secret: 'whsec_dG9vIHNob3J0' })).toContain('24 to 64 bytes')
    expect(refusal({ format: 'splunk-hec' })).toContain('Enter the token')
    expect(refusal({ secret: 'env:NOT_SET' })).toContain('NOT_SET')
    const { id } = save(draft.url, { format: 'splunk-hec', secret: 'env:TOKEN' })
    const change = { id, name: 'SIEM', format: 'splunk-hec' as const }
    expect(refusal({ ...change, url: 'https://siem.example.org/b' })).toBeNull()
    expect(refusal({ ...change, url: 'https://evil.example.org/b' })).toContain('another server')
    expect(refusal({ name: 'SIEM' })).toContain('Another hook')
  })

  test('shows what it made once, and keeps it', () => {
    const { hooks, save } = setUp()
    const { id, secret } = save('https://siem.example.org/a')
    const again = hooks.place.save({ id, name: 'SIEM', url: 'https://siem.example.org/b', format: 'ecs', isOn: true, secret: null })
    expect(secret).not.toBeNull()
    expect(again).toMatchObject({ kind: 'saved', secret: null })
    expect(JSON.stringify(hooks.place.list())).not.toContain(secret!)
  })

  test('after a person agreed to every server that is new, and to what is read', () => {
    const { hooks, save } = setUp()
    const draft: HookDraft = { id: null, name: 'x', url: 'https://siem.example.org/a', format: 'splunk-hec', isOn: true, secret: 'typed' }
    expect(hooks.place.consent(draft)?.detail).toContain('sent to siem.example.org')
    save(draft.url, { format: 'splunk-hec', secret: 'typed' })
    expect(hooks.place.consent({ ...draft, url: 'https://siem.example.org/b' })).toBeNull()
    expect(hooks.place.consent({ ...draft, url: 'https://siem.example.org:8088/b' })?.detail).toContain('siem.example.org:8088')
    expect(hooks.place.consent({ ...draft, secret: 'file:/home/me/x/../token' })?.detail).toContain('reads file:/home/me/token ')
  })

  test('and removed with its secret and what waits, and its rules are told anew', async () => {
    const { hooks, save, store, removed, secrets } = setUp()
    const { id } = save('https://siem.example.org/a')
    expect(await hooks.place.remove(id)).toEqual({ kind: 'saved', hooks: [], secret: null })
    expect(secrets.read(`hook:${id}`)).toEqual({ kind: 'none' })
    expect([store.hooks.list(), removed.mock.calls.length]).toEqual([[], 1])
  })

  test('and removed though its secret cannot be deleted, which it says, and nothing else', async () => {
    const { hooks, save, store, removed, told, clock, file } = setUp()
    const { id } = save('https://siem.example.org/a')
    testDatabase(file).exec("CREATE TRIGGER full BEFORE DELETE ON secrets BEGIN SELECT raise(ABORT, 'disk full'); END")
    const answer = await hooks.place.remove(id)
    expect(answer).toMatchObject({ kind: 'refused', detail: expect.stringMatching(/^The hook is removed.*disk full/) as string })
    expect(answer).not.toMatchObject({ detail: expect.stringContaining('Everything is as it was') as string })
    clock.pass(250)
    expect([store.hooks.list(), removed.mock.calls.length, told.at(-1)]).toEqual([[], 1, []])
  })
})

describe('a test', () => {
  test('sends a demonstration now, signed, and tells the status whatever it is', async () => {
    const { hooks, save } = setUp()
    const there = await receiver((_, index) => ({ status: index === 0 ? 202 : 404 }))
    const { id, secret } = save(there.url, { isOn: false })
    expect(await hooks.place.test(id)).toMatchObject({ kind: 'answered', status: 202 })
    expect(await hooks.place.test(id)).toMatchObject({ kind: 'answered', status: 404 })
    const { body, headers } = there.received[0]!
    expect(new Webhook(secret!).verify(body, headers as Record<string, string>)).toMatchObject({ data: { demo: true } })
    expect(hooks.place.list()[0]?.state).toMatchObject({ sent: 0, trouble: null })
  })
})

test('what is told is told at most four times a second, and holds no secret', async () => {
  const { clock, send, save, state, until, told, file, store } = setUp()
  const there = await receiver()
  const canary = `whsec_${Buffer.alloc(32, 0xc7).toString('base64')}`
  const { id } = save(there.url, { secret: canary })
  const before = told.length
  send(
    id,
    Array.from({ length: 100 }, (_, index) => `d-${index}`),
  )
  await until(() => state(id).sent === 100)
  expect(told.length - before).toBeLessThanOrEqual(2)
  clock.pass(250)
  expect(told.at(-1)?.[0]?.state.sent).toBe(100)
  expect(JSON.stringify(told)).not.toContain(canary)
  store.close()
  for (const ending of ['', '-wal']) {
    const kept = (() => {
      try {
        return readFileSync(`${file}${ending}`)
      } catch {
        return Buffer.alloc(0)
      }
    })()
    expect(kept.includes(canary)).toBe(false)
    expect(kept.includes(canary.slice('whsec_'.length))).toBe(false)
  }
  expect(idsOf(there.received)).toHaveLength(100)
})
