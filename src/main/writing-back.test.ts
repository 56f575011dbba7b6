import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openDatabase } from './store/database.ts'
import type { LogLength } from './store/log.ts'
import { content, opened, temporaryFile, testStore, trusted } from './store/test-support.ts'
import { createWritingBack } from './writing-back.ts'

const thread = new URL('./store/log-thread.ts', import.meta.url)
/** Longer than what a new history has in its log. */
const long = 250

function setUp(programOf: (file: string) => URL = () => thread) {
  const file = temporaryFile()
  const store = testStore({ file })
  const troubles: string[] = []
  // What is left of a log of twice the length would not be left to the thread.
  const writeBack = vi.fn(store.log.writeBack)
  const writingBack = createWritingBack({
    file,
    thread: programOf(file),
    log: { ...store.log, writeBack },
    long,
    onTrouble: (detail) => troubles.push(detail),
  })
  onTestFinished(() => writingBack.stop())
  let issued = 0
  const keep = () => void store.keeper.keep([trusted(content({ id: `d-${issued}` }), { issued: issued++ })])
  const grow = () => {
    while ((store.log.length()?.pages ?? 0) < long) keep()
  }
  return { file, store, writingBack, writeBack, troubles, keep, grow }
}

/** Of this process, on the log: a connection has one for itself, while what SQLite locks in the history may stay open for another. */
function openOnLog(file: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => leadsTo(fd, `${file}-wal`)).length
}

function leadsTo(fd: string, path: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === path
  } catch {
    // The folder that is being read was one of them.
    return false
  }
}

