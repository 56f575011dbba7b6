import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Detection } from '../shared/detection.ts'
import type { Task, TaskStarted } from '../shared/tasks.ts'
import { keepAll } from './archive-test-support.ts'
import type { Core } from './core-parts.ts'
import { startTestCore } from './core-test-support.ts'
import { keepUnsigned, signer } from './proof/evidence-test-support.ts'
import { readMark } from './proof/high-water-mark.ts'
import type { Change } from './ingest/delivery.ts'
import { contentOf } from './ingest/content-of.ts'
import { issuer, noon, pinned } from './ingest/test-support.ts'
import { decide } from './notify/decide.ts'
import { listening } from './notify/test-support.ts'
import { historyFile, markFile, prepareProfile } from './profile.ts'
import { openStore } from './store/store.ts'

const nothingLogged: string[] = []

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tocsin-tasks-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** A profile with so many detections, and the app on it. */
async function start(count: number) {
  const profile = join(folder(), 'profile')
  prepareProfile(profile)
  if (count > 0) {
    const opened = openStore({ file: historyFile(profile), contentOf, now: Date.now })
    if (opened.kind !== 'opened') throw new Error(opened.detail)
    for (let from = 0; from < count; from += 500) {
      const length = Math.min(500, count - from)
      const one = (_: unknown, index: number) => ({ id: `d-${from + index}`, status: 'ongoing', iat: noon / 1000 - count + from + index })
      keepAll(opened.store, Array.from({ length }, one))
    }
    opened.store.close()
  }
  const logged: string[] = []
  const core = await startTestCore({
    profile,
    log: { info: () => undefined, error: (text, error) => logged.push(`${text} ${String(error)}`) },
  })
  onTestFinished(async () => {
    await core.stop()
    expect(logged).toEqual(nothingLogged)
  })
  const jwks = JSON.stringify({ keys: [signer.publicKey] })
  expect(await core.addOrganization({ id: pinned, issuer, name: 'Pinned', jwks })).toMatchObject({ kind: 'added' })
  const told: Task[] = []
  const changes: Change[] = []
  core.subscribe({ task: (task) => told.push(task), changes: (all) => changes.push(...all) })
  return { core, profile, told, changes }
}

/** Would rather not take what nobody signed. */
const nobody = () => Promise.resolve(false)

/** Resolves with the end of a task. */
function ended(core: Core, started: TaskStarted): Promise<Exclude<Task['state'], { kind: 'running' }>> {
  if (started.kind !== 'started') throw new Error(JSON.stringify(started))
  return new Promise((resolve) => {
    const stop = core.subscribe({
      task({ id, state }) {
        if (id !== started.task.id || state.kind === 'running') return
        stop()
        resolve(state)
      },
    })
  })
}

async function all(core: Core, text = ''): Promise<readonly Detection[]> {
  const page = await core.desk.page({ text, before: null, limit: 500 })
  if (page.kind !== 'page') throw new Error(page.detail)
  return page.detections
}

const view = (text: string) => ({ kind: 'view', text, range: null }) as const

/** What one installation cannot have of another. */
const portable = (detections: readonly Detection[]) => detections.map(({ imported: _, receivedAt: __, sequence: ___, ...rest }) => rest)

test('what one app exports another one imports, and has the same; it is told, searchable at once, and notifies nobody', async () => {
  const one = await start(300)
  const other = await start(0)
  const key = (await all(one.core))[7]!
  one.core.open(key)
  const path = join(folder(), 'all.ndjson')
  const exported = await ended(one.core, one.core.tasks.export({ of: view(''), format: 'ndjson', path }))
  expect(exported).toEqual({ kind: 'done', detail: `300 detections exported to ${path}.` })

  const imported = await ended(other.core, other.core.tasks.import([path], nobody))
  expect(imported).toEqual({ kind: 'done', detail: '300 deliveries are new.' })
  expect(portable(await all(other.core))).toEqual(portable(await all(one.core)))
  expect((await all(other.core, 'is:imported d-299')).map(({ id }) => id)).toEqual(['d-299'])
  expect(other.changes).toHaveLength(300)
  expect(other.changes.find(({ detection }) => detection.id === key.id)?.detection.triage.isUnread).toBe(false)
  expect(other.changes.filter((change) => decide(change, listening).show)).toEqual([])

  expect(await ended(other.core, other.core.tasks.import([path], nobody))).toEqual({
    kind: 'done',
    detail: '0 deliveries are new, 300 were here already.',
  })
  expect(other.core.tasks.list().map(({ title, state }) => [title, state.kind])).toEqual([
    ['Import of all.ndjson', 'done'],
    ['Import of all.ndjson', 'done'],
  ])
})

