import { existsSync, mkdirSync, truncateSync, writeFileSync, openSync, writeSync, closeSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { files, openHistory, temporaryProfile } from './test-support.ts'
import { keep } from '../proof/evidence-test-support.ts'
import { noon } from '../ingest/test-support.ts'
import { historyFile } from '../profile.ts'
import type { IntegrityHealth } from '../../shared/care.ts'
import { backupFolder } from '../store/backup-folder.ts'
import { backupName } from '../store/rotation.ts'
import { searchIndexes, type SearchIndex } from '../store/search-damage.ts'
import { damageSearchIndex } from '../store/test-support.ts'
import { createEndWatch, readStart, startFile } from './unclean-end.ts'

function closedHistory() {
  const profile = temporaryProfile()
  const store = openHistory(profile)
  for (let i = 0; i < 50; i++) keep(store, `det-${i}`, 'ongoing', noon / 1000 - 60 + i)
  while (!store.textIndex.catchUp(100));
  store.close()
  return profile
}

function watch(profile: string) {
  const told: IntegrityHealth[] = []
  const searchDamage: SearchIndex[] = []
  let tell: (health: IntegrityHealth) => void = () => {}
  const next = () => new Promise<IntegrityHealth>((resolve) => (tell = resolve))
  const onHealth = (health: IntegrityHealth) => {
    told.push(health)
    tell(health)
  }
  return {
    told,
    searchDamage,
    next,
    end: createEndWatch({
      profile,
      history: historyFile(profile),
      files,
      now: () => noon,
      onHealth,
      onSearchDamage: (indexes) => searchDamage.push(...indexes),
    }),
  }
}

test('after an orderly end nothing is looked at', async () => {
  const profile = closedHistory()
  const first = watch(profile)
  first.end.start()
  expect(readStart(profile)).toEqual({ pid: process.pid, startedAt: new Date(noon).toISOString() })
  await first.end.stop()
  expect(existsSync(startFile(profile))).toBe(false)
  const second = watch(profile)
  second.end.start()
  await second.end.stop()
  expect([...first.told, ...second.told]).toEqual([])
})

test.each(['', '{"pid":', JSON.stringify({ pid: 1, startedAt: new Date(0).toISOString() })])(
  'after an end in the middle (%j) the structure is looked at, beside the start',
  async (left) => {
    const profile = closedHistory()
    writeFileSync(startFile(profile), left)
    const { end, told, next } = watch(profile)
    end.start()
    expect(told).toEqual([{ kind: 'checking', startedAt: new Date(noon).toISOString() }])
    expect(await next()).toMatchObject({ kind: 'checked' })
    await end.stop()
  },
)

test('damage is told in words, with the next step', async () => {
  const profile = closedHistory()
  const file = historyFile(profile)
  const handle = openSync(file, 'r+')
  writeSync(handle, Buffer.alloc(4096, 0x5a), 0, 4096, 4096 * Math.floor(statSync(file).size / 4096 / 2))
  closeSync(handle)
  writeFileSync(startFile(profile), '')
  const { end, next } = watch(profile)
  end.start()
  expect(await next()).toMatchObject({
    kind: 'damaged',
    detail: expect.stringMatching(/There is no backup yet.*copy its profile folder.*tocsin verify.*tocsin export/),
  })
  await end.stop()
})

test('where there is a backup, the next step also saves what came since', async () => {
  const profile = closedHistory()
  const folder = backupFolder(historyFile(profile))
  mkdirSync(folder)
  writeFileSync(join(folder, backupName({ madeAt: noon, sequence: 1, beforeSchema: null })), '')
  truncateSync(historyFile(profile), statSync(historyFile(profile)).size - 8_192)
  writeFileSync(startFile(profile), '')
  const { end, next } = watch(profile)
  end.start()
  expect(await next()).toMatchObject({
    kind: 'damaged',
    detail: expect.stringMatching(/tocsin export --format ndjson.*tocsin restore.*tocsin import/),
  })
  await end.stop()
})

test.each(searchIndexes)('damage of an index of %s alone is for whoever mends it, and no reason to restore anything', async (index) => {
  const profile = closedHistory()
  damageSearchIndex(historyFile(profile), index)
  writeFileSync(startFile(profile), '')
  const { end, next, told, searchDamage } = watch(profile)
  end.start()
  expect(await next()).toMatchObject({ kind: 'checked' })
  expect(searchDamage).toEqual([index])
  await end.stop()
  expect(told.map(({ kind }) => kind)).toEqual(['checking', 'checked'])
})

test('a history that cannot be opened at all is damaged, too', async () => {
  const profile = closedHistory()
  truncateSync(historyFile(profile), 1000)
  writeFileSync(startFile(profile), '')
  const { end, next } = watch(profile)
  end.start()
  expect(await next()).toMatchObject({ kind: 'damaged' })
  await end.stop()
})

test('a quit ends the look, and the next start begins it again', async () => {
  const profile = closedHistory()
  writeFileSync(startFile(profile), '')
  const { end, told } = watch(profile)
  end.start()
  await end.stop()
  expect(told).toHaveLength(1)
  const again = watch(profile)
  again.end.start()
  expect(await again.next()).toMatchObject({ kind: 'checked' })
  await again.end.stop()
  expect(existsSync(startFile(profile))).toBe(false)
})
