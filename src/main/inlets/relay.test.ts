import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { testRelay } from '../../relay/test-support.ts'
import { relayLimits } from '../../shared/relay.ts'
import type { Delivery } from '../ingest/delivery.ts'
import { keptOutcome, newDisk, seeded, startInlet } from './relay-test-support.ts'

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const texts = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ body }) => Buffer.from(body).toString())

function randomBody(random: () => number): Uint8Array<ArrayBuffer> {
  const kind = random()
  const most = kind < 0.95 ? 2_000 : kind < 0.998 ? 30_000 : relayLimits.bodyBytes
  return Uint8Array.from({ length: Math.floor(random() * (most + 1)) }, () => random() * 256)
}

/** Runs it for each, so many at a time. */
async function inParallel(count: number, width: number, task: (i: number) => Promise<void>): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) await task(next++)
  }
  await Promise.all(Array.from({ length: width }, work))
}

test('10,000 random bodies come in exactly as they were posted, each once', { timeout: 120_000 }, async () => {
  const relay = await testRelay()
  const app = startInlet({ url: relay.origin, token: await relay.addReader('laptop') })
  const random = seeded(1)
  const sent: string[] = []
  await inParallel(10_000, 16, async () => {
    const body = randomBody(random)
    sent.push(digest(body))
    expect(await relay.post(body)).toBe(200)
  })
  await app.until(() => app.disk.kept.length >= 10_000)
  expect(app.disk.kept.map(({ body }) => digest(body)).sort()).toEqual(sent.sort())
  expect(app.disk.lost).toEqual([])
  expect(app.turnedAway).toEqual([])
  expect(app.states.filter(({ kind }) => kind === 'connecting')).toHaveLength(1)
  await app.stop()
  expect((await relay.readers())[0]?.waiting).toBe(0)
})

test('what waited comes in order, marked as backlog, and what comes after is not', async () => {
  const relay = await testRelay()
  const token = await relay.addReader('laptop')
  for (let i = 1; i <= 600; i++) await relay.post(`${i}`)
  const app = startInlet({ url: relay.origin, token })
  await app.until(() => app.last()?.kind === 'live')
  expect(app.last()).toEqual({ kind: 'live', backlog: 600 })
  await app.until(() => app.disk.checkpoint?.endsWith(':600') ?? false)
  expect(app.states).toContainEqual({ kind: 'live', backlog: 0 })
  await relay.post('new')
  await app.until(() => app.disk.kept.length === 601)
  expect(texts(app.disk.kept)).toEqual([...Array.from({ length: 600 }, (_, i) => `${i + 1}`), 'new'])
  expect(app.disk.kept.map(({ isBacklog }) => isBacklog ?? false)).toEqual([...Array.from({ length: 600 }, () => true), false])
  expect(app.disk.kept[0]).toMatchObject({ inlet: 'relay:abcdefgh', receivedAt: expect.stringMatching(/Z$/) })
})

