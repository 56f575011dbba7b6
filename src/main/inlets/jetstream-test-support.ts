import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
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
import { schedule as realSchedule } from '../schedule.ts'
import { openStore } from '../store/store.ts'
import type { Schedule } from '../ingest/refresher.ts'
import type { FetchingInlet, LinkState, NotTaken } from './inlet.ts'
import { createJetstreamInlet } from './jetstream.ts'
import { kept } from './test-support.ts'

type SetUp = Extract<InletSetUp, { kind: 'jetstream' }>

export function setUpOf(url: string, more: Partial<SetUp> = {}): SetUp {
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

/** A JetStream inlet and all it did. Its waits are as short as the test needs them; stopped after the test. */
export function inletOf(
  setUp: SetUp,
  options: {
    readonly ingest?: Ingest
    readonly secret?: string | null
    readonly position?: { at: string | null }
    readonly ackWaitMs?: number
    readonly expiresMs?: number
    readonly now?: () => number
    readonly schedule?: Schedule
    /** Before the position is written. */
    readonly onWrite?: () => void
  } = {},
) {
  const { ingest = () => Promise.resolve(kept), secret = null, position = { at: null }, ackWaitMs = 30_000, expiresMs = 10_000 } = options
  const { now = Date.now, schedule = realSchedule, onWrite = () => {} } = options
  const did = { states: [] as LinkState[], deliveries: [] as Delivery[], outcomes: [] as Outcome[], turnedAway: [] as NotTaken[] }
  const lost: (number | null)[] = []
  const waits: number[] = []
  const bugs: unknown[] = []
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
          onWrite()
          writes++
          position.at = at
        },
      },
      onState: (state) => did.states.push(state),
      onTurnedAway: (because) => did.turnedAway.push(because),
      onLost: (count) => lost.push(count),
      onBug: (error) => bugs.push(error),
      now,
      random: () => 0,
      // The shortest wait between two links is a tenth here; deadlines are as they are.
      schedule: (task, afterMs) => {
        waits.push(afterMs)
        return schedule(task, afterMs === 500 ? 50 : afterMs)
      },
    },
    { ackWaitMs, expiresMs },
  )
  onTestFinished(() => inlet.stop())
  const last = (): LinkState | undefined => did.states.at(-1)
  const isLive = (): boolean => last()?.kind === 'live'
  return { inlet, ...did, lost, waits, bugs, position, last, isLive, writes: () => writes }
}

/** A profile with its history and its pipeline, as the app has them. */
export async function app(folder = temporaryFolder()) {
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
    schedule: realSchedule,
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

export function bodiesOf(signer: ReturnType<typeof loadDemoSigner>, seed: string, count: number, startAt = Date.now()): string[] {
  return [...scenario({ seed, count, startAt })].map(({ claims }) => signer.sign(claims))
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-jetstream-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export const texts = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ body }) => Buffer.from(body).toString())
