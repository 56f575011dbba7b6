import type { Sequence } from '../src/shared/detection.ts'
import { contentOf } from '../src/main/ingest/content-of.ts'
import { createLedger } from '../src/main/notify/ledger.ts'
import { createNotify } from '../src/main/notify/notify.ts'
import { createPostureMemory } from '../src/main/notify/posture-memory.ts'
import { compileRules } from '../src/main/notify/rule-set.ts'
import { historyFile } from '../src/main/profile.ts'
import { openDatabase, type Database } from '../src/main/store/database.ts'
import { createDeliveries } from '../src/main/store/deliveries.ts'
import { createDriftLog } from '../src/main/store/drift.ts'
import { createHookQueue } from '../src/main/store/hook-queue.ts'
import { createLogTrim } from '../src/main/store/log-trim.ts'
import { createOutbox, type Outbox } from '../src/main/store/outbox.ts'
import { createPresent } from '../src/main/store/present.ts'
import { createQuarantine } from '../src/main/store/quarantine.ts'
import { createTextIndex } from '../src/main/store/text-index.ts'
import { checkedOf } from './deliveries.ts'
import { compare } from './figure.ts'
import type { Benchmark } from './index.ts'
import { createStream, keyOf, verifyOne } from './receiving.ts'

const million = 1_000_000
/** A commit of P1, whose senders wait for one another on 32 connections. */
const atOnce = 32

/** P17: what it costs a delivery that it is decided about, told and logged: with all that is written of it, and without any of it, onto one history. */
export const speaking: Benchmark = {
  id: 'P17',
  async run({ rows, histories }) {
    const history = rows ?? million
    const count = 960
    const { signer } = histories
    const key = keyOf(signer)
    const stream = createStream(signer, history)
    const opened = openDatabase(historyFile(await histories.profile(history)))
    if (opened.kind !== 'opened') throw new Error(opened.detail)
    const { db } = opened
    const outbox = createOutbox(db, { enqueueHook: createHookQueue(db), trim: createLogTrim(db) })
    const silent = keeperOf(db, false)
    const spoken = keeperOf(db, true)
    // What other benchmarks sent was kept by a receiver that tells nobody.
    const others = db.prepare<[], Sequence | null>('SELECT max(sequence) FROM outbox').pluck().get() ?? null
    let calls = 0

    async function ingest(
      bodies: readonly string[],
      keeper: typeof silent,
      tell: (changes: Parameters<ReturnType<typeof begin>['changed']>[0]) => void,
    ) {
      for (let from = 0; from < bodies.length; from += atOnce) {
        const batch = bodies.slice(from, from + atOnce)
        for (const body of batch) verifyOne(body, key)
        const kept = keeper.keep(batch.map((body) => checkedOf(body, Date.now())))
        tell(kept.flatMap((one) => (one.kind === 'kept' && one.change !== null ? [one.change] : [])))
        await new Promise((resolve) => setImmediate(resolve))
      }
    }

    const figure = await compare({
      id: 'P17',
      measured: `check, keep, decide, tell and log of ${count}, onto ${history}`,
      peer: 'the same without decision, outbox and log',
      async ours() {
        const bodies = stream.next(count)
        const flow = begin(outbox, () => (calls += 1))
        const startedAt = performance.now()
        await ingest(bodies, spoken, (changes) => {
          flow.changed(changes)
          flow.passTime()
        })
        await flow.finish()
        const took = performance.now() - startedAt
        if (outbox.undecided(others, 1).changes.length > 0) throw new Error('something was not decided about')
        return took
      },
      async theirs() {
        const bodies = stream.next(count)
        const startedAt = performance.now()
        await ingest(bodies, silent, () => {})
        return performance.now() - startedAt
      },
      bound: { kind: 'at-most', ratio: 1.05 },
      rounds: 9,
      note: (mine, theirs) =>
        `${((mine * 1000) / count).toFixed(0)} µs beside ${((theirs * 1000) / count).toFixed(0)} µs a delivery, verified, in commits of ${atOnce}`,
      missed: 'a row of the outbox, a line of the log with its two indexes, and the commit of its batch',
    })
    db.close()
    return [{ ...figure, note: `${figure.note}; ${calls} notifications` }]
  },
}

function keeperOf(db: Database, speaks: boolean) {
  const present = speaks ? createPresent(db, contentOf) : createPresent(db, contentOf, () => {})
  return createDeliveries(db, present, createQuarantine(db, Date.now), createDriftLog(db), createTextIndex(db)).keeper
}

/** The flow of telling as it runs, but that at the end nobody waits for a window to pass: all that is left is done at once. */
function begin(outbox: Outbox, onShow: () => void) {
  let timers: { readonly at: number; readonly run: () => void }[] = []
  const schedule = (run: () => void, afterMs: number) => {
    const timer = { at: performance.now() + afterMs, run }
    timers.push(timer)
    return () => {
      timers = timers.filter((other) => other !== timer)
    }
  }
  const onTrouble = (error: unknown) => {
    throw error
  }
  const { set } = compileRules({ rules: [], mutes: [], suppressions: [] }, Date.now())
  const notify = createNotify({
    notifier: {
      show() {
        onShow()
        return Promise.resolve({ kind: 'shown', nativeId: 1, service: 'bench' })
      },
    },
    outbox,
    ledger: createLedger({ outbox, onWritten: () => {}, onTrouble, schedule }),
    postures: createPostureMemory([]),
    circumstances: () => ({ enabled: true, quietHours: null, isInhibited: false, timelineFocused: false, rules: set }),
    onTrouble,
    now: Date.now,
    schedule,
  })
  function runDue(until: number): void {
    const due = timers.filter(({ at }) => at <= until)
    timers = timers.filter(({ at }) => at > until)
    for (const { run } of due) run()
  }
  return {
    changed: notify.changed,
    passTime: () => runDue(performance.now()),
    async finish() {
      while (timers.length > 0) {
        runDue(Number.POSITIVE_INFINITY)
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}
