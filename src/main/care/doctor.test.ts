import { chmodSync, closeSync, mkdirSync, openSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createBackups } from './backup.ts'
import { backupOfAnother, files, mark, openHistory, temporaryProfile } from './test-support.ts'
import { examine } from './doctor.ts'
import { keep } from '../proof/evidence-test-support.ts'
import { noon } from '../ingest/test-support.ts'
import { historyFile, markFile, writeConnection } from '../profile.ts'
import { backupFolder } from '../store/backup-folder.ts'
import { shareHistory, theApp } from '../store/history-lock.ts'
import { searchIndexes } from '../store/search-damage.ts'
import { damageSearchIndex, testDatabase } from '../store/test-support.ts'
import { startFile } from './unclean-end.ts'

function runApp(profile: string): void {
  const held = shareHistory(historyFile(profile), theApp)
  if (held.kind !== 'held') throw new Error(held.detail)
  onTestFinished(held.release)
  writeConnection(profile, { url: 'http://127.0.0.1:4000/in/AAECAwQFBgcICQoLDA0ODw', pid: process.pid })
}

async function healthyProfile() {
  const profile = temporaryProfile()
  const store = openHistory(profile)
  for (let i = 0; i < 30; i++) keep(store, `det-${i}`, 'ongoing', noon / 1000 - 60 + i)
  while (!store.textIndex.catchUp(100));
  mark(profile, store)
  const history = historyFile(profile)
  await createBackups({ history, folder: backupFolder(history), files, now: () => noon, schedule: () => () => {} }).make()
  store.close()
  return profile
}

function leaveStart(profile: string, pid: number): void {
  writeFileSync(startFile(profile), JSON.stringify({ pid, startedAt: new Date(noon - 7_200_000).toISOString() }))
}

const look = (profile: string, now = noon, mostCheckMs = 10_000) => examine({ profile, files, now: () => now, mostCheckMs })

