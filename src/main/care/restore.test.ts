import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { createBackups } from './backup.ts'
import { backupOfAnother, files, mark, openHistory, temporaryProfile } from './test-support.ts'
import { keep } from '../proof/evidence-test-support.ts'
import { readMark } from '../proof/high-water-mark.ts'
import { contentOf } from '../ingest/content-of.ts'
import { noon } from '../ingest/test-support.ts'
import { historyFile, markFile, writeConnection } from '../profile.ts'
import { restore } from './restore.ts'
import { backupFolder, listBackups } from '../store/backup-folder.ts'
import { shareHistory } from '../store/history-lock.ts'
import { backupName } from '../store/rotation.ts'
import { openStore, type OpenedStore } from '../store/store.ts'
import { startFile } from './unclean-end.ts'
import { verifyHistory } from '../proof/verify-history.ts'

const later = noon + 3_600_000

/** Five deliveries with a backup, then three more that only the history and its mark know; closed. */
async function damagedProfile() {
  const profile = temporaryProfile()
  const store = openHistory(profile)
  const history = historyFile(profile)
  for (let i = 0; i < 5; i++) keep(store, `det-${i}`, 'ongoing', noon / 1000 - 60 + i)
  await createBackups({ history, folder: backupFolder(history), files, now: () => noon, schedule: () => () => {} }).make()
  for (let i = 5; i < 8; i++) keep(store, `det-${i}`, 'ongoing', noon / 1000 - 60 + i)
  mark(profile, store, noon + 90 * 60_000)
  store.close()
  truncateSync(history, 20_000)
  writeFileSync(`${history}-wal`, 'a log')
  return { profile, history }
}

const run = (profile: string, from: string | null = null) => restore({ profile, from, files, now: () => later })

