import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, renameSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { afterEach, describe, expect, test } from 'vitest'
import { keep } from '../proof/evidence-test-support.ts'
import { readMark } from '../proof/high-water-mark.ts'
import { contentOf } from '../ingest/content-of.ts'
import { noon } from '../ingest/test-support.ts'
import { historyFile, markFile } from '../profile.ts'
import { backupFolder, listBackups } from '../store/backup-folder.ts'
import { openDatabase, restoringFile } from '../store/database.ts'
import { migrations } from '../store/migrations/index.ts'
import { openStore } from '../store/store.ts'
import { verifyHistory } from '../proof/verify-history.ts'
import { createBackups } from './backup.ts'
import { restore } from './restore.ts'
import { files, mark, openHistory, temporaryProfile } from './test-support.ts'

const cli = fileURLToPath(new URL('../../cli/index.ts', import.meta.url))
const children: ChildProcess[] = []
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')))

function run(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  children.push(child)
  return child
}

/** Kills as soon as it is so; answers whether it was alive until then. */
async function killWhen(child: ChildProcess, isSo: () => boolean): Promise<boolean> {
  const gone = once(child, 'exit')
  while (!isSo() && child.exitCode === null) await new Promise((resolve) => setImmediate(resolve))
  const wasAlive = child.exitCode === null
  child.kill('SIGKILL')
  await gone
  return wasAlive
}

function profileWith(deliveries: number, notes = 'x'.repeat(500)) {
  const profile = temporaryProfile()
  const store = openHistory(profile, () => noon)
  for (let i = 0; i < deliveries; i++) keep(store, `det-${i}`, 'resolved', noon / 1000 - 10_000 + i, { notes })
  mark(profile, store)
  const head = store.chain.head()
  return { profile, store, head, history: historyFile(profile) }
}

async function expectHolds(profile: string, sequence: number): Promise<void> {
  const opened = openStore({ file: historyFile(profile), contentOf, now: () => noon })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const { store } = opened
  const verified = await verifyHistory({
    store,
    mark: readMark(markFile(profile)),
    now: () => noon,
    signal: new AbortController().signal,
  })
  store.close()
  expect(verified).toMatchObject({ holds: true, chain: { broken: 0 }, shown: { differing: 0 } })
  const sql = new Sqlite(historyFile(profile), { readonly: true })
  expect(sql.pragma('integrity_check', { simple: true })).toBe('ok')
  expect(sql.prepare('SELECT count(*) FROM deliveries').pluck().get()).toBe(sequence)
  sql.close()
}

// Programs are started and ended over and over.
describe('kill -9', { timeout: 60_000 }, () => {
  test('in the middle of retention leaves a history that holds, and the next run ends it', async () => {
    const { profile, store, history } = profileWith(600)
    store.close()
    const sql = new Sqlite(history, { readonly: true })
    const left = sql.prepare<[], number>('SELECT count(*) FROM detections').pluck()
    const args = ['retention', '--apply', '--new-too', '--max-size', '1MB', '--user-data', profile]
    expect(await killWhen(run(cli, ...args), () => (left.get() ?? 0) < 590)).toBe(true)
    const after = left.get() ?? 0
    expect(after).toBeGreaterThan(0)
    await expectHolds(profile, 600)
    const [code] = (await once(run(cli, ...args), 'exit')) as [number]
    expect(code).toBe(0)
    expect(left.get()).toBeLessThan(after)
    sql.close()
    await expectHolds(profile, 600)
  })

  test.each([
    ['when it has begun', ({ history }: { history: string }) => existsSync(restoringFile(history))],
    [
      'when the damaged files are set aside',
      ({ profile }: { profile: string }) => readdirSync(profile).some((name) => name.startsWith('set-aside')),
    ],
    ['when the history is away', ({ history }: { history: string }) => !existsSync(history)],
  ])('in the middle of a restore, %s, loses nothing, and the next restore ends it', async (_when, isSo) => {
    const { profile, store, history } = profileWith(300)
    const backups = createBackups({ history, folder: backupFolder(history), files, now: () => noon, schedule: () => () => {} })
    expect((await backups.make()).kind).toBe('made')
    store.close()
    truncateSync(history, 8_192)
    await killWhen(run(cli, 'restore', '--user-data', profile), () => isSo({ profile, history }))
    // Either what was there, or the backup, or nothing that a new history would be begun in the place of.
    const opened = openStore({ file: history, contentOf, now: () => noon })
    if (opened.kind === 'opened') {
      expect(opened.store.chain.head().sequence).toBe(300)
      opened.store.close()
    } else expect(opened.kind).toBe('damaged')
    const restored = await restore({ profile, from: null, files, now: () => noon + 1, signal: new AbortController().signal })
    expect(restored).toMatchObject({ kind: 'restored', head: { sequence: 300 } })
    const aside = readdirSync(profile).filter((name) => name.startsWith('set-aside'))
    const sizes = aside.flatMap((name) => readdirSync(join(profile, name)).map((file) => [file, statSync(join(profile, name, file)).size]))
    expect(sizes, 'the damaged file is still there').toContainEqual(['history.sqlite', 8_192])
    await expectHolds(profile, 300)
  })

  test('between what was set aside and what takes its place begins no new history', async () => {
    const { profile, store, history } = profileWith(5)
    const backups = createBackups({ history, folder: backupFolder(history), files, now: () => noon, schedule: () => () => {} })
    await backups.make()
    store.close()
    renameSync(history, restoringFile(history))
    const opened = openStore({ file: history, contentOf, now: () => noon })
    expect(opened).toMatchObject({ kind: 'damaged', detail: expect.stringContaining('tocsin restore') })
    expect(existsSync(history)).toBe(false)
    expect((await restore({ profile, from: null, files, now: () => noon })).kind).toBe('restored')
    await expectHolds(profile, 5)
  })

  test('in the middle of the copy before a migration leaves the history as it was, and the next start makes it anew', async () => {
    const profile = temporaryProfile()
    const file = historyFile(profile)
    const before = migrations.length - 1
    const opened = openDatabase(file, { migrations: migrations.slice(0, before) })
    if (opened.kind !== 'opened') throw new Error(opened.detail)
    const put = opened.db.prepare('INSERT INTO settings (key, value) VALUES (?, ?)')
    opened.db.transaction(() => {
      for (let i = 0; i < 20_000; i++) put.run(`k${i}`, 'x'.repeat(2_000))
    })()
    opened.db.close()
    const folder = backupFolder(file)
    const unfinished = () => (existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('unfinished-')) : [])
    const source = fileURLToPath(new URL('../store/database.ts', import.meta.url))
    const program = `import { openDatabase } from ${JSON.stringify(source)}; openDatabase(${JSON.stringify(file)}, { now: () => ${noon} })`
    expect(await killWhen(run('--input-type=module', '-e', program), () => unfinished().length > 0)).toBe(true)
    expect(listBackups(folder)).toEqual([])
    const sql = new Sqlite(file, { readonly: true })
    expect(sql.pragma('user_version', { simple: true })).toBe(before)
    sql.close()
    const again = openDatabase(file, { now: () => noon + 1 })
    if (again.kind !== 'opened') throw new Error(again.detail)
    expect(again.db.prepare("SELECT count(*) FROM settings WHERE key LIKE 'k%'").pluck().get()).toBe(20_000)
    again.db.close()
    expect(listBackups(folder)).toMatchObject([{ beforeSchema: before }])
    expect(unfinished()).toEqual([])
  })
})