test('an import of what is here already tells of the triage that it brings, and only once', async () => {
  const one = await start(3)
  const other = await start(0)
  const [before, after] = ['before.ndjson', 'after.ndjson'].map((name) => join(folder(), name)) as [string, string]
  await ended(one.core, one.core.tasks.export({ of: view(''), format: 'ndjson', path: before }))
  const [, opened] = await all(one.core)
  one.core.open(opened!)
  await ended(one.core, one.core.tasks.export({ of: view(''), format: 'ndjson', path: after }))
  await ended(other.core, other.core.tasks.import([before], nobody))
  const touched: (readonly [string, boolean])[] = []
  other.core.subscribe({ touched: ({ changed }) => touched.push(...changed.map(({ id, triage }) => [id, triage.isUnread] as const)) })

  for (let time = 0; time < 2; time++) {
    expect(await ended(other.core, other.core.tasks.import([after], nobody))).toMatchObject({
      detail: '0 deliveries are new, 3 were here already.',
    })
    expect(touched).toEqual([[opened!.id, false]])
  }
  expect(other.changes).toHaveLength(3)
})

test.each([
  ['csv', /^\ufeff?"id","organizationId"/],
  ['ocsf', /"version":"1\.8\.0"|"class_uid":2004/],
  ['ecs', /"ecs":\{"version":"8\.17\.0"\}/],
  ['splunk-hec', /"sourcetype":"slashid:detection"/],
  ['navigator', /"layer": ?"4\.5"/],
] as const)('exports what a search finds as %s', async (format, expected) => {
  const { core } = await start(20)
  const path = join(folder(), `found.${format}`)
  expect(await ended(core, core.tasks.export({ of: view('id:d-7 OR id:d-8'), format, path }))).toMatchObject({
    kind: 'done',
    detail: `2 detections exported to ${path}.`,
  })
  expect(readFileSync(path, 'utf8')).toMatch(expected)
})

test('a cancelled export leaves no file, and is told at most four times a second until then', async () => {
  const { core, told } = await start(4_000)
  const place = folder()
  const startedAt = performance.now()
  const started = core.tasks.export({ of: view(''), format: 'ndjson', path: join(place, 'all.ndjson') })
  const end = ended(core, started)
  if (started.kind !== 'started') throw new Error(started.kind)
  // What is told comes too rarely: all of it may be written between two of those.
  const isInTheMiddle = () => core.tasks.list().some(({ done, total }) => total !== null && done > 0 && done < total)
  while (!isInTheMiddle()) await new Promise((resolve) => setImmediate(resolve))
  core.tasks.cancel(started.task.id)
  expect(await end).toEqual({ kind: 'cancelled', detail: 'Cancelled. No file was written.' })
  expect(readdirSync(place)).toEqual([])
  const running = told.filter(({ state }) => state.kind === 'running').length
  expect(running).toBeLessThanOrEqual(2 + (performance.now() - startedAt) / 250)
  core.tasks.cancel(started.task.id)
  expect(core.tasks.list()).toEqual([])
})

test('few run at once, a search that is none is refused before anything is asked, and so is a file that is being written', async () => {
  const { core } = await start(1_000)
  const place = folder()
  const begin = (name: string, text = '') => core.tasks.export({ of: view(text), format: 'ndjson', path: join(place, name) })
  expect(core.tasks.refusal({ kind: 'export', of: view('tipe:x') })).toMatchObject({ kind: 'refused', at: 0, length: 4 })
  expect(begin('none', 'tipe:x')).toMatchObject({ kind: 'refused' })
  const first = begin('one')
  const ends = [ended(core, first)]
  expect(begin('one')).toMatchObject({ kind: 'busy', detail: expect.stringContaining('this file') as string })
  ends.push(ended(core, begin('two')))
  expect(begin('three')).toMatchObject({ kind: 'busy' })
  expect(core.tasks.refusal({ kind: 'export', of: view('') })).toMatchObject({ kind: 'busy' })
  expect(core.tasks.refusal({ kind: 'import' })).toBeNull()
  expect(await Promise.all(ends)).toMatchObject([{ kind: 'done' }, { kind: 'done' }])
  expect(core.tasks.refusal({ kind: 'export', of: view('') })).toBeNull()
})