describe('restore', () => {
  test('sets the damaged files aside together, and says what is missing in rows and in time', async () => {
    const { profile, history } = await damagedProfile()
    const damaged = readFileSync(history)
    const restored = await run(profile)
    if (restored.kind !== 'restored') throw new Error(restored.detail)
    expect(restored.missing).toMatchObject({ kind: 'lost', lost: 3, kept: { sequence: 5 }, marked: { sequence: 8 } })
    expect(restored.detail).toContain('3 deliveries are missing')
    expect(restored.detail).toContain('1 h 30 min')
    expect(readdirSync(restored.setAside ?? '').sort()).toEqual(['history.mark', 'history.sqlite', 'history.sqlite-wal'])
    expect(readFileSync(join(restored.setAside ?? '', 'history.sqlite'))).toEqual(damaged)
    expect(statSync(history).mode & 0o777).toBe(0o600)

    const store = openHistory(profile)
    expect(store.chain.head().sequence).toBe(5)
    const verified = await verifyHistory({
      store,
      mark: readMark(markFile(profile)),
      now: () => later,
      signal: new AbortController().signal,
    })
    expect(verified).toMatchObject({
      mark: { kind: 'ok' },
      losses: [{ kind: 'lost', lost: 3 }],
      chain: { broken: 0 },
      shown: { differing: 0 },
    })
    store.close()
  })

  test('passes over a backup that is damaged itself', async () => {
    const { profile, history } = await damagedProfile()
    const folder = backupFolder(history)
    const good = listBackups(folder)[0]!.name
    const bad = good.replace(/T\d{9}Z-5/, 'T235959999Z-6')
    writeFileSync(join(folder, bad), readFileSync(join(folder, good)).subarray(0, 40_000))
    expect(listBackups(folder)[0]!.name).toBe(bad)
    expect(await run(profile)).toMatchObject({ kind: 'restored', from: join(folder, good) })
    expect(readdirSync(folder).sort()).toEqual([bad, good].sort())
  })

  test.each(['the app', 'tocsin import'])('while %s has the history open changes nothing, and says who it is', async (as) => {
    const { profile, history } = await damagedProfile()
    const before = readFileSync(history)
    const held = shareHistory(history, as)
    if (held.kind === 'refused') throw new Error(held.detail)
    expect(await run(profile)).toMatchObject({ kind: 'refused', detail: expect.stringContaining(`${as} (process ${process.pid})`) })
    expect(readFileSync(history)).toEqual(before)
    held.release()
    expect((await run(profile)).kind).toBe('restored')
  })

  test('is not kept out by what a process left that is gone, though another has its number now', async () => {
    const { profile } = await damagedProfile()
    writeConnection(profile, { url: 'http://127.0.0.1:4000/in/AAECAwQFBgcICQoLDA0ODw', pid: process.ppid })
    writeFileSync(startFile(profile), JSON.stringify({ pid: process.ppid, startedAt: new Date(noon).toISOString() }))
    expect((await run(profile)).kind).toBe('restored')
  })

  test('while it runs, keeps out whoever would write', async () => {
    const { profile, history } = await damagedProfile()
    let meanwhile: OpenedStore | null = null
    const watching: typeof files = {
      ...files,
      check: (file, how) => {
        meanwhile = openStore({ file: history, contentOf, now: () => later })
        return files.check(file, how)
      },
    }
    expect((await restore({ profile, from: null, files: watching, now: () => later })).kind).toBe('restored')
    expect(meanwhile).toMatchObject({ kind: 'unavailable', detail: expect.stringContaining('tocsin restore') })
    openHistory(profile).close()
  })

  test('takes what holds the most of the marked history, whenever it was made, and names what else there is', async () => {
    const { profile, history } = await damagedProfile()
    const folder = backupFolder(history)
    const good = listBackups(folder)[0]!.name
    const other = await backupOfAnother(folder, 9, noon + 60_000)
    const restored = await run(profile)
    expect(restored).toMatchObject({ kind: 'restored', from: join(folder, good), head: { sequence: 5 } })
    expect(restored.detail).toContain(`Other backups hold deliveries that this one does not: ${other} (9 deliveries)`)
  })

  test('of two of the marked history takes the one that goes further, though it is older', async () => {
    const profile = temporaryProfile()
    const history = historyFile(profile)
    const folder = backupFolder(history)
    const store = openHistory(profile)
    const backUp = async (at: number) =>
      (await createBackups({ history, folder, files, now: () => at, schedule: () => () => {} }).make()).kind
    keep(store, 'det-0', 'ongoing', noon / 1000 - 60)
    expect(await backUp(noon)).toBe('made')
    const early = readFileSync(join(folder, listBackups(folder)[0]!.name))
    keep(store, 'det-1', 'ongoing', noon / 1000 - 50)
    expect(await backUp(noon + 1)).toBe('made')
    mark(profile, store, noon)
    store.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(history + suffix, { force: true })
    writeFileSync(join(folder, backupName({ madeAt: noon + 2, sequence: 1, beforeSchema: null })), early)
    expect(await run(profile)).toMatchObject({ kind: 'restored', head: { sequence: 2 }, missing: { kind: 'ok' } })
  })

  test('leaves nothing of an interrupted write to be taken back in what it puts in place', async () => {
    const { profile, history } = await damagedProfile()
    writeFileSync(`${history}-wal`, '')
    writeFileSync(history, readFileSync(join(backupFolder(history), listBackups(backupFolder(history))[0]!.name)))
    // As the first write after a restore, before there is a log, and the power fails in the middle of it.
    const db = new Sqlite(history)
    db.pragma('cache_size = 2')
    db.exec(`BEGIN; UPDATE deliveries SET headers = headers || '${'z'.repeat(5_000)}'`)
    const [file, journal] = [readFileSync(history), readFileSync(`${history}-journal`)]
    db.exec('ROLLBACK')
    db.close()
    writeFileSync(history, file)
    writeFileSync(`${history}-journal`, journal)

    const restored = await run(profile)
    if (restored.kind !== 'restored') throw new Error(restored.detail)
    expect(readFileSync(join(restored.setAside ?? '', 'history.sqlite-journal'))).toEqual(journal)
    expect(readdirSync(profile)).not.toContain('history.sqlite-journal')
    openHistory(profile).close()
  })

  test('without a backup that passes changes nothing, in words', async () => {
    const { profile, history } = await damagedProfile()
    // Whoever reads a history with a log makes an index of that log.
    const names = () => readdirSync(profile).filter((name) => !name.endsWith('-shm') && name !== 'history.lock')
    const before = names()
    expect(await run(profile, history)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('No backup passed its check') })
    expect(await run(profile, join(profile, 'nowhere'))).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('Nothing was changed'),
    })
    expect(names()).toEqual(before)
    expect(await run(temporaryProfile())).toMatchObject({ kind: 'refused', detail: expect.stringContaining('There is no backup') })
  })

  test('of a mark that is gone says that nothing can be told', async () => {
    const { profile } = await damagedProfile()
    truncateSync(markFile(profile))
    expect(await run(profile)).toMatchObject({ kind: 'restored', missing: { kind: 'no-mark', because: 'unreadable' } })
  })
})
