import { existsSync, readFileSync } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { scratch } from '../archive-test-support.ts'
import { openFileSink } from './sink.ts'

test.each([true, false])('what has its name is on the disk before (in the place of another: %s)', async (replace) => {
  const folder = scratch()
  const path = join(folder, 'whole')
  const some = await open(join(folder, 'some'), 'w')
  const handles = Object.getPrototypeOf(some) as FileHandle
  await some.close()
  const synced: { readonly size: number; readonly isNamed: boolean }[] = []

  const sync = handles.sync
  const watched = vi.spyOn(handles, 'sync').mockImplementation(async function (this: FileHandle) {
    await sync.call(this)
    synced.push({ size: (await this.stat()).size, isNamed: existsSync(path) })
  })
  onTestFinished(() => watched.mockRestore())
  const sink = await openFileSink(path, { replace })
  await sink.write('one,')
  await sink.write('two')
  await sink.finish()
  expect(synced).toEqual([{ size: 7, isNamed: false }])
  expect(readFileSync(path, 'utf8')).toBe('one,two')
})
