import { describe, expect, test, vi } from 'vitest'
import type { Detection, DetectionId, OrganizationId, Sequence } from '../../shared/detection.ts'
import type { StorageHealth } from '../../shared/health.ts'
import { check } from './check.ts'
import { createCounters } from './counters.ts'
import type { Change, Checked, Delivery, Keeper, Kept } from './delivery.ts'
import { observe } from './drift.ts'
import { createKeyRing } from './keys.ts'
import { parse } from './parse.ts'
import { createPipeline, defaultLimits } from './pipeline.ts'
import type { Limits } from './pipeline.ts'
import { createMemoryKeyStore, createSigner, deliveryOf, fetched, instant, noon, organization, pinned, tokenWith } from './test-support.ts'

/** A history in memory that keeps to the contract of `Keeper`; `log` says in which order things happened. */
function createMemoryKeeper(log: string[]) {
  const rows: Checked[] = []
  const batches: number[] = []
  const trouble = { message: null as string | null, full: false }
  const commit = (what: string) => {
    if (trouble.message !== null) throw new Error(trouble.message)
    log.push(what)
  }
  const idOf = ({ token }: Checked) => `${token?.organizationId} ${token ? Buffer.from(token.signingInputHash).toString('hex') : ''}`
  const changeOf = ({ standing }: Checked, sequence: number): Change | null =>
    standing.kind === 'trusted' && standing.content.kind === 'detection'
      ? ({ detection: standing.content.detection as Detection, transition: { sequence } } as Change)
      : null
  const keeper: Keeper = {
    keep: (batch) => {
      commit(`keep ${batch.length}`)
      batches.push(batch.length)
      return batch.map((checked): Kept => {
        if (checked.standing.kind === 'waiting' && trouble.full) return { kind: 'quarantine-full' }
        const isKnown = rows.some(
          (row) =>
            idOf(row) === idOf(checked) &&
            (row.standing.kind === 'trusted' ||
              (row.standing.kind === checked.standing.kind && Buffer.compare(row.delivery.body, checked.delivery.body) === 0)),
        )
        if (isKnown && checked.standing.kind !== 'refused') return { kind: 'duplicate' }
        const sequence = rows.push(checked) as Sequence
        return { kind: 'kept', sequence, change: changeOf(checked, sequence) }
      })
    },
    waiting: (id, after, limit) =>
      rows
        .map(({ delivery, standing, token }, index) => ({ sequence: (index + 1) as Sequence, delivery, standing, token }))
        .filter((row) => row.standing.kind === 'waiting' && row.token?.organizationId === id && row.sequence > (after ?? 0))
        .slice(0, limit)
        .map(({ sequence, delivery }) => ({ sequence, delivery })),
    settle: (batch) => {
      commit(`settle ${batch.length}`)
      return batch.map(({ sequence, checked }) => {
        rows[sequence - 1] = checked
        return changeOf(checked, sequence)
      })
    },
  }
  return { keeper, rows, batches, trouble }
}

const signer = createSigner('k1')
const later = createSigner('k2')

async function setUp(options: { limits?: Partial<Limits>; check?: typeof check; publish?: (changes: readonly Change[]) => void } = {}) {
  const log: string[] = []
  const memory = createMemoryKeyStore([organization(pinned, 'pinned'), organization(fetched, 'fetched')])
  memory.put(pinned, signer.publicKey)
  const history = createMemoryKeeper(log)
  const counters = createCounters()
  const published: DetectionId[] = []
  const storage: StorageHealth[] = []
  const faults: unknown[] = []
  const ring = createKeyRing({
    store: memory.store,
    fetchKeys: () => Promise.resolve({ kind: 'failed', because: 'unreachable', detail: 'no network here' }),
    now: () => noon,
    random: () => 0.5,
    schedule: () => () => undefined,
    onKeysChanged: () => undefined,
    onStatesChanged: () => undefined,
  })
  await ring.reload()
  const context = {
    organization: ring.organization,
    keys: ring,
    expected: () => ({ targetUrls: null, webhookIds: null }),
    isAuthenticatedRelay: (inlet: string) => inlet === 'relay',
    unsignedInlet: (inlet: string) => (inlet === 'unsigned' ? pinned : null),
    now: () => noon,
  }
  const pipeline = createPipeline({
    check: (delivery) => (options.check ?? check)(delivery, context),
    parse,
    observe,
    keeper: history.keeper,
    publish:
      options.publish ??
      ((changes) => {
        log.push(`publish ${changes.length}`)
        published.push(...changes.map((change) => change.detection.id))
      }),
    count: counters.count,
    now: () => noon,
    onStorage: (health) => storage.push(health),
    onFault: (error) => faults.push(error),
    limits: { ...defaultLimits, ...options.limits },
  })
  const publishKey = async (id: OrganizationId, ...keys: readonly (typeof signer)[]) => {
    memory.put(id, ...keys.map((key) => key.publicKey))
    await ring.reload()
  }
  return { ...history, log, counters, published, storage, faults, pipeline, publishKey }
}

