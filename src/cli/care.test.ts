import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { DoctorLine } from '../main/care/doctor.ts'
import { createBackups } from '../main/care/backup.ts'
import { restore } from '../main/care/restore.ts'
import { files, mark, openHistory, temporaryProfile } from '../main/care/test-support.ts'
import { keep } from '../main/proof/evidence-test-support.ts'
import { readMark } from '../main/proof/high-water-mark.ts'
import { issuer, noon } from '../main/ingest/test-support.ts'
import { historyFile, markFile, writeConnection } from '../main/profile.ts'
import { backupFolder } from '../main/store/backup-folder.ts'
import { searchIndexes } from '../main/store/search-damage.ts'
import { changeWordInIndex, damageSearchIndex, losePagesOfIndex } from '../main/store/test-support.ts'
import type { RetentionReport } from '../shared/care.ts'
import { retain } from './care.ts'
import type { Context } from './context.ts'
import { importFiles } from './import.ts'
import { addOrganization } from './org.ts'

const cli = fileURLToPath(new URL('index.ts', import.meta.url))

async function profileWith(deliveries: number): Promise<string> {
  const profile = temporaryProfile()
  const store = openHistory(profile)
  for (let i = 0; i < deliveries; i++) keep(store, `det-${i}`, 'resolved', noon / 1000 - 60)
  mark(profile, store)
  const history = historyFile(profile)
  await createBackups({ history, folder: backupFolder(history), files, now: () => noon, schedule: () => () => {} }).make()
  store.close()
  return profile
}

const run = (profile: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [cli, ...args, '--user-data', profile], { encoding: 'utf8' })

test.each<[string, (context: Context) => unknown]>([
  [
    'tocsin import',
    (context) => {
      const file = join(context.profile, 'tokens')
      writeFileSync(file, 'no token\n')
      return importFiles(context, [file])
    },
  ],
  [
    'tocsin retention',
    (context) => retain(context, { olderThan: 1, newToo: true, ongoingToo: true, preview: false, apply: true, json: false }),
  ],
  ['tocsin org add', (context) => addOrganization(context, { id: 'another', issuer })],
])('a restore waits for the end of %s', async (what, work) => {
  const profile = await profileWith(3)
  const asked: Promise<object>[] = []
  const ask = () => void asked.push(restore({ profile, from: null, files, now: () => noon }))
  await work({ profile, write: async () => ask(), say: ask, now: () => noon + 1_000_000 })
  expect(asked.length).toBeGreaterThan(0)
  expect(await asked[0]).toMatchObject({ kind: 'refused', detail: expect.stringContaining(`${what} (process ${process.pid})`) })
  expect((await restore({ profile, from: null, files, now: () => noon })).kind).toBe('restored')
})

test('import marks how far the history has come, though another program has the number of an app that is gone', async () => {
  const profile = await profileWith(3)
  const store = openHistory(profile)
  keep(store, 'more', 'resolved', noon / 1000 - 60)
  store.close()
  writeConnection(profile, { url: 'http://127.0.0.1:4000/in/AAECAwQFBgcICQoLDA0ODw', pid: process.ppid })
  const file = join(profile, 'tokens')
  writeFileSync(file, '')
  await importFiles({ profile, write: () => Promise.resolve(), say() {}, now: () => noon }, [file])
  expect(readMark(markFile(profile))).toMatchObject({ mark: { sequence: 4 } })
})

test('retention keeps what nobody has taken up yet, unless it is told otherwise', async () => {
  const profile = await profileWith(3)
  const preview = (...more: readonly string[]) => {
    const args = ['retention', '--max-size', '1', '--preview', '--json', ...more]
    return JSON.parse(run(profile, ...args).stdout) as RetentionReport
  }
  expect(preview()).toMatchObject({ goes: [], stays: { new: 3 } })
  expect(preview('--new-too')).toMatchObject({ goes: [{ detections: 3 }], stays: {} })
})

