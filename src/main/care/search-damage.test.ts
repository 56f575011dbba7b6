import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { keep } from '../proof/evidence-test-support.ts'
import { noon } from '../ingest/test-support.ts'
import { historyFile } from '../profile.ts'
import { backupFolder } from '../store/backup-folder.ts'
import { searchIndexes, type SearchIndex } from '../store/search-damage.ts'
import type { Store } from '../store/store.ts'
import { damageSearchIndex, pageOf } from '../store/test-support.ts'
import { createBackups } from './backup.ts'
import { checkCopy } from './check-copy.ts'
import { restore } from './restore.ts'
import { files, mark, openHistory, temporaryProfile } from './test-support.ts'

function indexed(store: Store): Store {
  while (!store.textIndex.catchUp(100) || !store.textIndex.fill(100));
  return store
}

function profileWith(deliveries: number): string {
  const profile = temporaryProfile()
  const store = openHistory(profile)
  for (let i = 0; i < deliveries; i++) keep(store, `det-${i}`, 'ongoing', noon / 1000 - 60 + i)
  indexed(store)
  mark(profile, store)
  store.close()
  return profile
}

async function backUp(profile: string, told: SearchIndex[] = []) {
  const history = historyFile(profile)
  const onSearchDamage = (indexes: readonly SearchIndex[]) => void told.push(...indexes)
  const backups = createBackups({
    history,
    folder: backupFolder(history),
    files,
    now: () => noon,
    schedule: () => () => {},
    onSearchDamage,
  })
  onTestFinished(() => backups.stop())
  const made = await backups.make()
  if (made.kind !== 'made') throw new Error(JSON.stringify(made))
  return { made, file: join(backupFolder(history), made.backup.name) }
}

function found(profile: string): readonly number[] {
  const store = indexed(openHistory(profile))
  const counts = ['det MissingMFA', '*ssingMF*'].map(
    (text) => pageOf(store.detections.page({ text, before: null, limit: 100 })).detections.length,
  )
  store.close()
  return counts
}

test.each(searchIndexes)(
  'an index of %s that is damaged keeps no backup from being made, which holds and finds everything once it is restored',
  async (index) => {
    const profile = profileWith(40)
    damageSearchIndex(historyFile(profile), index)
    const told: SearchIndex[] = []
    const { made, file } = await backUp(profile, told)
    expect(made).toMatchObject({ backup: { sequence: 40 }, searchDamage: [index] })
    expect(told).toEqual([index])
    expect(readdirSync(backupFolder(historyFile(profile)))).toEqual([made.backup.name])
    expect(await files.check(file, { depth: 'full' })).toMatchObject({ kind: 'sound', head: { sequence: 40 } })
    // The history itself is for whoever has it open.
    expect(await files.check(historyFile(profile), { depth: 'quick' })).toMatchObject({ kind: 'damaged' })
    expect(await restore({ profile, from: null, files, now: () => noon })).toMatchObject({ kind: 'restored', missing: { kind: 'ok' } })
    expect(found(profile)).toEqual([40, 40])
  },
)

test.each(searchIndexes)('a backup whose index of %s was damaged since is restored all the same', async (index) => {
  const profile = profileWith(20)
  const { file } = await backUp(profile)
  damageSearchIndex(file, index)
  expect(await restore({ profile, from: file, files, now: () => noon })).toMatchObject({ kind: 'restored', head: { sequence: 20 } })
  expect(found(profile)).toEqual([20, 20])
})

test('a copy of which more is damaged is not mended, and not taken for sound', async () => {
  const profile = profileWith(20)
  const history = historyFile(profile)
  damageSearchIndex(history, 'words')
  const store = openHistory(profile)
  store.close()
  const before = await files.check(history, { depth: 'full' })
  expect(before.kind).toBe('damaged')
  const worse = {
    ...files,
    check: async () => ({ ...before, findings: [...(before.kind === 'damaged' ? before.findings : []), 'a row is missing'] }),
  }
  expect(await checkCopy(worse as typeof files, history)).toMatchObject({ checked: { kind: 'damaged' }, mended: [] })
  expect(await files.check(history, { depth: 'full' })).toEqual(before)
})