const deliver = (id: string, more: object = {}, by = signer) =>
  deliveryOf(tokenWith(by, { trigger_content: { id, type: 'X', status: 'ongoing' }, ...more }))
const forged = () => deliver('det-forged', {}, createSigner('k1'))
const waiting = (id: string, by = later) => deliver(id, { aud: fetched }, by)

describe('keep, then answer, then tell', () => {
  test('an outcome comes after the commit that makes it true', async () => {
    const { pipeline, log, published, rows } = await setUp()
    const outcome = await pipeline.ingest(deliver('det-1')).then((result) => {
      log.push('answer')
      return result
    })
    expect(outcome).toEqual({ kind: 'kept', sequence: 1 })
    expect(log.filter((entry) => entry !== 'publish 1')).toEqual(['keep 1', 'answer'])
    expect(log.indexOf('publish 1')).toBeGreaterThan(0)
    expect(published).toEqual(['det-1'])
    expect(rows[0]?.standing).toMatchObject({ kind: 'trusted', trust: 'verified' })
    await pipeline.stop()
  })

  test('deliveries in flight together share commits, and every one is answered with its own place', async () => {
    const { pipeline, batches, rows } = await setUp()
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, index) => pipeline.ingest(deliver(`det-${index}`))))
    expect(batches.reduce((sum, size) => sum + size)).toBe(200)
    expect(batches.length).toBeLessThan(100)
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.kind !== 'kept') throw new Error(outcome.kind)
      const standing = rows[outcome.sequence - 1]?.standing
      expect(standing).toMatchObject({ content: { detection: { id: `det-${index}` } } })
    }
    await pipeline.stop()
  })

  test('no batch is larger than its bound', async () => {
    const { pipeline, batches } = await setUp({ limits: { batch: 8 }, check: instantly })
    await Promise.all(Array.from({ length: 50 }, (_, index) => pipeline.ingest(deliver(`det-${index}`))))
    expect(batches).toEqual([8, 8, 8, 8, 8, 8, 2])
    await pipeline.stop()
  })

  test('a commit that fails answers failed to all of its batch, publishes nothing, and says so until one succeeds', async () => {
    const { pipeline, trouble, published, storage, counters } = await setUp()
    trouble.message = 'database or disk is full'
    const outcomes = await Promise.all([1, 2, 3].map((id) => pipeline.ingest(deliver(`det-${id}`))))
    expect(outcomes).toEqual(Array.from({ length: 3 }, () => ({ kind: 'failed', because: 'not-committed' })))
    await pipeline.ingest(deliver('det-4'))
    expect(published).toEqual([])
    expect(storage).toEqual([{ kind: 'failing', since: instant(noon), detail: 'database or disk is full' }])
    trouble.message = null
    expect(await pipeline.ingest(deliver('det-5'))).toMatchObject({ kind: 'kept' })
    expect(storage.at(-1)).toEqual({ kind: 'ok' })
    expect(counters.read()).toMatchObject({ received: 5, failed: 4, kept: 1 })
    await pipeline.stop()
  })

  test('a listener that throws breaks no answer', async () => {
    const { pipeline, faults } = await setUp({
      publish: () => {
        throw new Error('window gone')
      },
    })
    expect(await pipeline.ingest(deliver('det-1'))).toMatchObject({ kind: 'kept' })
    expect(faults).toEqual([new Error('window gone')])
    await pipeline.stop()
  })

  test('a bug in the check is a failed delivery, not a lost answer', async () => {
    const { pipeline, faults, rows } = await setUp({ check: () => Promise.reject(new Error('bug')) })
    expect(await pipeline.ingest(deliver('det-1'))).toEqual({ kind: 'failed', because: 'not-committed' })
    expect([faults, rows]).toEqual([[new Error('bug')], []])
    await pipeline.stop()
  })

  test('a duplicate answers so and changes nothing', async () => {
    const { pipeline, published, rows, counters } = await setUp()
    const delivery = deliver('det-1')
    expect(await pipeline.ingest(delivery)).toMatchObject({ kind: 'kept' })
    expect(await pipeline.ingest(delivery)).toEqual({ kind: 'duplicate' })
    expect([published.length, rows.length]).toEqual([1, 1])
    expect(counters.read()).toMatchObject({ received: 2, kept: 1, duplicate: 1 })
    await pipeline.stop()
  })

  test('other triggers and unreadable ones are kept, counted and not published', async () => {
    const { pipeline, published, counters } = await setUp()
    expect(await pipeline.ingest(deliver('x', { trigger_name: 'MitmAttackDetected_v1' }))).toMatchObject({ kind: 'kept' })
    expect(await pipeline.ingest(deliver('x', { trigger_content: { type: 'X' } }))).toMatchObject({ kind: 'kept' })
    expect(published).toEqual([])
    expect(counters.read()).toMatchObject({ kept: 2, otherTrigger: 1, unreadable: 1 })
    await pipeline.stop()
  })
})