describe('doctor', () => {
  test('finds nothing in a profile that is well, and says everything of it', async () => {
    const profile = await healthyProfile()
    runApp(profile)
    const lines = await look(profile)
    expect(lines.filter(({ state }) => state !== 'ok')).toEqual([])
    expect(lines.filter(({ next }) => next !== null)).toEqual([])
    const text = Object.fromEntries(lines.map((line) => [line.what, line.text]))
    expect(text['chain and mark']).toContain('delivery 30')
    expect(text['backups']).toContain('1, each verified')
    expect(text['keys']).toContain('1 current')
    expect(text['content']).toContain('30 detections')
    expect(lines.map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'app',
        'last end',
        'files',
        'free disk',
        'structure',
        'schema',
        'quarantine',
        'search',
        'counts',
        'secrets',
        'permissions',
      ]),
    )
  })

  const troubles: readonly [string, (profile: string) => void | Promise<void>, string, 'attention' | 'trouble', string, string][] = [
    ['the app does not run', () => {}, 'app', 'attention', 'does not run', 'Start Tocsin'],
    [
      'the last end was none',
      (profile) => leaveStart(profile, 2147483646),
      'last end',
      'attention',
      '2 h ago',
      'looks at the history by itself',
    ],
    [
      'the last end was none, though another program has its number now',
      (profile) => {
        leaveStart(profile, 1)
        writeConnection(profile, { url: 'http://127.0.0.1:4000/in/AAECAwQFBgcICQoLDA0ODw', pid: 1 })
      },
      'last end',
      'attention',
      'never stopped',
      'looks at the history by itself',
    ],
    [
      'the app does not run, though another program writes to the history',
      (profile) => {
        const held = shareHistory(historyFile(profile), 'tocsin import')
        if (held.kind === 'held') onTestFinished(held.release)
      },
      'app',
      'attention',
      'does not run',
      'Start Tocsin',
    ],
    [
      'a folder lies in the place of the history',
      (profile) => {
        rmSync(historyFile(profile))
        mkdirSync(historyFile(profile))
      },
      'history',
      'trouble',
      'is a folder',
      'tocsin restore',
    ],
    ['the history is empty', (profile) => truncateSync(historyFile(profile)), 'history', 'trouble', 'is empty', 'tocsin restore'],
    [
      'the history is gone, and only its mark is there',
      (profile) => {
        rmSync(historyFile(profile))
        rmSync(backupFolder(historyFile(profile)), { recursive: true })
      },
      'history',
      'trouble',
      'its mark is still there',
      'tocsin restore',
    ],
    [
      'a backup holds what the newest does not',
      async (profile) => void (await backupOfAnother(backupFolder(historyFile(profile)), 1, noon - 1)),
      'backups',
      'attention',
      '1 of them holds deliveries that the newest does not',
      '--from',
    ],
    [
      'the history is cut off',
      (profile) => truncateSync(historyFile(profile), statSync(historyFile(profile)).size - 40_960),
      'structure',
      'trouble',
      '',
      'tocsin restore',
    ],
    [
      'an index of the searches is damaged, in pages that are whole',
      (profile) => {
        const db = testDatabase(historyFile(profile)).unsafeMode()
        db.exec('UPDATE substring_index_data SET block = zeroblob(length(block)) WHERE id > 10')
        db.close()
      },
      'structure',
      'trouble',
      'substring_index',
      'tocsin doctor --mend-search',
    ],
    ['the history is gone', (profile) => rmSync(historyFile(profile)), 'history', 'trouble', 'there are backups', 'tocsin restore'],
    ['the mark is gone', (profile) => rmSync(markFile(profile)), 'chain and mark', 'trouble', '', 'tocsin verify'],
    [
      'others can read the history',
      (profile) => chmodSync(historyFile(profile), 0o644),
      'permissions',
      'trouble',
      'history.sqlite',
      'chmod',
    ],
    [
      'there are no backups',
      (profile) => rmSync(backupFolder(historyFile(profile)), { recursive: true }),
      'backups',
      'attention',
      'none',
      'tocsin backup',
    ],
  ]
  test.each(troubles)('says that %s, and what to do', async (_, make, what, state, text, next) => {
    const profile = await healthyProfile()
    await make(profile)
    const lines = await look(profile)
    expect(lines.find((line) => line.what === what)).toMatchObject({
      state,
      text: expect.stringContaining(text),
      next: expect.stringContaining(next),
    })
  })

  test.each(searchIndexes)(
    'of an index of %s that is damaged, and nothing else, advises to mend it and not to restore anything',
    async (index) => {
      const profile = await healthyProfile()
      damageSearchIndex(historyFile(profile), index)
      const lines = await look(profile)
      expect(lines.find(({ what }) => what === 'structure')).toMatchObject({
        state: 'trouble',
        text: expect.stringMatching(/Nothing that was received is affected/),
        next: 'tocsin doctor --mend-search',
      })
      expect(lines.filter(({ next }) => next?.includes('restore'))).toEqual([])
    },
  )

  test('of damage where nobody made a backup says what can be done without', async () => {
    const profile = await healthyProfile()
    rmSync(backupFolder(historyFile(profile)), { recursive: true })
    const handle = openSync(historyFile(profile), 'r+')
    const pages = Math.floor(statSync(historyFile(profile)).size / 4096)
    for (let page = 5; page < pages; page += 3) writeSync(handle, Buffer.alloc(64, 0x5a), 0, 64, page * 4096)
    closeSync(handle)
    const lines = await look(profile)
    const structure = lines.find(({ what }) => what === 'structure')
    expect(structure).toMatchObject({
      state: 'trouble',
      next: expect.stringMatching(/no backup.*copy the profile.*tocsin verify, tocsin export/),
    })
    // The table of the command shows no more.
    expect(structure?.next?.length).toBeLessThanOrEqual(120)
    expect(lines.filter(({ next }) => next?.includes('tocsin restore'))).toEqual([])
  })

  test('of a backup that is days old, and of a look that took too long, says so', async () => {
    const profile = await healthyProfile()
    const lines = await look(profile, noon + 5 * 86_400_000, 1)
    expect(lines.find(({ what }) => what === 'backups')).toMatchObject({ state: 'attention', text: expect.stringContaining('5 d old') })
    expect(lines.find(({ what }) => what === 'structure')).toMatchObject({
      state: 'attention',
      text: expect.stringContaining('time ran out'),
    })
  })

  test('of a folder without a history says that there is none', async () => {
    expect(await look(temporaryProfile())).toContainEqual(expect.objectContaining({ what: 'history', state: 'attention' }))
  })
})
