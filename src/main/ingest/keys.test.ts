import { describe, expect, test } from 'vitest'
import type { OrganizationId } from '../../shared/detection.ts'
import type { PublicKey } from '../../shared/organization.ts'
import { check } from './check.ts'
import type { CheckContext } from './check.ts'
import { mergeKeys, speaksFor } from './key-set.ts'
import { createKeyRing } from './keys.ts'
import type { FetchKeys } from './keys.ts'
import {
  createClock,
  createMemoryKeyStore,
  createSigner,
  deliveryOf,
  fetched,
  instant,
  noon,
  organization,
  pinned,
  tokenWith,
} from './test-support.ts'

const minute = 60_000
const hour = 60 * minute
const now = { issuedAt: noon, receivedAt: noon }

type Answer = Awaited<ReturnType<FetchKeys>>
const keysOf = (...keys: readonly PublicKey[]): Answer => ({ kind: 'fetched', keys })
const down: Answer = { kind: 'failed', because: 'answered-otherwise', detail: 'api.slashid.com answered with status 503 instead of keys.' }

/** A ring over a memory store, a clock that stands still and an issuer that answers whatever `answer` says at the moment. */
function setUp(answer: Answer = down) {
  const memory = createMemoryKeyStore([organization(fetched, 'fetched'), organization(pinned, 'pinned')])
  const clock = createClock()
  const issuer = { answer, fetchedAt: [] as number[], inFlight: 0, mostInFlight: 0, hold: Promise.resolve() }
  const changed: OrganizationId[] = []
  const ring = createKeyRing({
    store: memory.store,
    fetchKeys: async () => {
      issuer.fetchedAt.push(clock.now())
      issuer.mostInFlight = Math.max(issuer.mostInFlight, ++issuer.inFlight)
      await issuer.hold
      issuer.inFlight--
      return issuer.answer
    },
    now: clock.now,
    random: () => 0.5,
    schedule: clock.schedule,
    onKeysChanged: (id) => changed.push(id),
    onStatesChanged: () => undefined,
  })
  // Importing a key takes a turn of the thread pool.
  const settle = () => new Promise<void>((done) => setTimeout(done, 4))
  const advance = (ms: number) => clock.advance(ms, settle)
  const stateOf = (id: OrganizationId) => ring.states().find((state) => state.id === id)
  return { ...memory, clock, issuer, changed, ring, settle, advance, stateOf }
}

function mostInAMinute(times: readonly number[]): number {
  return Math.max(0, ...times.map((start) => times.filter((time) => time >= start && time < start + minute).length))
}

describe('finding a key', () => {
  test('pinned keys are all there is, and are never fetched', async () => {
    const { ring, put, issuer, advance } = setUp()
    const signer = createSigner('k1')
    put(pinned, signer.publicKey)
    await ring.reload()
    const before = issuer.fetchedAt.length
    expect(ring.find(pinned, 'k1', now).kind).toBe('found')
    expect(ring.find(pinned, 'k2', now)).toEqual({ kind: 'unknown-to-pinned' })
    await advance(0)
    expect(issuer.fetchedAt.length).toBe(before)
    await ring.stop()
  })

  test('an organization that is not loaded makes a delivery wait', () => {
    expect(setUp().ring.find('nobody' as OrganizationId, 'k1', now)).toEqual({ kind: 'none-fetched-yet' })
  })

  test('the first fetch starts with the ring, is saved, and is told', async () => {
    const signer = createSigner('k1')
    const { ring, issuer, settle, store, changed, stateOf } = setUp(keysOf(signer.publicKey))
    let answer: () => void = () => undefined
    issuer.hold = new Promise((done) => (answer = done))
    await ring.reload()
    expect(ring.find(fetched, 'k1', now)).toEqual({ kind: 'none-fetched-yet' })
    answer()
    await settle()
    expect(issuer.fetchedAt).toEqual([noon])
    expect(ring.find(fetched, 'k1', now).kind).toBe('found')
    expect(store.keys(fetched)).toMatchObject([{ kid: 'k1', confirmedAt: instant(noon), retiredAt: null }])
    expect(changed).toContain(fetched)
    expect(stateOf(fetched)).toMatchObject({ keyIds: ['k1'], keysConfirmedAt: instant(noon), keysTrouble: null })
    await ring.stop()
  })

  test('offline for days, the last good set goes on working and says when it was confirmed', async () => {
    const signer = createSigner('k1')
    const { ring, put, clock, advance, stateOf } = setUp()
    put(fetched, signer.publicKey)
    clock.set(noon + 72 * hour)
    await ring.reload()
    await advance(hour)
    expect(ring.find(fetched, 'k1', { issuedAt: clock.now(), receivedAt: clock.now() }).kind).toBe('found')
    expect(stateOf(fetched)).toMatchObject({ keyIds: ['k1'], keysConfirmedAt: instant(noon), keysTrouble: expect.stringContaining('503') })
    await ring.stop()
  })

  test('fetched keys work only once they are kept, since what they prove could not be proved again', async () => {
    const { ring, store, settle, advance, stateOf } = setUp(keysOf(createSigner('k1').publicKey))
    const { saveKeys } = store
    store.saveKeys = () => {
      throw new Error('disk full')
    }
    await ring.reload()
    await settle()
    expect(ring.find(fetched, 'k1', now).kind).toBe('none-fetched-yet')
    expect(stateOf(fetched)?.keysTrouble).toContain('disk full')
    store.saveKeys = saveKeys
    await advance(60_000)
    expect(ring.find(fetched, 'k1', now).kind).toBe('found')
    expect(stateOf(fetched)?.keysTrouble).toBeNull()
    await ring.stop()
  })

  test('keys of an organization that another process added are found after a reload, and gone with it', async () => {
    const { ring, state, put, changed } = setUp()
    const added = 'org-added' as OrganizationId
    await ring.reload()
    expect(ring.organization(added)).toBeNull()
    state.organizations = [...state.organizations, organization(added, 'pinned')]
    put(added, createSigner('k9').publicKey)
    await ring.reload()
    expect(ring.organization(added)?.id).toBe(added)
    expect(ring.find(added, 'k9', now).kind).toBe('found')
    expect(changed).toEqual([added])
    state.organizations = state.organizations.filter((one) => one.id !== added)
    await ring.reload()
    expect(ring.organization(added)).toBeNull()
    await ring.stop()
  })
})

