import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { scratch } from '../archive-test-support.ts'
import { readLines, type LineLimits } from './lines.ts'

async function read(path: string, limits: Partial<LineLimits> = {}, signal = new AbortController().signal) {
  const lines: (string | null)[] = []
  const numbers: number[] = []
  const reader = readLines(path, { longest: 1000, lookFor: 1_000_000, writerMs: 10_000, ...limits }, signal)
  for (;;) {
    const next = await reader.next()
    if (next.done === true) return { lines, numbers, isCut: next.value.isCut }
    lines.push(next.value.bytes?.toString() ?? null)
    numbers.push(next.value.number)
  }
}

test('reads every line of any file, and tells those that are too long by their number', async () => {
  const path = join(scratch(), 'lines')
  const line = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.nat(600_000).map((length) => 'x'.repeat(length)),
    fc.constant(''),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean(), async (some, end, isEnded) => {
      const lines = some.map((text) => text.replace(/[\r\n]/g, ' '))
      writeFileSync(path, lines.join(end) + (isEnded && lines.length > 0 ? end : ''))
      const expected = lines.map((text) => (Buffer.byteLength(text) > 1000 ? null : text))
      // An end of the file is the end of a line, unless there is nothing in it.
      while (!isEnded && expected.at(-1) === '') expected.pop()
      const got = await read(path)
      while (!isEnded && got.lines.at(-1) === '') got.lines.pop()
      expect(got.lines).toEqual(expected)
      expect(got.isCut).toBe(false)
      expect(got.numbers).toEqual(got.numbers.map((_, i) => i + 1))
    }),
    { seed: 5, numRuns: 60 },
  )
})

test('gives up on a line of 4 GB without reading it, and says which it was', async () => {
  const path = join(scratch(), 'sparse')
  const handle = openSync(path, 'w')
  writeSync(handle, 'first\n')
  ftruncateSync(handle, 4 * 1024 ** 3)
  closeSync(handle)
  const before = process.memoryUsage().rss
  const started = performance.now()
  expect(await read(path, { longest: 8 * 1024 ** 2, lookFor: 64 * 1024 ** 2 })).toEqual({
    lines: ['first', null],
    numbers: [1, 2],
    isCut: true,
  })
  expect(performance.now() - started).toBeLessThan(5_000)
  expect(process.memoryUsage().rss - before).toBeLessThan(96 * 1024 ** 2)
})

test('ends where it is told to', async () => {
  const path = join(scratch(), 'some')
  writeFileSync(path, 'a\nb\n')
  expect(await read(path, {}, AbortSignal.abort())).toMatchObject({ lines: [] })
  await expect(read(join(scratch(), 'none'))).rejects.toThrow('ENOENT')
})

test.skipIf(process.platform === 'win32')(
  'a pipe is read to the end of whoever writes into it, and nobody is waited for for ever',
  async () => {
    const path = join(scratch(), 'pipe')
    spawnSync('mkfifo', [path])
    await expect(read(path, { writerMs: 60 })).rejects.toThrow('nobody writes')
    const cancel = new AbortController()
    setTimeout(() => cancel.abort(), 60)
    expect(await read(path, {}, cancel.signal), 'and a cancel ends it').toMatchObject({ lines: [] })

    const reading = read(path)
    // Opens for reading as well, since otherwise it would wait for the reader on this very thread.
    const writer = openSync(path, 'r+')
    writeSync(writer, 'one\ntwo\nth')
    await new Promise((resolve) => setTimeout(resolve, 60))
    writeSync(writer, 'ree')
    closeSync(writer)
    expect(await reading).toMatchObject({ lines: ['one', 'two', 'three'], isCut: false })
  },
)