const instantly: typeof check = async (delivery, context) => {
  const examined = await check({ ...delivery, body: Buffer.from('x') }, context)
  return { ...examined, decision: { kind: 'waiting', because: 'keys-not-fetched' } }
}

describe('what is refused', () => {
  test('is answered at once by the receiver, and recorded with the next commit', async () => {
    const { pipeline, rows, batches, counters } = await setUp()
    expect(await pipeline.ingest(forged())).toEqual({ kind: 'refused', because: 'signature-invalid' })
    expect(await pipeline.ingest(deliveryOf('not a token'))).toEqual({ kind: 'refused', because: 'not-a-token' })
    expect(rows).toEqual([])
    await pipeline.ingest(deliver('det-1'))
    expect(batches).toEqual([3])
    expect(rows.map((row) => row.standing.kind)).toEqual(['trusted', 'refused', 'refused'])
    expect(counters.read().refused).toEqual({ 'signature-invalid': 1, 'not-a-token': 1 })
    await pipeline.stop()
  })

  test('is recorded by itself when nothing else comes', async () => {
    const { pipeline, rows } = await setUp({ limits: { ridersWaitMs: 5 } })
    await pipeline.ingest(forged())
    while (rows.length === 0) await new Promise((done) => setTimeout(done, 2))
    expect(rows[0]?.standing).toEqual({ kind: 'refused', because: 'signature-invalid' })
    await pipeline.stop()
  })

  test('is only counted beyond a bound', async () => {
    const { pipeline, rows, counters } = await setUp({ limits: { riders: 4 } })
    for (let index = 0; index < 10; index++) await pipeline.ingest(deliveryOf(`not a token ${index}`))
    await pipeline.stop()
    expect(rows.length).toBe(4)
    expect(counters.read().refused['not-a-token']).toBe(10)
  })

  test('does not slow down the others: however many commits there are, no more are recorded in a while', async () => {
    const { pipeline, rows } = await setUp({ limits: { riders: 4, ridersWaitMs: 60_000 } })
    for (let index = 0; index < 20; index++) {
      await pipeline.ingest(deliveryOf(`not a token ${index}`))
      await pipeline.ingest(deliver(`det-${index}`))
    }
    expect(rows.filter((row) => row.standing.kind === 'refused').length).toBe(4)
    expect(rows.filter((row) => row.standing.kind === 'trusted').length).toBe(20)
    await pipeline.stop()
  })

  test('is recorded before the answer for every other inlet', async () => {
    const { pipeline, rows, trouble } = await setUp()
    expect(await pipeline.ingest({ ...forged(), inlet: 'relay' })).toEqual({ kind: 'refused', because: 'signature-invalid' })
    expect(rows.length).toBe(1)
    trouble.message = 'disk full'
    expect(await pipeline.ingest({ ...forged(), inlet: 'relay' })).toEqual({ kind: 'failed', because: 'not-committed' })
    await pipeline.stop()
  })
})

