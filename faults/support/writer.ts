/**
 * What the faults happen to: the write path of the app without its receiver. `writer.ts PROFILE DELIVERIES [OPTIONS]` opens the history
 * of a profile, has signed deliveries come in, and says `acknowledged SHA-256-OF-THE-BODY` only once the pipeline has answered. What
 * fails is sent again, as SlashID would. OPTIONS is JSON, below.
 */
import { createECDH, createHash, createPrivateKey } from 'node:crypto'
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { setEnvironmentData } from 'node:worker_threads'
import { createHighWaterMark } from '../../src/main/proof/high-water-mark.ts'
import { check } from '../../src/main/ingest/check.ts'
import { contentOf } from '../../src/main/ingest/content-of.ts'
import type { Outcome } from '../../src/main/ingest/delivery.ts'
import { observe } from '../../src/main/ingest/drift.ts'
import { thumbprint } from '../../src/main/ingest/key-set.ts'
import { createKeyRing } from '../../src/main/ingest/keys.ts'
import { parse } from '../../src/main/ingest/parse.ts'
import { createPipeline } from '../../src/main/ingest/pipeline.ts'
import { deliveryOf, fetched, issuer, noon, pinned, tokenWith } from '../../src/main/ingest/test-support.ts'
import type { Signer } from '../../src/main/ingest/test-support.ts'
import { historyFile, markFile } from '../../src/main/profile.ts'
import { openStore } from '../../src/main/store/store.ts'
import { createWritingBack } from '../../src/main/writing-back.ts'
import { replacePragmas } from './pragmas.ts'
import type { Pragmas } from './pragmas.ts'

export type WriterOptions = {
  readonly pragmas?: Pragmas
  /** Each lane rests so long after a delivery, so that the thread comes round while the log grows. */
  readonly restMs?: number
  /** A thread writes the log back beside, from so many pages on, with pragmas of its own. A delivery takes a second by its clock. */
  readonly beside?: { readonly long: number; readonly pragmas?: Pragmas }
}

const [, , profile = '', deliveries = '0', options = '{}'] = process.argv
const { pragmas = {}, restMs = 0, beside } = JSON.parse(options) as WriterOptions
const lanes = 3
const mostTries = 100

const say = (line: string): void => void writeSync(1, `${line}\n`)

replacePragmas(pragmas)
const opened = openStore({ file: historyFile(profile), contentOf, now: () => noon })
if (opened.kind !== 'opened') {
  say(`not opened: ${opened.kind}: ${opened.detail}`)
  process.exit(3)
}
const { store } = opened
const mark = createHighWaterMark({
  file: markFile(profile),
  history: store,
  now: () => noon,
  onHealth: (health) => say(`proof ${health.kind}`),
})
await mark.start()
let acknowledged = 0
let hasTrouble = false
const writingBack = beside === undefined ? null : writeBackBeside(beside)

const [signer, later] = [signerOf('k1', 1), signerOf('k2', 2)]
const add = (id: typeof pinned, key: typeof signer | null): void =>
  void store.organizations.add({
    id,
    issuer,
    name: id,
    demo: false,
    pinned: key && [{ kid: key.kid, thumbprint: thumbprint(key.publicKey), jwk: key.publicKey }],
  })
add(pinned, signer)
add(fetched, null)

