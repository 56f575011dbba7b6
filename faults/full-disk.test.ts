import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { StorageHealth } from '../src/shared/health.ts'
import { createCommitter } from '../src/main/ingest/committer.ts'
import { historyFile } from '../src/main/profile.ts'
import { copyHistory } from '../src/main/store/backup.ts'
import { examine } from './support/examine.ts'
import { believe, keep, openedStore, scratch, signedDelivery } from './support/history.ts'

const mayMount = process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0
if (!mayMount) console.log('not run but as root on Linux, who alone can mount a small disk: what happens on a full one')

describe.skipIf(!mayMount)('a disk of 4 MiB', { timeout: 60_000 }, () => {
  test('that is full takes nothing more and keeps what it has; with room again all goes on by itself', async () => {
    const { disk, profile } = smallDisk()
    const store = openedStore(profile)
    believe(store)
    await keep(profile, store, 0, 40)
    const healths: StorageHealth[] = []
    const committer = createCommitter({
      keeper: store.keeper,
      publish: () => undefined,
      now: () => 0,
      onStorage: (health) => healths.push(health),
      onCommitted: () => undefined,
      limits: { batch: 256, riders: 8, ridersWaitMs: 1_000 },
    })
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

  test('that is full when the history is closed or opened leaves everything as it was', async () => {
    const { disk, profile } = smallDisk()
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

function smallDisk() {
  const disk = join(scratch(), 'disk')
  mkdirSync(disk)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk])
  onTestFinished(() => void execFileSync('umount', ['--lazy', disk]))
  const profile = join(disk, 'profile')
  mkdirSync(profile)
  return { disk, profile }
}

/** Writes until the disk says ENOSPC, down to the last block. */
function fillUp(file: string): void {
  const descriptor = openSync(file, 'w')
  for (const size of [1 << 16, 4096]) {
    const block = Buffer.alloc(size)
    try {
      for (;;) writeSync(descriptor, block)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
  }
  closeSync(descriptor)
}