describe('asking the issuer', () => {
  test('500 random kids against an issuer that answers 503 cause at most 6 fetches in any minute', async () => {
    const { ring, issuer, advance } = setUp(down)
    await ring.reload()
    for (let index = 0; index < 500; index++) {
      expect(ring.find(fetched, `random-${index}`, now)).toEqual({ kind: 'none-fetched-yet' })
      await advance(120)
    }
    expect(issuer.fetchedAt.length).toBeGreaterThan(1)
    expect(mostInAMinute(issuer.fetchedAt)).toBeLessThanOrEqual(6)
    await ring.stop()
  })

  test('500 random kids against an issuer that answers well cause 6 fetches in a minute, one at a time', async () => {
    const { ring, issuer, advance } = setUp(keysOf(createSigner('k1').publicKey))
    await ring.reload()
    for (let index = 0; index < 500; index++) {
      ring.find(fetched, `random-${index}`, now)
      await advance(120)
    }
    expect(mostInAMinute(issuer.fetchedAt)).toBe(6)
    expect(issuer.mostInFlight).toBe(1)
    await ring.stop()
  }, 30_000)

  test('the same unknown kid is asked for once', async () => {
    const { ring, issuer, settle } = setUp(keysOf(createSigner('k1').publicKey))
    await ring.reload()
    await settle()
    for (let times = 0; times < 100; times++) {
      expect(ring.find(fetched, 'k2', now)).toEqual({ kind: 'not-found' })
      await settle()
    }
    expect(issuer.fetchedAt.length).toBe(2)
    await ring.stop()
  })

  test('misses while a fetch is under way do not start another', async () => {
    const { ring, issuer, settle } = setUp()
    let answer: () => void = () => undefined
    issuer.hold = new Promise((done) => (answer = done))
    await ring.reload()
    for (let index = 0; index < 50; index++) ring.find(fetched, `k${index}`, now)
    expect(issuer.fetchedAt.length).toBe(1)
    answer()
    await settle()
    expect(issuer.mostInFlight).toBe(1)
    await ring.stop()
  })

  test('failures are tried again ever less often, up to every 10 minutes', async () => {
    const { ring, issuer, advance } = setUp(down)
    await ring.reload()
    await advance(2 * hour)
    const pauses = issuer.fetchedAt.slice(1).map((time, index) => time - (issuer.fetchedAt[index] ?? 0))
    expect(pauses.slice(0, 3)).toEqual([3_750, 7_500, 15_000])
    expect(pauses.at(-1)).toBe(450_000)
    await ring.stop()
  })

  test('a key published a minute after its first token is found by looking again', async () => {
    const first = createSigner('k1')
    const second = createSigner('k2')
    const { ring, issuer, settle, advance, changed } = setUp(keysOf(first.publicKey))
    await ring.reload()
    await settle()
    expect(ring.find(fetched, 'k2', now)).toEqual({ kind: 'not-found' })
    await settle()
    issuer.answer = keysOf(first.publicKey, second.publicKey)
    changed.length = 0
    await advance(minute)
    expect(changed).toEqual([fetched])
    expect(ring.find(fetched, 'k2', now).kind).toBe('found')
    await ring.stop()
  })

  test('a kid nobody ever publishes is not looked out for longer than an hour', async () => {
    const { ring, issuer, settle, advance } = setUp(keysOf(createSigner('k1').publicKey))
    await ring.reload()
    await settle()
    ring.find(fetched, 'forged', now)
    await advance(3 * hour)
    const count = issuer.fetchedAt.length
    expect(count).toBeLessThanOrEqual(10)
    await advance(2 * hour)
    expect(issuer.fetchedAt.length).toBe(count)
    await ring.stop()
  })

  test('a kid that the issuer has not published for a day after its token came is given up, and only by the answer of the issuer', async () => {
    const { ring, issuer, settle, clock, advance } = setUp(keysOf(createSigner('k1').publicKey))
    await ring.reload()
    await settle()
    issuer.answer = down
    await advance(72 * hour)
    expect(ring.find(fetched, 'k2', now), 'offline for days').toEqual({ kind: 'not-found' })
    issuer.answer = keysOf(createSigner('k1').publicKey)
    await advance(hour)
    expect(ring.find(fetched, 'k2', now)).toEqual({ kind: 'unknown-to-issuer' })
    expect(ring.find(fetched, 'k2', { issuedAt: clock.now(), receivedAt: clock.now() }), 'a new token waits anew').toEqual({
      kind: 'not-found',
    })
    await ring.stop()
  })

  test('a person who asks is answered at once whatever the backoff, joins what runs, and keeps to six a minute', async () => {
    const { ring, issuer, settle, clock } = setUp(down)
    await ring.reload()
    await settle()
    const joined = Promise.all([ring.refresh(fetched), ring.refresh(fetched)])
    expect(await joined).toEqual(Array.from({ length: 2 }, () => ({ kind: 'failed', detail: (down as { detail: string }).detail })))
    expect(issuer.fetchedAt.length).toBe(2)
    issuer.answer = keysOf(createSigner('k1').publicKey)
    expect(await ring.refresh(fetched)).toEqual({ kind: 'fetched' })
    for (let times = 0; times < 20; times++) await ring.refresh(fetched)
    expect(issuer.fetchedAt.length).toBe(6)
    expect(await ring.refresh(fetched)).toEqual({ kind: 'later', at: instant(clock.now() + minute) })
    expect(await ring.refresh(pinned)).toEqual({ kind: 'pinned' })
    expect(await ring.refresh('nobody' as OrganizationId)).toEqual({ kind: 'organization-unknown' })
    await ring.stop()
  })

  test('known keys are confirmed about every six hours', async () => {
    const { ring, issuer, settle, advance, stateOf } = setUp(keysOf(createSigner('k1').publicKey))
    await ring.reload()
    await settle()
    await advance(25 * hour)
    expect(issuer.fetchedAt.length).toBe(5)
    expect(stateOf(fetched)?.keysConfirmedAt).toBe(instant(noon + 24 * hour))
    await ring.stop()
  })

  test('after a sleep that held up its timers, a miss asks at once', async () => {
    const { ring, issuer, settle, clock } = setUp(keysOf(createSigner('k1').publicKey))
    await ring.reload()
    await settle()
    clock.set(noon + 10 * hour)
    ring.find(fetched, 'k2', now)
    expect(issuer.fetchedAt.at(-1)).toBe(noon + 10 * hour)
    await ring.stop()
  })

  test('a clock set back by a year does not stop the asking', async () => {
    const { ring, issuer, settle, clock, advance } = setUp(down)
    await ring.reload()
    await settle()
    clock.set(noon - 365 * 24 * hour)
    ring.find(fetched, 'k2', now)
    await advance(10 * minute)
    expect(issuer.fetchedAt.length).toBeGreaterThan(1)
    await ring.stop()
  })

  test('a ring that stopped asks no more', async () => {
    const { ring, issuer, settle, clock, advance } = setUp(down)
    await ring.reload()
    await settle()
    await ring.stop()
    ring.find(fetched, 'k2', now)
    await advance(24 * hour)
    expect(issuer.fetchedAt.length).toBe(1)
    expect(clock.planned()).toEqual([])
  })
})

