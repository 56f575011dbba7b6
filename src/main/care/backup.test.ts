import {
  existsSync,
  openSync,
  readdirSync,
  readSync,
  writeSync,
  closeSync,
  statSync,
  writeFileSync,
  mkdirSync,
  copyFileSync,
  rmSync,
  truncateSync,
} from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { BackupHealth } from '../../shared/care.ts'
import { createBackups } from './backup.ts'
import { backupOfAnother, files, openHistory, temporaryProfile } from './test-support.ts'
import { keep } from '../proof/evidence-test-support.ts'
import type { HistoryFiles } from './history-files.ts'
import { noon } from '../ingest/test-support.ts'
import { historyFile } from '../profile.ts'
import { backupFolder, listBackups, unfinishedFile } from '../store/backup-folder.ts'
import { openHistoryFile } from '../store/history-file.ts'
import { backupName } from '../store/rotation.ts'

const never = () => () => {}

function profileWith(deliveries: number) {
  const profile = temporaryProfile()
  const store = openHistory(profile)
  onTestFinished(() => store.close())
  for (let i = 0; i < deliveries; i++) keep(store, `det-${i}`, 'ongoing', noon / 1000 - 1000 + i)
  const history = historyFile(profile)
  return { profile, store, history, folder: backupFolder(history) }
}

function backupsOf({ history, folder }: { history: string; folder: string }, more: Partial<Parameters<typeof createBackups>[0]> = {}) {
  const backups = createBackups({ history, folder, files, now: () => noon, schedule: never, ...more })
  onTestFinished(() => backups.stop())
  return backups
}

function flip(file: string, text: string): void {
  const handle = openSync(file, 'r+')
  const bytes = Buffer.alloc(statSync(file).size)
  readSync(handle, bytes, 0, bytes.length, 0)
  const at = bytes.lastIndexOf(text)
  expect(at).toBeGreaterThan(0)
  writeSync(handle, Buffer.from([(bytes[at + 40] ?? 0) ^ 1]), 0, 1, at + 40)
  closeSync(handle)
}