test('the end of the app ends what runs, and leaves a whole history and no half file', async () => {
  const one = await start(1_500)
  const place = folder()
  const archive = join(place, 'all.ndjson')
  await ended(one.core, one.core.tasks.export({ of: view(''), format: 'ndjson', path: archive }))
  const other = await start(0)
  other.core.tasks.import([archive], nobody)
  other.core.tasks.export({ of: view(''), format: 'ndjson', path: join(place, 'other.ndjson') })
  one.core.tasks.export({ of: view(''), format: 'csv', path: join(place, 'one.csv') })
  await new Promise<void>((resolve) => other.core.subscribe({ changes: () => resolve() }))
  await Promise.all([one.core.stop(), other.core.stop()])
  expect(existsSync(archive)).toBe(true)
  expect(readdirSync(place).filter((name) => name.includes('.part') || name === 'one.csv')).toEqual([])
  const opened = openStore({ file: historyFile(other.profile), readOnly: true, contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  expect(opened.store.detections.total()).toBe(other.changes.length)
  opened.store.close()
})

test('what could not be taken is said with its place, and what helps', async () => {
  const { core } = await start(0)
  const file = join(folder(), 'bad.txt')
  writeFileSync(file, '{"neither":1}\nnot a token\n')
  const state = await ended(core, core.tasks.import([file], nobody))
  expect(state).toMatchObject({
    kind: 'done',
    detail: expect.stringMatching(/2 lines.* could not be read\. The first is in bad\.txt, line 1: /) as string,
  })
  expect(await ended(core, core.tasks.import([`${file}.gone`], nobody))).toMatchObject({
    kind: 'failed',
    detail: expect.stringContaining(`There is no file ${file}.gone.`) as string,
  })
})

test('what another process brings is marked, indexed and told, and not once for each of its commits', async () => {
  const { core, profile } = await start(1)
  const file = historyFile(profile)
  const opened = openStore({ file, contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  onTestFinished(() => opened.store.close())
  const foreign: number[] = []
  const unsubscribe = core.subscribe({ foreign: () => foreign.push(performance.now()) })
  const beganAt = performance.now()
  for (let commit = 0; commit < 12; commit++) {
    keepAll(opened.store, [{ id: `foreign-${commit}`, status: 'ongoing', iat: noon / 1000 - 50 + commit }])
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  const lastAt = performance.now()
  const marked = () => {
    const reading = readMark(markFile(profile))
    return reading.kind === 'read' ? reading.mark.sequence : null
  }
  await vi.waitFor(() => expect(marked()).toBe(13), { timeout: 5_000, interval: 10 })
  expect(performance.now() - lastAt).toBeLessThan(1_000)
  await vi.waitFor(() => expect(opened.store.textIndex.isUpToDate()).toBe(true), { timeout: 5_000, interval: 10 })
  await vi.waitFor(() => expect(foreign.at(-1)).toBeGreaterThan(lastAt - 150), { timeout: 5_000, interval: 10 })
  unsubscribe()
  expect(foreign.length).toBeGreaterThan(1)
  expect(foreign.length).toBeLessThanOrEqual(2 + (performance.now() - beganAt) / 1_000)
})

test('what nobody signed is asked about once, unless an unsigned way in was declared for its organization', async () => {
  const one = await start(0)
  const opened = openStore({ file: historyFile(one.profile), contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  keepUnsigned(opened.store, 'u-1', 'ongoing')
  keepUnsigned(opened.store, 'u-2', 'ongoing')
  opened.store.close()
  const archive = join(folder(), 'all.ndjson')
  await ended(one.core, one.core.tasks.export({ of: view(''), format: 'ndjson', path: archive }))

  const other = await start(0)
  let asked = 0
  const refuse = () => Promise.resolve((asked += 1) < 0)
  expect(other.core.tasks.unsignedConsent(pinned).message).toContain('Pinned')
  expect(await ended(other.core, other.core.tasks.import([archive], refuse))).toMatchObject({
    kind: 'done',
    detail: expect.stringContaining('What nobody signed was left out') as string,
  })
  expect([asked, await all(other.core)]).toEqual([1, []])
  expect(await other.core.unsigned.switch(pinned)).toMatchObject({ kind: 'switched' })
  expect(await ended(other.core, other.core.tasks.import([archive], refuse))).toEqual({ kind: 'done', detail: '2 deliveries are new.' })
  expect(asked).toBe(1)
})

test('exports rows that were selected one by one, or all but those that were taken out', async () => {
  const { core } = await start(30)
  const keys = (await all(core)).slice(3, 6).map(({ organizationId, id }) => ({ organizationId, id }))
  const ids = async (of: Parameters<typeof core.tasks.export>[0]['of']) => {
    const path = join(folder(), 'some.csv')
    expect(await ended(core, core.tasks.export({ of, format: 'csv', path }))).toMatchObject({ kind: 'done' })
    return [...readFileSync(path, 'utf8').matchAll(/^"(d-\d+)"/gm)].map(([, id]) => id)
  }
  const gone = { organizationId: keys[0]!.organizationId, id: 'gone' as Detection['id'] }
  expect(await ids({ kind: 'keys', keys: [gone, ...keys] })).toEqual(['d-26', 'd-25', 'd-24'])
  const page = await core.desk.page({ text: '', before: null, limit: 1 })
  if (page.kind !== 'page') throw new Error(page.detail)
  expect(page.asOf).toEqual({ sequence: 30, late: 0 })
  const file = join(folder(), 'known.csv')
  const known = { ...view('status:ongoing'), asOf: { sequence: 28, late: 0 } } as const
  expect(await ended(core, core.tasks.export({ of: known, format: 'csv', path: file }))).toEqual({
    kind: 'done',
    detail: `28 detections exported to ${file}. 2 came or changed since they were selected, and are not in it.`,
  })
  const rest = await ids({ ...view('status:ongoing'), except: [...keys, gone] })
  expect(rest).toHaveLength(27)
  expect(rest.filter((id) => keys.some((key) => key.id === id))).toEqual([])
})