describe('rotation', () => {
  const old = createSigner('k1')
  const reused = createSigner('k1')
  const next = createSigner('k2')

  async function rotated(answer: Answer) {
    const parts = setUp(keysOf(old.publicKey))
    await parts.ring.reload()
    await parts.settle()
    parts.issuer.answer = answer
    await parts.advance(6 * hour)
    const retiredAt = noon + 6 * hour
    const context: CheckContext = {
      organization: parts.ring.organization,
      keys: parts.ring,
      expected: () => ({ targetUrls: null, webhookIds: null }),
      isAuthenticatedRelay: () => false,
      unsignedInlet: () => null,
      onBadSignature: parts.ring.doubt,
      now: parts.clock.now,
    }
    const decide = async (signer: typeof old, issuedAt: number, receivedAt = issuedAt) => {
      const token = tokenWith(signer, { aud: fetched, iat: issuedAt / 1000, exp: issuedAt / 1000 + 86_400 })
      return (await check(deliveryOf(token, { receivedAt: instant(receivedAt) }), context)).decision
    }
    return { ...parts, retiredAt, decide }
  }

  test('a retired key still checks what it signed before, and nothing it signs afterwards', async () => {
    const { ring, decide, retiredAt, store, stateOf } = await rotated(keysOf(next.publicKey))
    expect(stateOf(fetched)?.keyIds).toEqual(['k2'])
    expect(store.keys(fetched)).toMatchObject([
      { kid: 'k1', retiredAt: instant(retiredAt) },
      { kid: 'k2', retiredAt: null },
    ])
    expect(await decide(old, retiredAt - minute)).toEqual({ kind: 'trusted', trust: 'verified' })
    expect(await decide(old, retiredAt + 2 * minute)).toEqual({ kind: 'waiting', because: 'key-not-found' })
    expect(await decide(next, retiredAt + 2 * minute)).toEqual({ kind: 'trusted', trust: 'verified' })
    await ring.stop()
  })

  test('a bad signature has the issuer asked, and with a new key under the old name the next token is believed', async () => {
    const { ring, decide, issuer, clock, advance } = await rotated(keysOf(old.publicKey))
    issuer.answer = keysOf(reused.publicKey)
    await advance(minute)
    const before = issuer.fetchedAt.length
    expect(await decide(reused, clock.now())).toEqual({ kind: 'refused', because: 'signature-invalid' })
    await advance(0)
    expect(issuer.fetchedAt.length).toBe(before + 1)
    expect(await decide(reused, clock.now())).toEqual({ kind: 'trusted', trust: 'verified' })
    for (let forgery = 0; forgery < 50; forgery++) expect(await decide(next, clock.now())).toMatchObject({ kind: 'waiting' })
    await advance(10 * minute)
    expect(mostInAMinute(issuer.fetchedAt)).toBeLessThanOrEqual(6)
    await ring.stop()
  })

  test('a withdrawn key cannot be used for tokens dated back that arrive hours later', async () => {
    const { ring, decide, retiredAt } = await rotated(keysOf(next.publicKey))
    expect(await decide(old, retiredAt - minute, retiredAt + 3 * hour)).toEqual({ kind: 'waiting', because: 'key-not-found' })
    await ring.stop()
  })

  test('a kid used again for other key material makes a second key: the old one for old tokens, the new one for new', async () => {
    const { ring, decide, retiredAt, store } = await rotated(keysOf(reused.publicKey))
    expect(store.keys(fetched).length).toBe(2)
    expect(await decide(old, retiredAt - minute)).toEqual({ kind: 'trusted', trust: 'verified' })
    expect(await decide(reused, retiredAt + 2 * minute)).toEqual({ kind: 'trusted', trust: 'verified' })
    expect(await decide(old, retiredAt + 2 * minute)).toEqual({ kind: 'refused', because: 'signature-invalid' })
    await ring.stop()
  })

  test('a key that comes back is current again', () => {
    const gone = mergeKeys(mergeKeys([], [old.publicKey], noon), [next.publicKey], noon + hour)
    const back = mergeKeys(gone, [old.publicKey, next.publicKey], noon + 2 * hour)
    expect(back).toMatchObject([
      { kid: 'k1', firstSeenAt: instant(noon), confirmedAt: instant(noon + 2 * hour), retiredAt: null },
      { kid: 'k2', retiredAt: null },
    ])
  })

  test('a key retired twice keeps the first moment', () => {
    const gone = mergeKeys(mergeKeys([], [old.publicKey], noon), [next.publicKey], noon + hour)
    expect(mergeKeys(gone, [next.publicKey], noon + 5 * hour)[0]?.retiredAt).toBe(instant(noon + hour))
  })

  test('a pinned key that was replaced speaks only for what had arrived by then', () => {
    expect(speaksFor(noon, { issuedAt: noon - hour, receivedAt: noon }, 'pinned')).toBe(true)
    expect(speaksFor(noon, { issuedAt: noon - hour, receivedAt: noon + 1 }, 'pinned')).toBe(false)
  })

  test('the tolerance around a retirement is 60 s for making and an hour for arriving', () => {
    expect(speaksFor(noon, { issuedAt: noon + minute, receivedAt: noon + hour }, 'fetched')).toBe(true)
    expect(speaksFor(noon, { issuedAt: noon + minute + 1, receivedAt: noon + hour }, 'fetched')).toBe(false)
    expect(speaksFor(noon, { issuedAt: noon + minute, receivedAt: noon + hour + 1 }, 'fetched')).toBe(false)
  })
})