test('doctor finds what no check of the structure shows in what searches go by, and makes it anew, or anew all the same', async () => {
  const profile = await profileWith(3)
  const store = openHistory(profile)
  while (!store.textIndex.catchUp(100));
  store.close()
  changeWordInIndex(historyFile(profile), 'missingmfa', 'missingmfb')
  const text = '"missingmfa"'
  expect(run(profile, 'query', text, '--json').stdout).toBe('')
  expect(run(profile, 'doctor')).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/index of words is damaged.*3 of 3 detections.*tocsin doctor --mend-search/),
  })
  expect(run(profile, 'doctor', '--mend-search').stderr).toContain('everything can be found again')
  expect(run(profile, 'query', text, '--json').stdout.trim().split('\n')).toHaveLength(3)
  expect(run(profile, 'doctor').stdout).toContain('3 detections looked at are found by all they say')

  expect(run(profile, 'doctor', '--mend-search').stderr).toContain('tocsin doctor --mend-search --anyway')
  expect(run(profile, 'doctor', '--anyway')).toMatchObject({ status: 2, stderr: expect.stringContaining('--mend-search') })
  expect(run(profile, 'doctor', '--mend-search', '--anyway')).toMatchObject({
    status: 0,
    stderr: expect.stringMatching(/as was asked for[^]*everything can be found again/),
  })
  expect(run(profile, 'query', text, '--json').stdout.trim().split('\n')).toHaveLength(3)
})

test('lost pages of what searches go by are told with the next step, which brings everything back, also what no backup holds', async () => {
  const profile = await profileWith(80)
  const store = openHistory(profile)
  for (let i = 0; i < 3; i++) keep(store, `since-${i}`, 'resolved', noon / 1000)
  while (!store.textIndex.catchUp(1));
  mark(profile, store)
  store.close()
  losePagesOfIndex(historyFile(profile))

  const failed = run(profile, 'query', 'missingmfa')
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining('tocsin doctor says what is damaged') })
  expect(failed.stderr).not.toContain('safe')
  const { lines } = JSON.parse(run(profile, 'doctor', '--json').stdout) as { lines: DoctorLine[] }
  const structure = lines.find(({ what }) => what === 'structure')
  expect(structure).toMatchObject({ state: 'trouble', next: expect.stringMatching(/export.*restore.*import/) })
  // The table shows no more.
  expect(structure?.next?.length).toBeLessThanOrEqual(120)
  expect(lines.find(({ what }) => what === 'search')?.text).toBe('everything is indexed')

  const archive = join(profile, 'all.ndjson')
  expect(run(profile, 'export', '--format', 'ndjson', '--out', archive).status).toBe(0)
  expect(run(profile, 'restore')).toMatchObject({ status: 0, stderr: expect.stringContaining('3 deliveries are missing') })
  expect(run(profile, 'import', archive)).toMatchObject({ status: 0, stdout: expect.stringMatching(/new\s+3\b/) })
  expect(run(profile, 'query', 'missingmfa', '--json').stdout.trim().split('\n')).toHaveLength(83)
}, 60_000)

test('doctor makes what searches go by anew where that is damaged, and changes nothing where it is not', async () => {
  const profile = await profileWith(3)
  expect(run(profile, 'doctor', '--mend-search')).toMatchObject({ status: 0, stderr: expect.stringContaining('Nothing was changed') })
  const store = openHistory(profile)
  while (!store.textIndex.catchUp(100));
  store.close()
  for (const index of searchIndexes) damageSearchIndex(historyFile(profile), index)
  const failed = run(profile, 'query', 'det-1')
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining('Make it anew with tocsin doctor --mend-search') })
  expect(run(profile, 'backup')).toMatchObject({
    status: 0,
    stderr: expect.stringContaining('Mend the history: tocsin doctor --mend-search'),
  })
  expect(run(profile, 'doctor', '--mend-search')).toMatchObject({
    status: 0,
    stderr: expect.stringContaining('everything can be found again'),
  })
  for (const text of ['det-1', '*et-1*']) expect(run(profile, 'query', text, '--json').stdout).toContain('"det-1"')
  expect(run(profile, 'doctor', '--mend-search').stderr).toContain('Nothing was changed')
})