let hasIssuerKeys = false
const ring = createKeyRing({
  store: store.keyStore,
  fetchKeys: () =>
    Promise.resolve(
      hasIssuerKeys ? { kind: 'fetched', keys: [later.publicKey] } : { kind: 'failed', because: 'unreachable', detail: 'down' },
    ),
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
  isAuthenticatedRelay: () => false,
  unsignedInlet: () => null,
  now: () => noon,
}
const pipeline = createPipeline({
  check: (delivery) => check(delivery, context),
  parse,
  observe,
  keeper: mark.follow(store.keeper),
  publish: () => undefined,
  count: () => undefined,
  now: () => noon,
  onStorage: (health) => say(health.kind === 'ok' ? 'storage ok' : `storage failing: ${health.detail}`),
  onFault: (error) => say(`fault ${String(error)}`),
})

function writeBackBeside({ long, pragmas }: NonNullable<WriterOptions['beside']>) {
  setEnvironmentData('pragmas', pragmas)
  return createWritingBack({
    file: historyFile(profile),
    thread: new URL(pragmas === undefined ? '../../src/main/store/log-thread.ts' : './log-thread.ts', import.meta.url),
    log: store.log,
    long,
    onTrouble(detail) {
      hasTrouble = true
      say(`log trouble: ${detail}`)
    },
    // However busy the machine is, it is tried again after the same deliveries.
    clock: () => acknowledged * 1_000,
  })
}

/** Commits would write a log of twice the length back themselves. They wait before, for a thread that has no core just now. */
async function letItCome(): Promise<void> {
  for (;;) {
    const log = beside === undefined || hasTrouble ? null : store.log.length()
    if (log === null || log.pages < 1.8 * (beside?.long ?? 0) || log.writtenBack === log.pages) return
    await pause(20)
  }
}

/** The same in each run, so that one may go on where another was ended. */
function signerOf(kid: string, byte: number): Signer {
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(Buffer.alloc(32, byte))
  const point = pair.getPublicKey()
  const publicKey = {
    kid,
    kty: 'EC' as const,
    crv: 'P-256' as const,
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  const d = pair.getPrivateKey().toString('base64url')
  return { kid, publicKey, privateKey: createPrivateKey({ key: { ...publicKey, d }, format: 'jwk' }) }
}

const statuses = ['detected', 'ongoing', 'resolved']

/** Some bodies are large enough for overflow pages, some detections change, some of them wait for keys. */
function bodyOf(index: number): string {
  const claims = {
    iat: noon / 1000 - 100 + (index % 90),
    trigger_content: {
      id: `d-${index % 70}`,
      type: `Type${index % 5}`,
      status: statuses[index % 3],
      timestamp: '2026-01-05T11:59:58Z',
      entity_id: `entity-${index % 40}`,
      metadata: { note: 'x'.repeat(index % 9 === 0 ? 9_000 : 200) },
    },
  }
  return index % 6 === 5 ? tokenWith(later, { ...claims, aud: fetched }) : tokenWith(signer, claims)
}

async function send(body: string): Promise<boolean> {
  for (let tries = 0; tries < mostTries; tries++) {
    const outcome: Outcome = await pipeline.ingest(deliveryOf(body))
    if (outcome.kind === 'kept' || outcome.kind === 'quarantined' || outcome.kind === 'duplicate') {
      acknowledged += 1
      say(`acknowledged ${createHash('sha256').update(body).digest('hex')}`)
      return true
    }
    if (outcome.kind === 'refused') throw new Error(`a good delivery was refused: ${outcome.because}`)
    await pause(5)
  }
  say('gave up')
  return false
}

/** What the app does beside receiving. On a failing disk it fails, and is done later. */
function aside(work: () => void): void {
  try {
    work()
  } catch (error) {
    say(`aside: ${(error as Error).message}`)
  }
}

let next = 0
await Promise.all(
  Array.from({ length: lanes }, async (_, lane) => {
    for (let index = next++; index < Number(deliveries); index = next++) {
      await letItCome()
      if (!(await send(bodyOf(index)))) return
      // Not in step with each other, else they would commit together and leave the thread alone meanwhile.
      if (restMs > 0) await pause(restMs * (1 + lane / lanes))
      if (index % 10 === 9) aside(() => void store.textIndex.catchUp(8))
      if (index % 25 === 24) await pause(150)
      if (index === Math.floor(Number(deliveries) / 2)) {
        hasIssuerKeys = true
        // Keys that cannot be kept are not used, so that this too may need another try.
        for (let tries = 0; tries < 5 && (await ring.refresh(fetched)).kind !== 'fetched'; tries++) await pause(20)
        const { released } = await pipeline.recheck(fetched)
        say(`released ${released}`)
      }
    }
  }),
)
await pipeline.stop()
await ring.stop()
await mark.stop()
await writingBack?.stop()
store.close()
say('done')
