import { copyFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ProofHealth } from '../../shared/health.ts'
import { compareMark, createHighWaterMark, readMark } from './high-water-mark.ts'
import { at, content, keepOne, start, temporaryFile, testStore, trusted } from '../store/test-support.ts'

const later = start + 60_000

/** A history and its mark, as the app runs them. */
async function running(file = temporaryFile(), now = () => later) {
  const store = testStore({ file })
  const told: ProofHealth[] = []
  const markFile = `${file}.mark`
  const mark = createHighWaterMark({ file: markFile, history: store, now, onHealth: (health) => told.push(health) })
  await mark.start()
  const keeper = mark.follow(store.keeper)
  const keep = (count: number) => {
    for (let index = 0; index < count; index += 1) keepOne(keeper, trusted(content(), { received: index + 1 }))
  }
  const end = async () => {
    await mark.stop()
    store.close()
  }
  return { file, markFile, mark, store, told, keep, end, read: () => compareMark(readMark(markFile), store) }
}

/** The files of a history as a crash leaves them: nothing is written back or closed. */
function crash(file: string, markFile: string): string {
  const image = temporaryFile()
  for (const suffix of ['', '-wal']) copyFileSync(`${file}${suffix}`, `${image}${suffix}`)
  copyFileSync(markFile, `${image}.mark`)
  return image
}

test('the mark is there from the first start, follows within a second, and is this user’s alone', async () => {
  const { keep, markFile, store, read, end } = await running()
  expect(read()).toEqual({ kind: 'ok', marked: { sequence: 0, at: at(60) }, unmarked: 0 })
  const keptAt = performance.now()
  keep(3)
  expect(read(), 'after the answer, not before it').toMatchObject({ marked: { sequence: 0 }, unmarked: 3 })
  await vi.waitFor(() => expect(read()).toMatchObject({ marked: { sequence: 3 }, unmarked: 0 }), { interval: 5, timeout: 5_000 })
  expect(performance.now() - keptAt).toBeLessThan(1_000)
  expect(readMark(markFile)).toMatchObject({ mark: { databaseId: store.proof.databaseId(), losses: [] } })
  if (process.platform !== 'win32') expect(statSync(markFile).mode & 0o777).toBe(0o600)
  expect(existsSync(`${markFile}.new`)).toBe(false)
  await end()
})

test('what another process kept is marked as soon as somebody says that there may be something', async () => {
  const { mark, store, read, end } = await running()
  for (let index = 0; index < 3; index += 1) keepOne(store.keeper, trusted(content(), { received: index + 1 }))
  const wokenAt = performance.now()
  mark.wake()
  await vi.waitFor(() => expect(read()).toMatchObject({ marked: { sequence: 3 }, unmarked: 0 }), { interval: 5, timeout: 5_000 })
  expect(performance.now() - wokenAt).toBeLessThan(1_000)
  await end()
})

test('a clean end marks the last delivery', async () => {
  const { keep, markFile, end } = await running()
  keep(2)
  await end()
  expect(readMark(markFile)).toMatchObject({ mark: { sequence: 2 } })
})

test('a crash between the answer and the mark is no reason to worry', async () => {
  const { keep, file, markFile, end } = await running()
  keep(4)
  const image = crash(file, markFile)
  await end()
  const again = await running(image)
  expect(again.told).toEqual([])
  expect(again.read(), 'marked anew').toMatchObject({ kind: 'ok', marked: { sequence: 4 } })
  await again.end()
})

test.each<[string, (wal: string) => void]>([
  ['deleted', (wal) => rmSync(wal)],
  ['truncated', (wal) => truncateSync(wal, 0)],
])('a log that was %s after a crash: the loss is said in numbers, once, and stays on record', async (_, damage) => {
  const first = await running()
  first.keep(2)
  await first.end()
  const second = await running(first.file)
  second.keep(3)
  await vi.waitFor(() => expect(second.read()).toMatchObject({ marked: { sequence: 5 } }))
  const image = crash(second.file, second.markFile)
  await second.end()
  damage(`${image}-wal`)

  const third = await running(image)
  const loss = { kind: 'lost', lost: 3, kept: { sequence: 2, at: at(2) }, marked: { sequence: 5, at: at(60) } }
  expect(third.told).toEqual([loss])
  third.keep(1)
  await third.end()
  const fourth = await running(image)
  expect(fourth.told, 'what is new is protected again').toEqual([])
  expect(readMark(fourth.markFile)).toMatchObject({ mark: { sequence: 3, losses: [{ ...loss, foundAt: at(60) }] } })
  await fourth.end()
})

test('an older copy of the history in its place is found, also after it has caught up', async () => {
  const first = await running()
  first.keep(1)
  await first.end()
  const copy = readFileSync(first.file)
  const second = await running(first.file)
  second.keep(2)
  await second.end()

  writeFileSync(first.file, copy)
  const behind = testStore({ file: first.file })
  expect(compareMark(readMark(first.markFile), behind)).toMatchObject({ kind: 'lost', lost: 2 })
  for (let index = 0; index < 4; index += 1) keepOne(behind.keeper, trusted(content()))
  expect(compareMark(readMark(first.markFile), behind)).toEqual({ kind: 'rewritten', marked: { sequence: 3, at: at(60) } })
  behind.close()
})

test('all deliveries gone is told with none kept', async () => {
  const first = await running()
  await first.end()
  const empty = readFileSync(first.file)
  const second = await running(first.file)
  second.keep(2)
  await second.end()
  writeFileSync(first.file, empty)
  const third = await running(first.file)
  expect(third.told).toEqual([{ kind: 'lost', lost: 2, kept: null, marked: { sequence: 2, at: at(60) } }])
  await third.end()
})

test('another history under the same name is told from this one', async () => {
  const first = await running()
  first.keep(2)
  await first.end()
  rmSync(first.file)
  const second = await running(first.file)
  expect(second.told).toEqual([{ kind: 'other-history', marked: { sequence: 2, at: at(60) } }])
  await second.end()
})

test.each([
  ['missing', (file: string) => rmSync(file)],
  ['unreadable', (file: string) => writeFileSync(file, '{"sequence":')],
])('a mark that is %s is told where there are deliveries, and made anew', async (because, damage) => {
  const first = await running()
  first.keep(1)
  await first.end()
  damage(first.markFile)
  const second = await running(first.file)
  expect(second.told).toEqual([{ kind: 'no-mark', because }])
  expect(second.read()).toMatchObject({ kind: 'ok', marked: { sequence: 1 } })
  await second.end()
  const third = await running(first.file)
  expect(third.told, 'said once').toEqual([])
  expect(readMark(third.markFile), 'and on record').toMatchObject({ mark: { losses: [{ kind: 'no-mark', because, foundAt: at(60) }] } })
  await third.end()
})

test('a mark that cannot be written is told once, and that it can again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { keep, markFile, told, end } = await running()
  mkdirSync(`${markFile}.new`)
  const settle = async (until: () => boolean) => {
    while (!until()) await new Promise((done) => setImmediate(done))
  }
  keep(1)
  vi.advanceTimersByTime(400)
  await settle(() => told.length === 1)
  expect(told).toEqual([{ kind: 'not-marking', since: at(60), detail: expect.any(String) }])
  rmdirSync(`${markFile}.new`)
  vi.advanceTimersByTime(5_000)
  await settle(() => told.length === 2)
  expect(told[1]).toEqual({ kind: 'ok' })
  expect(readMark(markFile)).toMatchObject({ mark: { sequence: 1 } })
  await end()
})
