import { expect, onTestFinished, test } from 'vitest'
import type { RetentionChoice, RetentionHealth } from '../../shared/care.ts'
import { keep } from '../proof/evidence-test-support.ts'
import { noon } from '../ingest/test-support.ts'
import type { Retention } from '../store/retention.ts'
import { createRetentionRuns } from './retention-runs.ts'
import { retentionWords } from './retention-words.ts'
import { openHistory, temporaryProfile } from './test-support.ts'

const dayMs = 86_400_000
const month: RetentionChoice = { olderThanDays: 30, kinds: null, maxBytes: null, keepsNew: false }

function setUp(daily: RetentionChoice | null = null, wrap: (retention: Retention) => Retention = (same) => same) {
  const store = openHistory(temporaryProfile(), () => noon)
  onTestFinished(() => store.close())
  for (let i = 0; i < 30; i++) keep(store, `det-${i}`, 'resolved', noon / 1000 - i)
  let later: { task: () => void; afterMs: number } | null = null
  const told: RetentionHealth['kind'][] = []
  let gone = 0
  const runs = createRetentionRuns({
    retention: wrap(store.retention),
    daily: () => daily,
    onHealth: ({ kind }) => told.push(kind),
    onGone: () => (gone += 1),
    now: () => noon + 31 * dayMs,
    schedule: (task, afterMs) => {
      later = { task, afterMs }
      return () => (later = null)
    },
  })
  return { store, runs, told, gone: () => gone, later: () => later }
}

test('what the user chose goes every day, and nothing where nothing was chosen', async () => {
  const none = setUp()
  none.runs.start()
  none.later()?.task()
  await none.runs.stop()
  expect(none.told).toEqual([])
  const { store, runs, told, gone, later } = setUp(month)
  runs.start()
  later()?.task()
  expect(later()?.afterMs).toBe(dayMs)
  expect((await runs.apply(month)).kind, 'waits for the one of the day').toBe('applied')
  expect(store.detections.total()).toBe(0)
  expect(gone()).toBe(1)
  expect(told).toEqual(['running', 'idle', 'running', 'idle'])
  await runs.stop()
  expect(later()).toBeNull()
})

test('a quit ends a run between two slices, and nothing is begun after it', async () => {
  let stopped: Promise<void> | null = null
  const { store, runs } = setUp(null, (retention) => ({
    ...retention,
    writeBack() {
      stopped ??= runs.stop()
    },
  }))
  expect(await runs.apply(month)).toMatchObject({ kind: 'applied', report: { isWhole: false } })
  await stopped
  expect(store.detections.total(), 'the first slice looks at deliveries alone').toBe(30)
  expect((await runs.apply(month)).kind).toBe('refused')
})

test('a disk that is full is a state of health, in words, and the next run goes on', async () => {
  let isFull = true
  const { store, runs, told } = setUp(null, (retention) => ({
    ...retention,
    remove(policy, from, limit) {
      if (isFull) throw new Error('database or disk is full')
      return retention.remove(policy, from, limit)
    },
  }))
  expect(await runs.apply(month)).toMatchObject({ kind: 'failed', detail: expect.stringContaining('the history holds') })
  expect(told).toEqual(['running', 'failing'])
  isFull = false
  expect((await runs.apply(month)).kind).toBe('applied')
  expect(store.detections.total()).toBe(0)
})

test('a later preview ends an earlier one', async () => {
  const { runs } = setUp()
  const [first, second] = await Promise.all([runs.preview(month), runs.preview(month)])
  expect([first.isWhole, second.isWhole]).toEqual([false, true])
  expect(second.goes).toMatchObject([{ kind: 'threat', detections: 30 }])
})

test('what is asked in the dialog says what goes and what stays', () => {
  expect(retentionWords({ olderThanDays: 1, kinds: ['posture'], maxBytes: 50_000_000, keepsNew: true })).toBe(
    'Detections of kind posture that last changed more than a day ago, and the oldest ones while the history takes more than 50 MB go. What is marked to keep, in open triage, still ongoing or not taken up yet stays.',
  )
})
