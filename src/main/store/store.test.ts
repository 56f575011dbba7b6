import { existsSync, statSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openStore } from './store.ts'
import type { Store } from './store.ts'
import {
  content,
  contentOf,
  delivery,
  keepOne,
  pageOf,
  refused,
  start,
  temporaryFile,
  testStore,
  trusted,
  waiting,
} from './test-support.ts'

const reopen = (file: string, readOnly = false): Store => testStore({ file, readOnly })

test('what was kept is there after closing and opening again, in one file', () => {
  const file = temporaryFile()
  const store = reopen(file)
  keepOne(store.keeper, trusted(content({ id: 'kept' })))
  store.close()
  expect(statSync(file).size).toBeGreaterThan(4096)
  expect(existsSync(`${file}-wal`)).toBe(false)
  const again = reopen(file)
  expect(pageOf(again.detections.page({ text: '', before: null, limit: 10 })).detections.map(({ id }) => id)).toEqual(['kept'])
  expect(keepOne(again.keeper, trusted(content())).sequence).toBe(2)
})

test('a reader sees what the writer has committed, and can write nothing', () => {
  const file = temporaryFile()
  const writer = reopen(file)
  const reader = reopen(file, true)
  keepOne(writer.keeper, trusted(content()))
  expect(reader.detections.total()).toBe(1)
  expect(() => reader.keeper.keep([trusted(content())])).toThrow(/readonly/)
})

test('a reader opens a history that was closed, and leaves it as it was', () => {
  const file = temporaryFile()
  const writer = reopen(file)
  keepOne(writer.keeper, trusted(content()))
  writer.close()
  const reader = reopen(file, true)
  expect(reader.detections.total()).toBe(1)
  reader.close()
  expect(reopen(file).detections.total()).toBe(1)
})

test('a history that cannot be opened is said, not thrown', () => {
  expect(openStore({ file: temporaryFile(), readOnly: true, contentOf, now: () => start })).toMatchObject({
    kind: 'missing',
    detail: expect.any(String),
  })
})

test('health counts what waits, and only that', () => {
  const store = testStore()
  store.keeper.keep([delivery(waiting), delivery(waiting), delivery(refused), trusted(content())])
  expect(store.health.waiting()).toBe(2)
})

test('closing leaves no log behind, also while a reader is there', () => {
  const file = temporaryFile()
  const writer = reopen(file)
  const reader = reopen(file, true)
  keepOne(writer.keeper, trusted(content()))
  expect(reader.detections.total()).toBe(1)
  writer.close()
  expect(statSync(`${file}-wal`).size).toBe(0)
  expect(reader.detections.total()).toBe(1)
})

test('a commit of another process is told once, our own never, and nothing after the listener has left', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const file = temporaryFile()
  const [app, cli] = [reopen(file), reopen(file)]
  const told = vi.fn()
  const leave = app.onForeignChange(told)

  keepOne(app.keeper, trusted(content()))
  vi.advanceTimersByTime(1000)
  expect(told).not.toHaveBeenCalled()

  cli.settings.write({ theme: 'dark' })
  vi.advanceTimersByTime(250)
  expect(told).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(1000)
  expect(told).toHaveBeenCalledTimes(1)

  leave()
  cli.settings.write({ theme: 'light' })
  vi.advanceTimersByTime(1000)
  expect(told).toHaveBeenCalledTimes(1)
})
