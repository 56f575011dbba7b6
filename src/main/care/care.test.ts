import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import type { Health } from '../../shared/health.ts'
import { startCore, type Core } from '../core.ts'
import { keep } from '../evidence-test-support.ts'
import { noon, pinned } from '../ingest/test-support.ts'
import { historyFile } from '../profile.ts'
import { schedule } from '../schedule.ts'
import type { DetectionId } from '../../shared/detection.ts'
import { readStart, startFile } from './unclean-end.ts'
import { careProcess, openHistory, temporaryProfile } from './test-support.ts'

async function coreOf(profile: string): Promise<Core> {
  const started = await startCore({
    profile,
    log: { info() {}, error() {} },
    now: () => noon,
    random: Math.random,
    schedule,
    readerThread: new URL('../reader/thread.ts', import.meta.url),
    exportThread: new URL('../exporting/thread.ts', import.meta.url),
    careProcess,
    resources: temporaryProfile(),
  })
  if (started.kind !== 'started') throw new Error(started.detail)
  return started.core
}

function filledProfile(): string {
  const profile = temporaryProfile()
  const store = openHistory(profile)
  for (let i = 0; i < 20; i++) keep(store, `det-${i}`, 'resolved', noon / 1000 - i)
  store.close()
  return profile
}

function healthWhere(core: Core, isSo: (health: Health) => boolean): Promise<Health> {
  if (isSo(core.health())) return Promise.resolve(core.health())
  return new Promise((resolve) => {
    const stop = core.subscribe({
      health(health) {
        if (!isSo(health)) return
        stop()
        resolve(health)
      },
    })
  })
}

test('a start after a process that was killed looks at the history while it receives, and ends in order', async () => {
  const profile = filledProfile()
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'])
  await once(child.stdout, 'data')
  writeFileSync(startFile(profile), JSON.stringify({ pid: child.pid, startedAt: new Date(noon).toISOString() }))
  child.kill('SIGKILL')
  await once(child, 'close')
  const core = await coreOf(profile)
  expect(core.health().integrity.kind).toBe('checking')
  expect(core.health().receiver.kind).toBe('listening')
  expect(readStart(profile)?.pid).toBe(process.pid)
  expect((await healthWhere(core, ({ integrity }) => integrity.kind !== 'checking')).integrity.kind).toBe('checked')
  await core.stop()
  expect(existsSync(startFile(profile))).toBe(false)
  expect(existsSync(`${historyFile(profile)}-wal`), 'nobody else had it open').toBe(false)
})

test('a backup that is asked for is in the list and in health; a stop in the middle of one leaves nothing of it', async () => {
  const core = await coreOf(filledProfile())
  expect(await core.care.backups.make()).toMatchObject({ kind: 'made', detail: expect.stringContaining('20 deliveries') })
  const { folder, backups } = core.care.backups.list()
  expect(backups).toMatchObject([{ deliveries: 20, madeAt: new Date(noon).toISOString(), beforeSchema: null }])
  expect(core.health().backups).toEqual({ kind: 'ok', newestAt: new Date(noon).toISOString() })
  const second = core.care.backups.make()
  await core.stop()
  expect((await second).kind).toBe('cancelled')
  expect(readdirSync(folder)).toEqual([backups[0]?.name])
})

test('retention leaves what is marked to keep, and tells that detections are gone', async () => {
  const core = await coreOf(filledProfile())
  onTestFinished(() => core.stop())
  let told = 0
  core.subscribe({ gone: () => (told += 1) })
  const key = { organizationId: pinned, id: 'det-3' as DetectionId }
  expect(core.care.keep(key, true)).toEqual({ isKept: true })
  expect(core.open(key)?.isKept).toBe(true)
  expect(core.care.keep({ ...key, id: 'nowhere' as DetectionId }, true)).toBeNull()
  // All are of today: the size takes what the age would not.
  const choice = { olderThanDays: null, kinds: null, maxBytes: 1, keepsNew: false }
  expect(await core.care.retention.preview(choice)).toMatchObject({ stays: { kept: 1 } })
  expect((await core.care.retention.apply(choice)).kind).toBe('applied')
  expect(core.open(key)?.detection.id).toBe('det-3')
  expect(core.open({ ...key, id: 'det-4' as DetectionId })).toBeNull()
  expect(told).toBe(1)
  core.care.retention.save({ ...choice, maxBytes: 20_000_000 })
  expect(core.settings().retention).toEqual({ ...choice, maxBytes: 20_000_000 })
  core.care.retention.save(null)
  expect(core.settings().retention).toBeNull()
})
