import { stringify } from 'csv-stringify/sync'
import type { Detection } from '../../shared/detection.ts'
import type { Writer } from './format.ts'
import { plainJson } from './plain-json.ts'

type Cell = string | number | boolean | null

/** Names are those of `Detection`; what is nested is flat. */
const columns: readonly (readonly [name: string, cell: (detection: Detection) => Cell])[] = [
  ['id', ({ id }) => id],
  ['organizationId', ({ organizationId }) => organizationId],
  ['kind', ({ kind }) => kind],
  ['type', ({ type }) => type],
  ['status', ({ status }) => status],
  ['trust', ({ trust }) => trust],
  ['detectedAt', ({ detectedAt }) => detectedAt],
  ['changedAt', ({ changedAt }) => changedAt],
  ['receivedAt', ({ receivedAt }) => receivedAt],
  ['resolvedAt', ({ resolvedAt }) => resolvedAt],
  ['entityId', ({ entityId }) => entityId],
  ['entityType', ({ entityType }) => entityType],
  ['sourceType', ({ sourceType }) => sourceType],
  ['connectionId', ({ connectionId }) => connectionId],
  ['confidence', ({ confidence }) => confidence],
  ['trackingStatus', ({ trackingStatus }) => trackingStatus],
  ['tactics', ({ tactics }) => tactics.join('; ')],
  ['techniques', ({ techniques }) => techniques.join('; ')],
  ['frameworks', ({ frameworks }) => frameworks.join('; ')],
  ['triage', ({ triage }) => triage.state],
  ['verdict', ({ triage }) => triage.verdict],
  ['labels', ({ triage }) => triage.labels.join('; ')],
  ['snoozedUntil', ({ triage }) => triage.snoozedUntil],
  ['noteCount', ({ triage }) => triage.noteCount],
  ['isUnread', ({ triage }) => triage.isUnread],
  ['demo', ({ demo }) => demo],
  ['imported', ({ imported }) => imported],
  ['metadata', ({ metadata }) => plainJson(metadata)],
  ['extra', ({ extra }) => plainJson(extra)],
]

export const csvColumns = columns.map(([name]) => name)

/** Excel takes UTF-8 for the code page of the machine unless the file begins so. What reads CSV elsewhere knows to pass over it. */
export const byteOrderMark = '\ufeff'

/**
 * For spreadsheets: RFC 4180, and no text is a formula. One that a spreadsheet would calculate begins with an apostrophe instead, which
 * it hides; so this is no way back in, for which there is NDJSON.
 */
export function createCsvWriter(): Writer {
  return {
    begin: () => byteOrderMark + toLine(csvColumns),
    *add({ detection }) {
      yield toLine(columns.map(([, cell]) => toCell(cell(detection))))
    },
    end: () => '',
  }
}

function toLine(cells: readonly (string | number)[]): string {
  return stringify([[...cells]], { record_delimiter: 'windows', quote_record_delimiter: true, escape_formulas: true })
}

function toCell(value: Cell): string | number {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? harmless(value) : value === null ? '' : String(value)
}

/** RFC 4180 knows no control characters, and some readers stop at one. Those that begin a formula stay for the apostrophe to find. */
function harmless(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what this is about
  const clean = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '\ufffd')
  return clean.startsWith('\n') ? `'${clean}` : clean
}
