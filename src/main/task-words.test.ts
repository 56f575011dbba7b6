import { expect, test } from 'vitest'
import type { Imported } from './import-history.ts'
import { exportedWords, exportTitle, importedWords, importTitle, unsignedImportWords } from './task-words.ts'

const counts = { new: 0, duplicate: 0, waiting: 0, refused: 0, malformed: 0, noRoom: 0 }
const imported = (more: Partial<Imported> = {}): Imported =>
  ({ kind: 'imported', counts, reasons: {}, first: [], cut: [], ...more }) as Imported

test('a task is named by what it does and its file', () => {
  expect(exportTitle('ocsf', '/home/me/all.ndjson')).toBe('Export as OCSF to all.ndjson')
  expect(importTitle(['/home/me/a.ndjson'])).toBe('Import of a.ndjson')
  expect(importTitle(['/home/me/a.ndjson', 'b', 'c'])).toBe('Import of a.ndjson and 2 more')
})

test('an export says how many and where, or that there is no file', () => {
  expect(exportedWords({ kind: 'exported', written: 1, left: 0 }, '/a/b.csv')).toEqual({
    kind: 'done',
    detail: '1 detection exported to /a/b.csv.',
  })
  expect(exportedWords({ kind: 'exported', written: 12_000, left: 0 }, '/b')).toMatchObject({ detail: '12,000 detections exported to /b.' })
  expect(exportedWords({ kind: 'exported', written: 7, left: 1 }, '/b')).toMatchObject({
    detail: '7 detections exported to /b. 1 came or changed since it was selected, and is not in it.',
  })
  expect(exportedWords({ kind: 'exported', written: 0, left: 2 }, '/b')).toMatchObject({
    detail: '0 detections exported to /b. 2 came or changed since they were selected, and are not in it.',
  })
  expect(exportedWords({ kind: 'cancelled' }, '/b')).toEqual({ kind: 'cancelled', detail: 'Cancelled. No file was written.' })
  expect(exportedWords({ kind: 'failed', detail: 'The disk is full.' }, '/b')).toEqual({ kind: 'failed', detail: 'The disk is full.' })
})

test('an import says what became of everything in it, and what helps', () => {
  expect(importedWords(imported({ counts: { ...counts, new: 1 } }))).toEqual({ kind: 'done', detail: '1 delivery is new.' })
  const all = imported({
    counts: { new: 2_000, duplicate: 3, waiting: 1, refused: 2, malformed: 1, noRoom: 4 },
    reasons: { 'organization-unknown': 2 },
    first: [{ file: '/x/a.ndjson', line: 1_204, because: 'organization-unknown' }],
    cut: ['/x/b.ndjson'],
  })
  expect(importedWords(all).detail).toBe(
    '2,000 deliveries are new, 3 were here already, 1 waits for keys in quarantine. ' +
      '2 were refused, 1 line or part of one could not be read, 4 find no room to wait for keys: import again once they are there. ' +
      'The first is in a.ndjson, line 1,204: organization-unknown. ' +
      'Add the organization under Connections first, then import again. ' +
      'b.ndjson was not read to its end: a line in it has none.',
  )
  expect(importedWords({ ...all, kind: 'cancelled' })).toMatchObject({
    kind: 'cancelled',
    detail: expect.stringMatching(/^Cancelled\./) as string,
  })
  expect(importedWords({ ...all, kind: 'failed', detail: 'The disk is full.' }).detail).toMatch(/^The disk is full\. 2,000/)
})

test('what nobody signed is asked about in words, and said where it was left out', () => {
  const { message, detail } = unsignedImportWords('Acme')
  expect(message).toContain('Acme')
  expect(detail).toMatch(/without a signature.*Cancel leaves them out, takes the rest/)
  const left = imported({ counts: { ...counts, new: 1, refused: 2 }, reasons: { unsigned: 2 } })
  expect(importedWords(left).detail).toBe(
    '1 delivery is new. 2 were refused. What nobody signed was left out: to take it, import again and allow it.',
  )
})
