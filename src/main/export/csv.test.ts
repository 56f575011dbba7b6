import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { content } from '../store/test-support.ts'
import { fromRow, toRow, untouched } from '../store/detection-row.ts'
import { createCsvWriter } from './csv.ts'

function lineOf(type: string): string {
  const row = {
    ...toRow(content({ type })),
    ...untouched,
    ...{ row: 1, id: 'd-1', organization_id: 'o-1', trust: 'verified', changed_at: 0, received_at: 0, resolved_at: null },
    ...{ newest_sequence: 1, is_demo: 0, is_imported: 0 },
  }
  return [...createCsvWriter().add({ detection: fromRow(row), newest: () => null, deliveries: () => [] })].join('')
}

/** The same cell as a well-kept writer of CSV makes it. It takes no line end for the beginning of a formula; some spreadsheets do. */
function another(text: string): string {
  const harmless = text.startsWith('\n') ? `'${text}` : text
  return stringify([[harmless]], { record_delimiter: 'windows', quote_record_delimiter: true, escape_formulas: true }).slice(
    0,
    -'\r\n'.length,
  )
}

test('writes every cell as another program does, whatever it begins with and holds', () => {
  const signs = fc.constantFrom(...'=+-@\t\r\n",;\'{ a0Zé\uff1d\uff0b\uff0d\uff20')
  fc.assert(
    fc.property(fc.string({ unit: signs, maxLength: 6 }), (text) => {
      expect(lineOf(text)).toBe(lineOf('MARK').replace('MARK', () => another(text)))
    }),
    { numRuns: 2_000 },
  )
})

test('leaves nothing of control characters but a sign that one was there', () => {
  expect(lineOf('a\u0000b\u001b[2Jc\u0085')).toContain(',a\ufffdb\ufffd[2Jc\ufffd,')
})