describe('too much at once', () => {
  test('more deliveries or bytes in flight than allowed are turned away, and room comes back', async () => {
    const { pipeline } = await setUp({ limits: { inFlight: 2 } })
    const outcomes = await Promise.all([1, 2, 3].map((id) => pipeline.ingest(deliver(`det-${id}`))))
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['kept', 'kept', 'failed'])
    expect(outcomes[2]).toEqual({ kind: 'failed', because: 'overloaded' })
    expect(await pipeline.ingest(deliver('det-4'))).toMatchObject({ kind: 'kept' })
    await pipeline.stop()
    const one = deliver('det-5')
    const small = await setUp({ limits: { inFlightBytes: one.body.length + 10 } })
    const both = await Promise.all([small.pipeline.ingest(one), small.pipeline.ingest(deliver('det-6'))])
    expect(both.map((outcome) => outcome.kind)).toEqual(['kept', 'failed'])
    expect(await small.pipeline.ingest(deliver('det-7'))).toMatchObject({ kind: 'kept' })
    await small.pipeline.stop()
  })

  test('a waiting delivery that quarantine has no room for is worth another try', async () => {
    const { pipeline, trouble } = await setUp()
    trouble.full = true
    expect(await pipeline.ingest(waiting('det-1'))).toEqual({ kind: 'failed', because: 'overloaded' })
    await pipeline.stop()
  })
})

describe('a second look', () => {
  test('releases what has become good, refuses what has not, and judges both by their own arrival', async () => {
    const { pipeline, publishKey, published, rows, counters } = await setUp()
    expect(await pipeline.ingest(waiting('det-1'))).toEqual({ kind: 'quarantined', sequence: 1 })
    await pipeline.ingest(waiting('det-forged', createSigner('k2')))
    await pipeline.ingest(waiting('det-other', createSigner('k3')))
    expect(published).toEqual([])
    await publishKey(fetched, later)
    expect(await pipeline.recheck(fetched)).toEqual({ released: 1, refused: 1 })
    expect(published).toEqual(['det-1'])
    expect(rows.map((row) => row.standing)).toMatchObject([
      { kind: 'trusted', trust: 'verified' },
      { kind: 'refused', because: 'signature-invalid' },
      { kind: 'waiting', because: 'key-not-found' },
    ])
    expect(counters.read()).toMatchObject({ quarantined: 3, kept: 0 })
    await pipeline.stop()
  })

  test('goes through quarantine in chunks, one commit each', async () => {
    const { pipeline, publishKey, published, log } = await setUp({ limits: { batch: 10 } })
    await Promise.all(Array.from({ length: 25 }, (_, index) => pipeline.ingest(waiting(`det-${index}`))))
    await publishKey(fetched, later)
    await pipeline.recheck(fetched)
    expect(log.filter((entry) => entry.startsWith('settle'))).toEqual(['settle 10', 'settle 10', 'settle 5'])
    expect(new Set(published).size).toBe(25)
    await pipeline.stop()
  })

  test('is one at a time for an organization, and made once more where it was asked for meanwhile', async () => {
    const { pipeline, log } = await setUp()
    await pipeline.ingest(waiting('det-1'))
    await Promise.all([pipeline.recheck(fetched), pipeline.recheck(fetched), pipeline.recheck(fetched)])
    expect(log.filter((entry) => entry.startsWith('settle'))).toEqual(['settle 1', 'settle 1'])
    await pipeline.stop()
  })

  test('misses none that was judged by the old keys and not yet committed', async () => {
    let looks = 0
    let recheck: Promise<unknown> | null = null
    const { pipeline, published } = await setUp({
      check: async (delivery, context) => {
        const examined = await check(delivery, context)
        if (++looks > 1) return examined
        // The keys change between this decision and its commit.
        recheck = pipeline.recheck(pinned)
        return { ...examined, decision: { kind: 'waiting', because: 'keys-not-fetched' } }
      },
    })
    expect(await pipeline.ingest(deliver('det-1'))).toMatchObject({ kind: 'quarantined' })
    await recheck
    expect(published).toEqual(['det-1'])
    await pipeline.stop()
  })

  test('is made up for after the next commit, where the history could not take it', async () => {
    const { pipeline, publishKey, published, trouble, storage } = await setUp()
    await pipeline.ingest(waiting('det-1'))
    await publishKey(fetched, later)
    trouble.message = 'disk full'
    await pipeline.recheck(fetched)
    expect([published, storage.at(-1)?.kind]).toEqual([[], 'failing'])
    trouble.message = null
    await pipeline.ingest(deliver('det-2'))
    await vi.waitFor(() => expect(published).toEqual(['det-2', 'det-1']))
    expect(storage.at(-1)).toEqual({ kind: 'ok' })
    await pipeline.stop()
  })
})