describe('a backup', () => {
  test('holds the history as it was, stands alone, and is for its user only', async () => {
    const place = profileWith(20)
    const made = await backupsOf(place).make()
    expect(made).toMatchObject({ kind: 'made', backup: { sequence: 20, madeAt: noon, beforeSchema: null } })
    const names = readdirSync(place.folder)
    expect(names).toEqual([made.kind === 'made' ? made.backup.name : ''])
    const file = join(place.folder, names[0]!)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(place.folder).mode & 0o777).toBe(0o700)
    const opened = openHistoryFile(file)
    if (opened.kind !== 'opened') throw new Error(opened.detail)
    expect(Buffer.compare(opened.history.chain.head().chainHash, place.store.chain.head().chainHash)).toBe(0)
    expect(opened.history.fullCheck()).toEqual([])
    opened.history.close()
    expect(readdirSync(place.folder)).toEqual(names)
  })

  test('is of one moment, whatever is received while it is made', async () => {
    const place = profileWith(300)
    let received = 300
    const chatty: HistoryFiles = {
      ...files,
      copy: async (file, copy, how) => {
        const timer = setInterval(() => keep(place.store, `more-${received++}`, 'ongoing', noon / 1000 - 5), 1)
        const copied = await files.copy(file, copy, how)
        clearInterval(timer)
        return copied
      },
    }
    const made = await backupsOf(place, { files: chatty }).make()
    expect(received).toBeGreaterThan(300)
    expect(made.kind).toBe('made')
    expect(made.kind === 'made' && made.backup.sequence).toBeGreaterThanOrEqual(300)
  })

  test.each([
    ['in a body, which no structure shows', (file: string) => flip(file, 'eyJ'), 'content-changed'],
    ['in a table', (file: string) => flip(file, 'det-3'), ''],
  ])('with a byte that was changed %s, is not kept', async (_, damage, finding) => {
    const place = profileWith(20)
    const states: BackupHealth['kind'][] = []
    const damaging: HistoryFiles = {
      ...files,
      copy: async (file, copy, how) => {
        const copied = await files.copy(file, copy, how)
        damage(copy)
        return copied
      },
    }
    const backups = backupsOf(place, { files: damaging, onHealth: ({ kind }) => void states.push(kind) })
    const made = await backups.make()
    expect(made).toMatchObject({ kind: 'failed', detail: expect.stringContaining(finding) })
    expect(made).toHaveProperty('detail', expect.stringContaining('did not pass its check'))
    expect(readdirSync(place.folder)).toEqual([])
    expect(states).toEqual(['making', 'failing'])
  })

  test('that a quit interrupts leaves nothing, and holds the quit up no longer than that', async () => {
    const place = profileWith(50)
    const backups = backupsOf(place)
    const making = backups.make()
    const stopped = backups.stop()
    expect(await making).toEqual({ kind: 'cancelled' })
    await stopped
    expect(readdirSync(place.folder)).toEqual([])
    keep(place.store, 'after', 'ongoing', noon / 1000 - 5)
    expect(place.store.chain.head().sequence).toBe(51)
  })

  test('that a kill interrupts is cleared away by the next one, and another process in the middle of one is let be', async () => {
    const place = profileWith(20)
    mkdirSync(place.folder)
    const gone = spawn(process.execPath, ['-e', '0'])
    await once(gone, 'close')
    const dead = unfinishedFile(place.folder, 1).replace(`-${process.pid}.`, `-${gone.pid}.`)
    const alive = unfinishedFile(place.folder, 2).replace(`-${process.pid}.`, `-${process.ppid}.`)
    for (const file of [dead, `${dead}-journal`, alive]) writeFileSync(file, 'half')
    expect((await backupsOf(place).make()).kind).toBe('made')
    expect([dead, `${dead}-journal`, alive].map((file) => existsSync(file))).toEqual([false, false, true])
  })

  test('by a process that is killed with -9 leaves the history and the earlier backups whole', async () => {
    const place = profileWith(400)
    expect((await backupsOf(place).make()).kind).toBe('made')
    const before = readdirSync(place.folder)
    const script = fileURLToPath(new URL('../store/care-process.ts', import.meta.url))
    const child = spawn(process.execPath, [
      script,
      'copy',
      place.history,
      unfinishedFile(place.folder, 3).replace(`-${process.pid}.`, '-2147483646.'),
    ])
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'close')
    const later = backupsOf(place, { now: () => noon + 1 })
    expect(await later.make()).toMatchObject({ kind: 'made', removed: 1 })
    expect(readdirSync(place.folder)).toHaveLength(before.length)
    expect(later.list()[0]).toMatchObject({ sequence: 400 })
  })

  test('of a history without deliveries is not made', async () => {
    expect(await backupsOf(profileWith(0)).make()).toEqual({ kind: 'nothing-to-back-up' })
  })

  test('is due a day after the newest one, and an hour after a failure', async () => {
    const place = profileWith(3)
    const delays: number[] = []
    const schedule = (_: () => void, afterMs: number) => {
      delays.push(afterMs / 60_000)
      return () => {}
    }
    const backups = backupsOf(place, { schedule })
    backups.start()
    expect(delays).toEqual([2])
    await backups.make()
    expect(delays.at(-1)).toBe(24 * 60)
    backupsOf(place, { schedule, now: () => noon + 20 * 3_600_000 }).start()
    expect(delays.at(-1)).toBe(4 * 60)
    await backupsOf(place, { schedule, history: `${place.history}.nowhere` }).make()
    expect(delays.at(-1)).toBe(60)
  })

  test('never deletes the one that holds what was lost since', async () => {
    const place = profileWith(5)
    const { history, folder, store } = place
    const older = join(temporaryProfile(), 'older.sqlite')
    expect((await files.copy(history, older, {})).kind).toBe('copied')
    for (let i = 5; i < 8; i++) keep(store, `det-${i}`, 'ongoing', noon / 1000 - 10)
    const made = await backupsOf(place).make()
    store.close()
    // Of the same day, and with less in it.
    for (const suffix of ['-wal', '-shm']) rmSync(history + suffix, { force: true })
    copyFileSync(older, history)
    expect(await backupsOf(place, { now: () => noon + 1 }).make()).toMatchObject({ kind: 'made', backup: { sequence: 5 }, removed: 0 })
    expect(await backupsOf(place, { now: () => noon + 2 }).make()).toMatchObject({ kind: 'made', removed: 1 })
    expect(listBackups(folder).map(({ sequence }) => sequence)).toEqual([5, 8])
    expect(made.kind === 'made' && existsSync(join(folder, made.backup.name))).toBe(true)
  })

  test('never deletes the last one of another history, and no second one of it', async () => {
    const place = profileWith(3)
    const lost = await backupOfAnother(place.folder, 9, noon - 2)
    const before = backupName({ madeAt: noon - 3, sequence: 9, beforeSchema: null })
    copyFileSync(join(place.folder, lost), join(place.folder, before))
    expect(await backupsOf(place).make()).toMatchObject({ kind: 'made', removed: 1 })
    expect(listBackups(place.folder).map(({ sequence }) => sequence)).toEqual([3, 9])
  })

  test('that has no room beside what deliveries need is not begun', async () => {
    const place = profileWith(3)
    const large = join(temporaryProfile(), 'history.sqlite')
    writeFileSync(large, '')
    // Takes no room itself.
    truncateSync(large, 2 ** 42)
    let copies = 0
    const counting: HistoryFiles = { ...files, copy: (...all) => ((copies += 1), files.copy(...all)) }
    const made = await backupsOf({ history: large, folder: place.folder }, { files: counting }).make()
    expect(made).toMatchObject({ kind: 'failed', detail: expect.stringContaining('there is no room for it') })
    expect(copies).toBe(0)
  })
})
