import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { healthWord, type Health } from '../../shared/health.ts'
import type { Core } from '../core-parts.ts'
import { startTestCore } from '../core-test-support.ts'
import { keep } from '../proof/evidence-test-support.ts'
import { noon, pinned } from '../ingest/test-support.ts'
import { historyFile } from '../profile.ts'
import { damageSearchIndex } from '../store/test-support.ts'
import type { DetectionId } from '../../shared/detection.ts'
import { readStart, startFile } from './unclean-end.ts'
import { careProcess, files, openHistory, temporaryProfile } from './test-support.ts'

const coreOf = (profile: string): Promise<Core> => startTestCore({ profile, now: () => noon, careProcess, resources: temporaryProfile() })

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
  // A thread that reads may take its time to end. Whoever closes a history last takes its log away, and nobody who only reads does.
  await vi.waitFor(() => {
    openHistory(profile).close()
    expect(existsSync(`${historyFile(profile)}-wal`), 'nobody else has it open').toBe(false)
  })
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

test.each(['an unclean end', 'a backup'])(
  'damage of what searches go by that shows after %s is mended by itself, and everything is found again',
  async (after) => {
    const profile = filledProfile()
    const store = openHistory(profile)
    while (!store.textIndex.catchUp(100));
    store.close()
    damageSearchIndex(historyFile(profile), 'words')
    if (after === 'an unclean end') writeFileSync(startFile(profile), '')
    const core = await coreOf(profile)
    onTestFinished(() => core.stop())
    const words: string[] = []
    core.subscribe({ health: ({ integrity }) => void ('detail' in integrity && words.push(integrity.detail)) })
    if (after === 'a backup') expect((await core.care.backups.make()).kind).toBe('made')
    const { integrity } = await healthWhere(core, (health) => health.integrity.kind === 'mended')
    expect(integrity).toMatchObject({ detail: expect.stringContaining('everything can be found again') })
    expect(words.join(), 'and nobody is sent to restore anything').not.toMatch(/restore/)
    expect(healthWord(core.health())).not.toBe('trouble')
    expect(await files.check(historyFile(profile), { depth: 'quick' })).toMatchObject({ kind: 'sound' })
  },
)

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
