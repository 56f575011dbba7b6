/**
 * What the faults happen to: the write path of the app without its receiver. `writer.ts PROFILE DELIVERIES [PRAGMAS]` opens the history
 * of a profile, has signed deliveries come in, and says `acknowledged SHA-256-OF-THE-BODY` only once the pipeline has answered. What
 * fails is sent again, as SlashID would. PRAGMAS is JSON that replaces pragmas by others: to see what a guard is good for.
 */
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { createHighWaterMark } from '../../src/main/high-water-mark.ts'
import { check } from '../../src/main/ingest/check.ts'
import { contentOf } from '../../src/main/ingest/content-of.ts'
import type { Outcome } from '../../src/main/ingest/delivery.ts'
import { observe } from '../../src/main/ingest/drift.ts'
import { thumbprint } from '../../src/main/ingest/key-set.ts'
import { createKeyRing } from '../../src/main/ingest/keys.ts'
import { parse } from '../../src/main/ingest/parse.ts'
import { createPipeline } from '../../src/main/ingest/pipeline.ts'
import { createSigner, deliveryOf, fetched, issuer, noon, pinned, tokenWith } from '../../src/main/ingest/test-support.ts'
import { historyFile, markFile } from '../../src/main/profile.ts'
import { openStore } from '../../src/main/store/store.ts'

const [, , profile = '', deliveries = '0', pragmas = '{}'] = process.argv
const lanes = 3
const mostTries = 100

const say = (line: string): void => void writeSync(1, `${line}\n`)

function replacePragmas(others: Readonly<Record<string, string>>): void {
  const pragma = Sqlite.prototype.pragma
  Sqlite.prototype.pragma = function (source, options) {
    return pragma.call(this, others[source] ?? source, options)
  }
}

replacePragmas(JSON.parse(pragmas) as Record<string, string>)
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

const [signer, later] = [createSigner('k1'), createSigner('k2')]
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
function beside(work: () => void): void {
  try {
    work()
  } catch (error) {
    say(`beside: ${(error as Error).message}`)
  }
}

let next = 0
await Promise.all(
  Array.from({ length: lanes }, async () => {
    for (let index = next++; index < Number(deliveries); index = next++) {
      if (!(await send(bodyOf(index)))) return
      if (index % 10 === 9) beside(() => void store.textIndex.catchUp(8))
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
store.close()
say('done')