test('an app that dies anywhere, and a relay that does, lose nothing and double nothing', { timeout: 120_000 }, async () => {
  const random = seeded(2)
  const relay = await testRelay()
  const token = await relay.addReader('laptop')
  const disk = newDisk()
  const posted: string[] = []
  let isRelayUp = true
  let isOver = false
  const posting = (async () => {
    for (let i = 0; i < 700; i++) {
      // A post that nobody answered may or may not have been kept: as SlashID might, it is sent again, and told apart by its number.
      for (let attempt = 0; ; attempt++) {
        const status = isRelayUp ? await relay.post(`${i}.${attempt}`).catch(() => 0) : 0
        if (status === 200) {
          posted.push(`${i}.${attempt}`)
          break
        }
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    isOver = true
  })()
  const committed = new Set<string>()
  let doubled = 0
  let rounds = 0
  while (!isOver || !posted.every((text) => committed.has(text))) {
    rounds++
    let isDead = false
    const stopAfter = Math.floor(random() * 150)
    let seen = 0
    const app = startInlet({
      url: relay.origin,
      token,
      disk,
      isDead: () => isDead,
      ingest: async (delivery) => {
        if (isDead) return { kind: 'failed', because: 'not-committed' }
        // The pipeline's own part: what was committed before a crash is known again.
        const text = Buffer.from(delivery.body).toString()
        if (++seen > stopAfter) {
          // Dies before the commit, or after it and before the acknowledgement.
          if (random() < 0.5) committed.add(text)
          isDead = true
          return { kind: 'failed', because: 'not-committed' }
        }
        if (committed.has(text)) {
          doubled++
          return { kind: 'duplicate' }
        }
        committed.add(text)
        return keptOutcome
      },
    })
    const enough = new Promise<void>((resolve) => setTimeout(resolve, 300))
    await Promise.race([app.until(() => isDead), enough])
    isDead = true
    if (random() < 0.3) {
      isRelayUp = false
      await relay.stop()
      await relay.start()
      isRelayUp = true
    }
    await app.stop()
  }
  await posting
  expect(rounds).toBeGreaterThan(8)
  expect(new Set(posted).size).toBe(700)
  expect(posted.filter((text) => !committed.has(text))).toEqual([])
  expect(disk.lost).toEqual([])
  // Sent again is only what a crash kept from being acknowledged: never more than was in flight.
  expect(doubled).toBeLessThanOrEqual(rounds * relayLimits.unacknowledged.entries)
})

test('an app that stops in order is sent nothing again', async () => {
  const relay = await testRelay()
  const token = await relay.addReader('laptop')
  const disk = newDisk()
  for (let round = 0; round < 4; round++) {
    const app = startInlet({ url: relay.origin, token, disk })
    for (let i = 0; i < 30; i++) await relay.post(`${round}.${i}`)
    await app.until(() => disk.kept.length > round * 30 + 7)
    await app.stop()
    expect(app.last()).toEqual({ kind: 'stopped' })
  }
  const app = startInlet({ url: relay.origin, token, disk })
  await app.until(() => disk.kept.length >= 120)
  await app.stop()
  expect(texts(disk.kept)).toEqual(Array.from({ length: 120 }, (_, i) => `${Math.floor(i / 30)}.${i % 30}`))
})

test('the relay dies while the app is connected: it is waited for, and reconnected to', async () => {
  const relay = await testRelay()
  const app = startInlet({ url: relay.origin, token: await relay.addReader('laptop') })
  await relay.post('before')
  await app.until(() => app.disk.kept.length === 1)
  await relay.stop()
  await app.until(() => app.last()?.kind === 'waiting')
  expect(app.last()).toMatchObject({ because: 'relay-down' })
  await relay.start()
  await relay.post('after')
  app.inlet.reconnect()
  await app.until(() => app.disk.kept.length === 2)
  expect(texts(app.disk.kept)).toEqual(['before', 'after'])
})

test('history that the relay had to let go is told as lost, once, with its number', async () => {
  const relay = await testRelay({ KEEP_ENTRIES: '50' })
  const token = await relay.addReader('laptop')
  const disk = newDisk()
  await relay.post('first')
  const before = startInlet({ url: relay.origin, token, disk })
  await before.until(() => disk.kept.length === 1)
  await before.stop()
  for (let i = 2; i <= 400; i++) await relay.post(`${i}`)
  for (let round = 0; round < 2; round++) {
    const app = startInlet({ url: relay.origin, token, disk })
    await app.until(() => disk.checkpoint?.endsWith(':400') ?? false)
    await app.stop()
  }
  expect(disk.lost).toEqual([349])
  expect(texts(disk.kept)).toEqual(['first', ...Array.from({ length: 50 }, (_, i) => `${i + 351}`)])
})

test('a relay that was made anew says so by its name: everything in it comes, and what was in the old one counts as lost', async () => {
  const disk = newDisk()
  const old = await testRelay()
  for (let i = 0; i < 20; i++) await old.post(`old ${i}`)
  const before = startInlet({ url: old.origin, token: await old.addReader('laptop'), disk })
  await before.until(() => disk.kept.length === 20)
  await before.stop()
  const relay = await testRelay()
  const token = await relay.addReader('laptop')
  await relay.post('new')
  for (let round = 0; round < 2; round++) {
    const app = startInlet({ url: relay.origin, token, disk })
    await app.until(() => app.states.some(({ kind }) => kind === 'live') && (disk.checkpoint?.endsWith(':1') ?? false))
    await app.stop()
  }
  expect(texts(disk.kept).at(-1)).toBe('new')
  expect(disk.kept).toHaveLength(21)
  expect(disk.lost).toEqual([null])
})

test('a delivery that cannot be kept is not acknowledged, and comes again', async () => {
  const relay = await testRelay()
  const token = await relay.addReader('laptop')
  for (const body of ['one', 'two', 'three']) await relay.post(body)
  let isFull = true
  const app = startInlet({
    url: relay.origin,
    token,
    ingest: async ({ body }) =>
      isFull && Buffer.from(body).toString() === 'two' ? { kind: 'failed', because: 'not-committed' } : keptOutcome,
  })
  await app.until(() => app.last()?.kind === 'waiting')
  expect(app.last()).toMatchObject({ because: 'relay-down', detail: expect.stringContaining('could not be kept here') })
  expect(app.disk.checkpoint).toMatch(/:1$/)
  isFull = false
  app.inlet.reconnect()
  await app.until(() => app.disk.checkpoint?.endsWith(':3') ?? false)
  expect(texts(app.disk.kept).slice(-2)).toEqual(['two', 'three'])
})

test('a delivery that is refused is acknowledged, and blocks nothing', async () => {
  const relay = await testRelay()
  const token = await relay.addReader('laptop')
  for (const body of ['poison', 'good']) await relay.post(body)
  const app = startInlet({
    url: relay.origin,
    token,
    ingest: async ({ body }) =>
      Buffer.from(body).toString() === 'poison' ? { kind: 'refused', because: 'signature-invalid' } : keptOutcome,
  })
  await app.until(() => app.disk.checkpoint?.endsWith(':2') ?? false)
  await app.stop()
  expect(texts(app.disk.kept)).toEqual(['good'])
  expect((await relay.readers())[0]?.waiting).toBe(0)
})

test('who is not let in is told why, and does not try again soon', async () => {
  const relay = await testRelay()
  const token = await relay.addReader('laptop')
  const app = startInlet({ url: relay.origin, token })
  await app.until(() => app.last()?.kind === 'live')
  await relay.administer('DELETE', '/readers/laptop')
  await app.until(() => app.last()?.kind === 'waiting')
  expect(app.last()).toMatchObject({ because: 'refused', detail: expect.stringContaining('revoked') })
  app.inlet.reconnect()
  await app.until(() => app.states.length > 4 && app.last()?.kind === 'waiting')
  const refused = app.last()
  expect(refused).toMatchObject({ because: 'refused', detail: expect.stringContaining('reader token') })
  expect(refused?.kind === 'waiting' && Date.parse(refused.retryAt) - Date.now()).toBeGreaterThan(60_000)
  expect(JSON.stringify(app.states)).not.toContain(token)
})
