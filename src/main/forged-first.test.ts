import { expect, test } from 'vitest'
import type { OrganizationId } from '../shared/detection.ts'
import { check } from './ingest/check.ts'
import { contentOf } from './ingest/content-of.ts'
import { observe } from './ingest/drift.ts'
import { createKeyRing } from './ingest/keys.ts'
import type { FetchKeys } from './ingest/keys.ts'
import { parse } from './ingest/parse.ts'
import { createPipeline } from './ingest/pipeline.ts'
import { createSigner, deliveryOf, fetched, issuer, noon, tokenWith } from './ingest/test-support.ts'
import { verifyChain } from './store/chain.ts'
import { testStore } from './store/test-support.ts'

type Answer = Awaited<ReturnType<FetchKeys>>

/** The real way of a delivery from its check to the history, for an organization whose issuer answers what the test says. */
async function setUp() {
  const store = testStore({ contentOf, now: () => noon })
  store.organizations.add({ id: fetched, issuer, name: 'Fetched', demo: false, pinned: null })
  const issuing = { answer: { kind: 'failed', because: 'unreachable', detail: 'no network here' } as Answer }
  const planned: (() => void)[] = []
  const rechecked: Promise<unknown>[] = []
  const ring = createKeyRing({
    store: store.keyStore,
    fetchKeys: () => Promise.resolve(issuing.answer),
    now: () => noon,
    random: () => 0.5,
    schedule: (task) => {
      planned.push(task)
      return () => undefined
    },
    onKeysChanged: (id: OrganizationId) => rechecked.push(pipeline.recheck(id)),
    onStatesChanged: () => undefined,
  })
  const context = {
    organization: ring.organization,
    keys: ring,
    expected: () => ({ targetUrls: null, webhookIds: null }),
    isAuthenticatedRelay: () => false,
    unsignedInlet: () => null,
    now: () => noon,
  }
  const published: string[] = []
  const pipeline = createPipeline({
    check: (delivery) => check(delivery, context),
    parse,
    observe,
    keeper: store.keeper,
    publish: (changes) => published.push(...changes.map(({ detection }) => detection.id)),
    count: () => undefined,
    now: () => noon,
    onStorage: () => undefined,
    onFault: (error) => {
      throw error
    },
  })
  await ring.reload()
  const publishKeys = async (signer: ReturnType<typeof createSigner>) => {
    issuing.answer = { kind: 'fetched', keys: [signer.publicKey] }
    while (rechecked.length === 0) {
      planned.splice(0).forEach((task) => task())
      await new Promise((done) => setImmediate(done))
    }
    await Promise.all(rechecked)
  }
  const states = () => [...store.chain.chain(null)].map(({ content }) => (content === null ? 'tombstone' : 'kept'))
  return { store, pipeline, published, publishKeys, states, stop: () => Promise.all([pipeline.stop(), ring.stop()]) }
}

const signer = createSigner('k1')
const token = tokenWith(signer, { aud: fetched })
const withSignature = (signature: Uint8Array) => `${token.slice(0, token.lastIndexOf('.'))}.${Buffer.from(signature).toString('base64url')}`

test('whoever sends a real token with a garbage signature first, while keys are missing, keeps nobody out', async () => {
  const { store, pipeline, published, publishKeys, stop } = await setUp()
  expect(await pipeline.ingest(deliveryOf(withSignature(Buffer.alloc(64, 7))))).toEqual({ kind: 'quarantined', sequence: 1 })
  expect(await pipeline.ingest(deliveryOf(token)), 'the true one').toEqual({ kind: 'quarantined', sequence: 2 })
  expect(await pipeline.ingest(deliveryOf(token)), 'and its repetition').toEqual({ kind: 'duplicate' })
  await publishKeys(signer)
  expect(published).toEqual(['det-1'])
  expect(store.detections.total()).toBe(1)
  expect(store.health.waiting()).toBe(0)
  expect(await pipeline.ingest(deliveryOf(token))).toEqual({ kind: 'duplicate' })
  await stop()
})

test('both of two good signatures over one token may wait; one detection comes of them, and the chain holds over the other', async () => {
  const { store, pipeline, published, publishKeys, states, stop } = await setUp()
  // ES256 is malleable: with (r, s) also (r, n - s) is good.
  const signature = Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url')
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = order - BigInt(`0x${signature.subarray(32).toString('hex')}`)
  const other = Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
  expect(await pipeline.ingest(deliveryOf(withSignature(other)))).toMatchObject({ kind: 'quarantined' })
  expect(await pipeline.ingest(deliveryOf(token))).toMatchObject({ kind: 'quarantined' })
  await publishKeys(signer)
  expect(published).toEqual(['det-1'])
  expect(states()).toEqual(['kept', 'tombstone'])
  expect(verifyChain(store.chain.genesis(), store.chain.chain(null))).toMatchObject({ checked: 2, removed: 1, broken: 0 })
  await stop()
})