/** The thread, which takes its time to end, and writes down what is open just before: what it had left, the runtime would close now. */
function leaving(file: string): URL {
  const program = `import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
    process.on('exit', () => {
      const left = readdirSync('/proc/self/fd').map((fd) => { try { return readlinkSync('/proc/self/fd/' + fd) } catch { return '' } })
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
      writeFileSync(${JSON.stringify(`${file}.left`)}, JSON.stringify(left))
    })
    await import(${JSON.stringify(thread.href)})`
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`)
}

/** A log that tells what it is told to. */
function pretended(length: LogLength, clock = { at: 0 }, thread = new URL('./store/no-such-thread.ts', import.meta.url)) {
  const log = { length: () => length, leaveToAnother: vi.fn(), writeBack: vi.fn() }
  const onTrouble = vi.fn()
  const writingBack = createWritingBack({ file: temporaryFile(), thread, log, long, onTrouble, clock: () => clock.at })
  onTestFinished(() => writingBack.stop())
  return { log, onTrouble, clock }
}

/** A thread that tells one after the other, and in the end nothing. */
function answering(kinds: readonly string[]): URL {
  const told = kinds.map((kind) => ({ kind, detail: 'as pretended' }))
  const program = `import { parentPort } from 'node:worker_threads'
    const told = ${JSON.stringify(told)}
    parentPort.on('message', (asked) => (asked === 'close' ? parentPort.close() : told.length > 0 && parentPort.postMessage(told.shift())))`
  return new URL(`data:text/javascript,${encodeURIComponent(program)}`)
}

test('a long log is written back beside, the next commit begins it anew, and nobody takes that for a change', async () => {
  const { store, writeBack, troubles, keep, grow } = setUp()
  const foreign = vi.fn()
  const leave = store.onForeignChange(foreign)
  for (let times = 0; times < 2; times += 1) {
    grow()
    await vi.waitFor(() => expect(store.log.length()?.writtenBack).toBe(store.log.length()?.pages), { timeout: 10_000 })
    keep()
    expect(store.log.length()?.pages).toBeLessThan(long)
  }
  // A quarter of a second later it would be told.
  await new Promise((resolve) => setTimeout(resolve, 600))
  leave()
  expect(foreign).not.toHaveBeenCalled()
  expect(writeBack).not.toHaveBeenCalled()
  expect(troubles).toEqual([])
})

test('a reader that stays keeps the log from beginning anew, and neither commits nor the thread wait for it or fail', async () => {
  const { file, store, writeBack, troubles, keep, grow } = setUp()
  keep()
  const reader = opened(openDatabase(file, { readOnly: true }))
  reader.exec('BEGIN')
  const read = reader.prepare<[], number>('SELECT count(*) FROM deliveries').pluck()
  expect(read.get()).toBe(1)
  const seen = store.log.length()?.pages
  keep()
  grow()
  await vi.waitFor(() => expect(store.log.length()?.writtenBack).toBe(seen), { timeout: 10_000 })
  for (let times = 0; times < 5; times += 1) keep()
  // As many looks as it takes to be asked once more.
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(store.log.length()?.writtenBack).toBe(seen)
  expect(read.get()).toBe(1)
  reader.exec('COMMIT')
  await vi.waitFor(() => expect(store.log.length()?.writtenBack).toBe(store.log.length()?.pages), { timeout: 10_000 })
  expect(writeBack).not.toHaveBeenCalled()
  expect(troubles).toEqual([])
})

test('stops with its connection closed, so that the history closes without a log', async () => {
  const { file, store, writingBack, writeBack, grow } = setUp()
  grow()
  await vi.waitFor(() => expect(store.log.length()?.writtenBack).toBeGreaterThan(0), { timeout: 10_000 })
  expect(writeBack).not.toHaveBeenCalled()
  await writingBack.stop()
  store.close()
  expect(existsSync(`${file}-wal`)).toBe(false)
})

test.skipIf(process.platform !== 'linux')(
  'stops when its thread has closed the history by itself, and has ended',
  async () => {
    const { file, store, writingBack, grow } = setUp(leaving)
    grow()
    expect(openOnLog(file)).toBe(1)
    await vi.waitFor(() => expect(store.log.length()?.writtenBack).toBeGreaterThan(0), { timeout: 10_000 })
    expect(openOnLog(file)).toBe(2)
    await writingBack.stop()
    const left = JSON.parse(readFileSync(`${file}.left`, 'utf8')) as readonly string[]
    expect(left.filter((path) => path === `${file}-wal`)).toHaveLength(1)
    expect(openOnLog(file)).toBe(1)
  },
  20_000,
)

test('commits write the log back themselves as soon as there is no thread for it, which is said once and tried again later', async () => {
  const { log, onTrouble, clock } = pretended({ pages: long, writtenBack: 0 })
  expect(log.leaveToAnother.mock.calls).toEqual([[true]])
  await vi.waitFor(() => expect(log.leaveToAnother.mock.calls).toEqual([[true], [false]]), { timeout: 10_000 })
  clock.at += 31_000
  await vi.waitFor(() => expect(log.leaveToAnother.mock.calls).toEqual([[true], [false], [false]]), { timeout: 10_000 })
  expect(onTrouble).toHaveBeenCalledTimes(1)
})

test('a disk that fails is told once, whoever else was at the log in between, and again only after it was well', async () => {
  const asked = ['failed', 'busy', 'failed', 'done', 'failed']
  const { log, onTrouble, clock } = pretended({ pages: long, writtenBack: 0 }, { at: 0 }, answering(asked))
  const toldUpTo = async (answers: number) => {
    const failures = asked.slice(0, answers).filter((kind) => kind === 'failed').length
    await vi.waitFor(() => expect(log.leaveToAnother.mock.calls.filter(([isLeft]) => !isLeft)).toHaveLength(failures), { timeout: 10_000 })
    clock.at += 31_000
    return onTrouble.mock.calls.length
  }
  expect(await toldUpTo(1)).toBe(1)
  expect(await toldUpTo(3)).toBe(1)
  expect(log.leaveToAnother.mock.calls).toEqual([[true], [false], [false]])
  expect(await toldUpTo(5)).toBe(2)
})

test('what is left of a log of twice the length is written back at once where it is little', async () => {
  const { log, onTrouble } = pretended({ pages: 2 * long, writtenBack: long })
  await vi.waitFor(() => expect(log.writeBack).toHaveBeenCalled(), { timeout: 10_000 })
  expect(onTrouble).not.toHaveBeenCalled()
})
