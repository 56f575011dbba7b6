import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { attackFile, exported, installation, keepAll } from '../archive-test-support.ts'
import { noon } from '../ingest/test-support.ts'
import { exportFormats } from '../../shared/tasks.ts'
import { createExporting, type WantedExport } from './exporting.ts'

const thread = new URL('./thread.ts', import.meta.url)

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tocsin-exporting-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

function history(count: number) {
  const one = installation()
  for (let from = 0; from < count; from += 500) {
    const numbers = Array.from({ length: Math.min(500, count - from) }, (_, index) => from + index)
    keepAll(
      one.store,
      numbers.map((number) => ({ id: `d-${number}`, status: 'ongoing', iat: noon / 1000 - count + number })),
    )
  }
  return one
}

const wanted = (path: string, more: Partial<WantedExport> = {}): WantedExport => ({
  path,
  replace: true,
  text: '',
  format: 'csv',
  attackFile,
  startedAt: noon,
  signal: new AbortController().signal,
  ...more,
})

test('a thread of its own writes the same bytes as is written in place, in every format', async () => {
  const { store, file } = history(700)
  const exportBeside = createExporting({ file, thread })
  for (const format of exportFormats) {
    const path = join(folder(), 'there')
    writeFileSync(path, 'was there')
    expect(await exportBeside(wanted(path, { format }))).toEqual({ kind: 'exported', written: 700, left: 0 })
    expect(readFileSync(path, 'utf8'), format).toBe(readFileSync(await exported(store, format), 'utf8'))
  }
})

test('what cannot be done is said as it is in place', async () => {
  const { file } = history(1)
  const place = folder()
  const exportBeside = createExporting({ file, thread })
  expect(await exportBeside(wanted(join(place, 'a'), { text: 'tipe:x' }))).toMatchObject({ kind: 'refused', at: 0, length: 4 })
  expect(await exportBeside(wanted(join(place, 'nowhere', 'a')))).toMatchObject({
    kind: 'failed',
    detail: expect.stringContaining(`the folder ${join(place, 'nowhere')} is not there`) as string,
  })
  expect(await createExporting({ file: join(place, 'none'), thread })(wanted(join(place, 'a')))).toMatchObject({ kind: 'failed' })
  expect(readdirSync(place)).toEqual([])
})

test('cancelled before, at the start or in the middle, it leaves nothing, and what was there before', async () => {
  const { file } = history(3_000)
  const place = folder()
  const path = join(place, 'all.csv')
  writeFileSync(path, 'was there')
  const exportBeside = createExporting({ file, thread })
  expect(await exportBeside(wanted(path, { signal: AbortSignal.abort() }))).toEqual({ kind: 'cancelled' })
  const early = new AbortController()
  const begun = exportBeside(wanted(path, { signal: early.signal }))
  early.abort()
  expect(await begun).toEqual({ kind: 'cancelled' })
  const late = new AbortController()
  const seen: number[] = []
  const onProgress = ({ looked, total }: { readonly looked: number; readonly total: number }) => {
    seen.push(looked / total)
    late.abort()
  }
  expect(await exportBeside(wanted(path, { signal: late.signal, format: 'ndjson', onProgress }))).toEqual({ kind: 'cancelled' })
  expect(seen.length).toBeGreaterThan(0)
  expect(readdirSync(place)).toEqual(['all.csv'])
  expect(readFileSync(path, 'utf8')).toBe('was there')
})

test('a thread that fails is told in words, and its half file goes', async () => {
  const { file } = history(1)
  const place = folder()
  const program = join(place, 'thread.mjs')
  writeFileSync(
    program,
    `import { writeFileSync } from 'node:fs'
     import { workerData } from 'node:worker_threads'
     writeFileSync(workerData.temporary, 'half')
     throw new Error('no room')`,
  )
  const path = join(place, 'all.csv')
  const ended = await createExporting({ file, thread: program })(wanted(path))
  expect(ended).toEqual({
    kind: 'failed',
    detail: 'The export came to no end: no room. The history is as it was; no half file was left.',
  })
  expect(existsSync(path)).toBe(false)
  expect(readdirSync(place)).toEqual(['thread.mjs'])
})
