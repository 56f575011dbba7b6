import { createHighWaterMark } from '../src/main/high-water-mark.ts'
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
import { openStore } from '../src/main/store/store.ts'

const batch = 1_000

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
  const prepared = prepareProfile(profile)
  if (prepared.kind === 'refused') throw new Error(prepared.detail)
  const opened = openStore({ file: historyFile(profile), contentOf, now: () => endAt })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const { store } = opened
  const mark = createHighWaterMark({ file: markFile(profile), history: store, now: () => endAt, onHealth: () => {} })
  await mark.start()
  const keeper = mark.follow(store.keeper)
  const signer = loadDemoSigner(profile)
  store.organizations.add(demoOrganizationWith(signer.publicKey))
  let index = 0
  const now = () => endAt - spanMs + (spanMs * index) / count
  let pending: Checked[] = []
  for (const { claims } of scenario({ seed, count, startAt: endAt - spanMs, now })) {
    pending.push(checked(signer.sign(claims), now()))
    index++
    if (pending.length === batch || index === count) {
      keeper.keep(pending)
      pending = []
    }
  }
  await mark.stop()
  store.close()
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
