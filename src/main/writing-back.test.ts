import { existsSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { LogLength } from './store/log.ts'
import { content, temporaryFile, testStore, trusted } from './store/test-support.ts'
import { createWritingBack } from './writing-back.ts'

const thread = new URL('./store/log-thread.ts', import.meta.url)
const long = 50

function setUp() {
  const file = temporaryFile()
  const store = testStore({ file })
  const troubles: string[] = []
  const writingBack = createWritingBack({ file, thread, log: store.log, long, onTrouble: (detail) => troubles.push(detail) })
  onTestFinished(() => writingBack.stop())
  let issued = 0
  const keep = () => void store.keeper.keep([trusted(content({ id: `d-${issued}` }), { issued: issued++ })])
  const grow = () => {
    while ((store.log.length()?.pages ?? 0) < long) keep()
  }
  return { file, store, writingBack, troubles, keep, grow }
}

/** A log that tells what it is told to. */
function pretended(length: LogLength, clock = { at: 0 }) {
  const log = { length: () => length, leaveToAnother: vi.fn(), writeBack: vi.fn() }
  const onTrouble = vi.fn()
  const missing = new URL('./store/no-such-thread.ts', import.meta.url)
  const writingBack = createWritingBack({ file: temporaryFile(), thread: missing, log, long, onTrouble, clock: () => clock.at })
  onTestFinished(() => writingBack.stop())
  return { log, onTrouble, clock }
}

test('a long log is written back beside, the next commit begins it anew, and nobody takes that for a change', async () => {
  const { store, troubles, keep, grow } = setUp()
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
  expect(troubles).toEqual([])
})

test('stops with its connection closed, so that the history closes without a log', async () => {
  const { file, store, writingBack, grow } = setUp()
  grow()
  await vi.waitFor(() => expect(store.log.length()?.writtenBack).toBeGreaterThan(0), { timeout: 10_000 })
  await writingBack.stop()
  store.close()
  expect(existsSync(`${file}-wal`)).toBe(false)
})

test('commits write the log back themselves as soon as there is no thread for it, which is said once and tried again later', async () => {
  const { log, onTrouble, clock } = pretended({ pages: long, writtenBack: 0 })
  expect(log.leaveToAnother.mock.calls).toEqual([[true]])
  await vi.waitFor(() => expect(log.leaveToAnother.mock.calls).toEqual([[true], [false]]), { timeout: 10_000 })
  clock.at += 31_000
  await vi.waitFor(() => expect(log.leaveToAnother.mock.calls).toEqual([[true], [false], [false]]), { timeout: 10_000 })
  expect(onTrouble).toHaveBeenCalledTimes(1)
})

test('what is left of a log of twice the length is written back at once where it is little', async () => {
  const { log, onTrouble } = pretended({ pages: 2 * long, writtenBack: long })
  await vi.waitFor(() => expect(log.writeBack).toHaveBeenCalled(), { timeout: 10_000 })
  expect(onTrouble).not.toHaveBeenCalled()
})
