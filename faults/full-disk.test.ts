import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { StorageHealth } from '../src/shared/health.ts'
import { createCommitter } from '../src/main/ingest/committer.ts'
import { historyFile } from '../src/main/profile.ts'
import { copyHistory } from '../src/main/store/backup.ts'
import type { Store } from '../src/main/store/store.ts'
import { createWritingBack } from '../src/main/writing-back.ts'
import { examine } from './support/examine.ts'
import { believe, keep, openedStore, scratch, signedDelivery } from './support/history.ts'
import { replacePragmas } from './support/pragmas.ts'
import { fillUp, mayMount, smallDisk } from './support/small-disk.ts'

describe.skipIf(!mayMount)('a disk of 4 MiB', { timeout: 60_000 }, () => {
  test('that is full takes nothing more and keeps what it has; with room again all goes on by itself', async () => {
    const { disk, profile } = smallDisk(4)
    const store = openedStore(profile)
    believe(store)
    await keep(profile, store, 0, 40)
    const { committer, healths } = receiving(store)
    const kept: number[] = []
    const commit = async (index: number): Promise<string> => {
      const { kind } = await committer.commit(signedDelivery(index))
      if (kind === 'kept') kept.push(index)
      return kind
    }

    const ballast = join(disk, 'ballast')
    fillUp(ballast)
    let index = 40
    while ((await commit(index)) === 'kept') index++
    expect(healths).toMatchObject([{ kind: 'failing', detail: expect.stringMatching(/full/) }])
    for (let turn = 0; turn < 5; turn++) expect(await commit(index + turn)).toBe('not-committed')
    expect(healths).toHaveLength(1)

    // What the app does beside receiving fails in words, or makes do, and leaves nothing half done.
    const db = new Sqlite(historyFile(profile))
    expect(() => db.pragma('wal_checkpoint(TRUNCATE)')).toThrow('full')
    db.close()
    const page = store.detections.page({ text: 'Type1', before: null, limit: 20 })
    expect(page.kind !== 'refused' && page.detections.length).toBeGreaterThan(0)
    await expect(copyHistory(historyFile(profile), join(disk, 'copy.sqlite'), () => undefined)).rejects.toThrow('full')
    expect(store.chain.head().sequence).toBe(40 + kept.length)

    rmSync(ballast)
    expect(await commit(index)).toBe('kept')
    expect(healths.map(({ kind }) => kind)).toEqual(['failing', 'ok'])
    while (!store.textIndex.catchUp(64));
    store.close()
    const found = await examine(profile, { verify: true })
    expect(found).toMatchObject({
      kind: 'opened',
      sequence: 40 + kept.length,
      brokenLinks: 0,
      structure: [],
      mark: { kind: 'ok' },
      verified: { holds: true },
    })
  })

  test('that is full while a thread writes the log back takes nothing more; with room again commits write it back, and later the thread', async () => {
    const { disk, profile } = smallDisk(8)
    const [long, ownBound] = [150, 200]
    const keepPragmas = replacePragmas({ 'wal_autocheckpoint = 16000': `wal_autocheckpoint = ${ownBound}` })
    const store = openedStore(profile)
    keepPragmas()
    believe(store)
    await keep(profile, store, 0, 4)
    const { committer, healths } = receiving(store)
    let at = 0
    const troubles: string[] = []
    const leaveToAnother = vi.fn(store.log.leaveToAnother)
    const writeBack = vi.fn(store.log.writeBack)
    const writingBack = createWritingBack({
      file: historyFile(profile),
      thread: new URL('../src/main/store/log-thread.ts', import.meta.url),
      log: { ...store.log, leaveToAnother, writeBack },
      onTrouble: (detail) => troubles.push(detail),
      clock: () => at,
      long,
    })
    onTestFinished(writingBack.stop)
    const log = () => store.log.length() ?? { pages: 0, writtenBack: 0 }
    let index = 4
    let kept = 4
    const commit = async (): Promise<string> => {
      const { kind } = await committer.commit(signedDelivery(index++))
      if (kind === 'kept') kept++
      return kind
    }
    const grow = async (pages: number) => {
      while (log().pages < pages) expect(await commit()).toBe('kept')
    }
    const writtenBack = () => vi.waitFor(() => expect(log()).toMatchObject({ writtenBack: log().pages }), { timeout: 10_000 })

    await grow(long)
    await writtenBack()
    expect(await commit()).toBe('kept')
    // As long as the log was once it can be without more room. The history itself has to grow.
    const ballast = join(disk, 'ballast')
    fillUp(ballast)
    while ((await commit()) === 'kept');
    expect(healths).toMatchObject([{ kind: 'failing', detail: expect.stringMatching(/full/) }])
    await vi.waitFor(() => expect(troubles).toEqual([expect.stringMatching(/full/)]), { timeout: 10_000 })
    const left = log()
    // It is tried again, and not told again.
    for (let turn = 0; turn < 2; turn++) {
      leaveToAnother.mockClear()
      at += 31_000
      await vi.waitFor(() => expect(leaveToAnother).toHaveBeenCalledWith(false), { timeout: 10_000 })
      expect(await commit()).toBe('not-committed')
    }
    expect(troubles).toHaveLength(1)
    expect(healths).toHaveLength(1)
    expect(log()).toEqual(left)

    rmSync(ballast)
    leaveToAnother.mockClear()
    expect(await commit()).toBe('kept')
    expect(healths.map(({ kind }) => kind)).toEqual(['failing', 'ok'])
    await grow(ownBound)
    expect(log(), 'by a commit').toMatchObject({ writtenBack: log().pages })
    expect(await commit()).toBe('kept')
    expect(log().pages).toBeLessThan(long)
    at += 31_000
    await grow(long)
    await vi.waitFor(() => expect(leaveToAnother).toHaveBeenLastCalledWith(true), { timeout: 10_000 })
    await writtenBack()
    expect(await commit()).toBe('kept')
    expect(troubles).toHaveLength(1)
    expect(writeBack, 'all of it was the thread, or a commit').not.toHaveBeenCalled()
    await writingBack.stop()
    store.close()
    expect(await examine(profile, { verify: true })).toMatchObject({
      kind: 'opened',
      sequence: kept,
      brokenLinks: 0,
      structure: [],
      mark: { kind: 'ok' },
      verified: { holds: true },
    })
  })

  test('that is full when the history is closed or opened leaves everything as it was', async () => {
    const { disk, profile } = smallDisk(4)
    const store = openedStore(profile)
    believe(store)
    await keep(profile, store, 0, 40)
    const ballast = join(disk, 'ballast')
    fillUp(ballast)
    // The log cannot be written back.
    store.close()
    expect(existsSync(`${historyFile(profile)}-wal`)).toBe(true)
    const reading = await examine(profile, { verify: false }).catch((error: unknown) => error)
    if (!(reading instanceof Error)) expect(reading).toMatchObject({ kind: expect.stringMatching(/opened/) })
    rmSync(ballast)
    expect(await examine(profile, { verify: true })).toMatchObject({
      kind: 'opened',
      sequence: 40,
      brokenLinks: 0,
      structure: [],
      mark: { kind: 'ok' },
      verified: { holds: true },
    })
    expect(readdirSync(profile).filter((name) => /new|journal/.test(name))).toEqual([])
  })
})

test('a search finds what is not in the index of words yet where the index cannot be written', async () => {
  const profile = join(scratch(), 'profile')
  mkdirSync(profile)
  const store = openedStore(profile)
  onTestFinished(store.close)
  believe(store)
  store.keeper.keep([1, 2, 3].map((index) => signedDelivery(index)))
  const other = new Sqlite(historyFile(profile))
  onTestFinished(() => void other.close())
  other.exec('BEGIN IMMEDIATE')
  expect(() => store.textIndex.catchUp(64)).toThrow('locked')
  const page = store.detections.page({ text: 'Type2', before: null, limit: 20 })
  expect(page.kind !== 'refused' && page.detections.map(({ type }) => type)).toEqual(['Type2'])
})

/** What commits deliveries, and what it says of the disk. */
function receiving(store: Store) {
  const healths: StorageHealth[] = []
  const committer = createCommitter({
    keeper: store.keeper,
    publish: () => undefined,
    now: () => 0,
    onStorage: (health) => healths.push(health),
    onCommitted: () => undefined,
    limits: { batch: 256, riders: 8, ridersWaitMs: 1_000 },
  })
  return { committer, healths }
}