describe('stopping', () => {
  test('answers what is in flight, records what was refused, and turns new ones away', async () => {
    const { pipeline, rows } = await setUp()
    await pipeline.ingest(forged())
    const inFlight = [1, 2, 3].map((id): Promise<unknown> => pipeline.ingest(deliver(`det-${id}`)))
    const stopped = pipeline.stop()
    const after: Delivery = deliver('det-4')
    expect(await pipeline.ingest(after)).toEqual({ kind: 'failed', because: 'overloaded' })
    await stopped
    expect(rows.length).toBe(4)
    expect(await Promise.all(inFlight)).toMatchObject([{ kind: 'kept' }, { kind: 'kept' }, { kind: 'kept' }])
  })
})

describe('what is fetched', () => {
  /** Checks that take as long as they like: the first of eight the longest. */
  const uneven: typeof check = async (delivery, context) => {
    const examined = await check(delivery, context)
    const place = Number(
      JSON.parse(Buffer.from(Buffer.from(delivery.body).toString('latin1').split('.')[1] ?? '', 'base64url').toString()).place,
    )
    for (let turn = 0; turn < (8 - (place % 8)) * 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    return examined
  }
  const from = (inlet: string, place: number, by = signer): Delivery => ({
    ...deliver(`det-${place}`, { place }, by),
    inlet,
    isBacklog: place % 2 === 0,
  })

  test('is kept in the order it came in, refusals among it, however long each check takes', async () => {
    const { pipeline, rows } = await setUp({ check: uneven, limits: { batch: 5 } })
    const forger = createSigner('k1')
    const deliveries = Array.from({ length: 40 }, (_, place) => from('relay:abcd1234', place, place % 7 === 3 ? forger : signer))
    await Promise.all(deliveries.map(pipeline.ingest))
    expect(rows.map(({ delivery }) => delivery)).toEqual(deliveries)
    await pipeline.stop()
  })

  test('waits for nothing that comes another way', async () => {
    let release = (): void => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const slowRelay: typeof check = async (delivery, context) => {
      const examined = await check(delivery, context)
      if (delivery.inlet.startsWith('relay')) await held
      return examined
    }
    const { pipeline } = await setUp({ check: slowRelay })
    const order: number[] = []
    const relayed = [0, 7].map((place) => pipeline.ingest(from('relay:abcd1234', place)).then(() => order.push(place)))
    await Promise.all([pipeline.ingest(from('gosmee:abcd1234', 15)), pipeline.ingest(from('receiver', 23))])
    expect(order).toEqual([])
    release()
    await Promise.all(relayed)
    expect(order).toEqual([0, 7])
    await pipeline.stop()
  })

  test('is marked as backlog where it is published', async () => {
    const marks: (boolean | undefined)[] = []
    const { pipeline } = await setUp({ publish: (changes) => marks.push(...changes.map((change) => change.isBacklog)) })
    await Promise.all([0, 1, 2, 3].map((place) => pipeline.ingest(from('relay:abcd1234', place))))
    expect(marks).toEqual([true, undefined, true, undefined])
    await pipeline.stop()
  })

  test('a check that fails holds up nobody behind it', async () => {
    const failing: typeof check = (delivery, context) =>
      delivery.isBacklog ? Promise.reject(new Error('a bug')) : check(delivery, context)
    const { pipeline, faults } = await setUp({ check: failing })
    const outcomes = await Promise.all([0, 1, 2, 3].map((place) => pipeline.ingest(from('relay:abcd1234', place))))
    expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'kept', 'failed', 'kept'])
    expect(faults).toHaveLength(2)
    await pipeline.stop()
  })
})
