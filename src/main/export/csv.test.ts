import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { content } from '../store/test-support.ts'
import { fromRow, toRow, untouched } from '../store/detection-row.ts'
import { createCsvWriter, csvColumns } from './csv.ts'

function lineOf(type: string): string {
  const row = {
    ...toRow(content({ type })),
    ...untouched,
    ...{ row: 1, id: 'd-1', organization_id: 'o-1', trust: 'verified', changed_at: 0, received_at: 0, resolved_at: null },
    ...{ newest_sequence: 1, is_demo: 0, is_imported: 0 },
  }
  return [...createCsvWriter().add({ detection: fromRow(row), newest: () => null, deliveries: () => [], own: () => null })].join('')
}

/** The same cell as a well-kept writer of CSV makes it. It takes no line end for the beginning of a formula; some spreadsheets do. */
function another(text: string): string {
  const harmless = text.startsWith('\n') ? `'${text}` : text
  return stringify([[harmless]], { record_delimiter: 'windows', quoted_string: true, escape_formulas: true }).slice(0, -'\r\n'.length)
}

const typeAt = csvColumns.indexOf('type')
const signs = fc.constantFrom(...'=+-@\t\r\n",;|\'{ a0Zé\uff1d\uff0b\uff0d\uff20')
test('writes every cell as another program does, in quotes, whatever it begins with and holds', () => {
  const ofOneCell = fc.constantFrom(...'=+-@",\'{ a0Zé\uff1d\uff0b\uff0d\uff20')
  fc.assert(
    fc.property(fc.string({ unit: ofOneCell, maxLength: 6 }), (text) => {
      // It writes nothing for a text of no length.
      expect(lineOf(text)).toBe(lineOf('MARK').replace('"MARK"', () => another(text) || '""'))
    }),
    { numRuns: 2_000, seed: 20260301 },
  )
})

test('reads back as the text it was, but for apostrophes before what would be calculated', () => {
  fc.assert(
    fc.property(fc.string({ unit: signs, maxLength: 8 }), (text) => {
      const [cells] = parse(lineOf(text), { record_delimiter: '\r\n' }) as [string[]]
      expect(cells).toHaveLength(csvColumns.length)
      const cell = cells[typeAt]!
      expect(cell).not.toMatch(/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/)
      const bare = (one: string) => one.replaceAll("'", '')
      expect(bare(cell)).toBe(bare(text))
      if (!/[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text)) expect(cell).toBe(text)
    }),
    { numRuns: 2_000, seed: 20260301 },
  )
})

test('has no formula in any cell where a spreadsheet parts them by something else', () => {
  fc.assert(
    fc.property(fc.string({ unit: signs, maxLength: 8 }), fc.constantFrom(';', '\t', '|'), (text, delimiter) => {
      // To whoever does not part by commas, a quote ends in the middle of a cell: what then begins a line or a cell may be anything.
      const cells = lineOf(text)
        .split(delimiter)
        .flatMap((part) => part.split(/\r\n|\r|\n/))
      for (const cell of cells.slice(1)) expect(cell).not.toMatch(/^["\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]/)
    }),
    { numRuns: 4_000, seed: 20260301 },
  )
})

test('leaves nothing of control characters but a sign that one was there', () => {
  expect(lineOf('a\u0000b\u001b[2Jc\u0085')).toContain(',"a\ufffdb\ufffd[2Jc\ufffd",')
})

test('a number, a flag and what is not there stand as they are', () => {
  expect(lineOf('x')).toMatch(/,0\.9,"new",/)
  expect(lineOf('x')).toMatch(/,false,false,"\{\}","\{\}"\r\n$/)
})
