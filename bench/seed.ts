import { createHighWaterMark } from '../src/main/proof/high-water-mark.ts'
import { contentOf } from '../src/main/ingest/content-of.ts'
import type { Checked } from '../src/main/ingest/delivery.ts'
import { observe } from '../src/main/ingest/drift.ts'
import { toInstant } from '../src/main/ingest/instant.ts'
import { parse } from '../src/main/ingest/parse.ts'
import { readToken } from '../src/main/ingest/token.ts'
import { demoOrganizationWith } from '../src/main/new-organization.ts'
import { historyFile, markFile, prepareProfile } from '../src/main/profile.ts'
import { loadDemoSigner } from '../src/main/sample/demo.ts'
import { scenario } from '../src/main/sample/scenario.ts'
import { openStore, type Store } from '../src/main/store/store.ts'
import type { JsonObject } from '../src/shared/detection.ts'
import { bulkHistory } from './bulk.ts'

const batch = 1_000
/** More than so many are made in bulk, whose signatures nobody will look at: through the keeper a million takes an hour. */
const mostKept = 20_000

/**
 * A profile with a data set of this size: nothing, one, a thousand or a million. Up to 20,000 are deliveries that were signed and kept as the
 * pipeline would have done it, in the two weeks before `endAt`; more are the benchmarks' own, which end when those do.
 */
export async function seedProfile(options: {
  readonly profile: string
  readonly count: number
  readonly seed: string
  /** Epoch ms. */
  readonly endAt: number
}): Promise<void> {
  const { profile, count, seed, endAt } = options
  if (count <= mostKept) return seedHistory({ profile, count, seed, endAt, spanMs: 14 * 86_400_000 })
  await withStore(
    profile,
    () => endAt,
    () => undefined,
  )
  await bulkHistory(historyFile(profile), count)
  const signer = loadDemoSigner(profile)
  await withStore(
    profile,
    () => endAt,
    async (store) => {
      store.organizations.add(demoOrganizationWith(signer.publicKey))
      await (await markOf(profile, store, () => endAt)).stop()
    },
  )
}

/**
 * Fills the history of a profile with `count` signed deliveries of the demo organization, spread evenly over the time before `endAt`, the way
 * the pipeline would have kept them. The same seed gives the same detections.
 */
export async function seedHistory(options: {
  readonly profile: string
  readonly count: number
  readonly seed: string
  /** Epoch ms. */
  readonly endAt: number
  readonly spanMs: number
}): Promise<void> {
  const { profile, count, seed, endAt, spanMs } = options
  let index = 0
  const now = () => endAt - spanMs + (spanMs * index) / count
  function* deliveries(): Generator<SeededDelivery> {
    for (const { claims } of scenario({ seed, count, startAt: endAt - spanMs, now })) {
      yield { claims, receivedAt: now() }
      index++
    }
  }
  await seedDeliveries({ profile, endAt, deliveries: deliveries() })
}

/** Claims that the demo organization signs, and when they came, in epoch ms. */
export type SeededDelivery = { readonly claims: JsonObject; readonly receivedAt: number }

/** The same with deliveries of one's own choice, in the order in which they came. */
export async function seedDeliveries(options: {
  readonly profile: string
  readonly endAt: number
  readonly deliveries: Iterable<SeededDelivery>
}): Promise<void> {
  const { profile, endAt, deliveries } = options
  await withStore(
    profile,
    () => endAt,
    async (store) => {
      const mark = await markOf(profile, store, () => endAt)
      const keeper = mark.follow(store.keeper)
      const signer = loadDemoSigner(profile)
      store.organizations.add(demoOrganizationWith(signer.publicKey))
      let pending: Checked[] = []
      for (const { claims, receivedAt } of deliveries) {
        pending.push(checked(signer.sign(claims), receivedAt))
        if (pending.length < batch) continue
        keeper.keep(pending)
        pending = []
      }
      if (pending.length > 0) keeper.keep(pending)
      await mark.stop()
    },
  )
}

async function markOf(profile: string, history: Store, now: () => number): Promise<ReturnType<typeof createHighWaterMark>> {
  const mark = createHighWaterMark({ file: markFile(profile), history, now, onHealth: () => {} })
  await mark.start()
  return mark
}

async function withStore(profile: string, now: () => number, use: (store: Store) => Promise<void> | void): Promise<void> {
  const prepared = prepareProfile(profile)
  if (prepared.kind === 'refused') throw new Error(prepared.detail)
  const opened = openStore({ file: historyFile(profile), contentOf, now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  await use(opened.store)
  opened.store.close()
}

function checked(token: string, receivedAtMs: number): Checked {
  const body = Buffer.from(token)
  const read = readToken(body)
  if (read.kind === 'malformed') throw new Error(`a sample came out malformed: ${read.because}`)
  const content = parse(read.claims, read.facts)
  return {
    delivery: { body, headers: {}, inlet: 'receiver', receivedAt: toInstant(receivedAtMs) },
    token: read.facts,
    standing: { kind: 'trusted', trust: 'verified', content },
    drift: observe(read.header, read.claims, content),
  }
}
