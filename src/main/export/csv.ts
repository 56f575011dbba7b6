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
 * For spreadsheets: RFC 4180, every text in quotes, and no text is a formula, nor a part of one where a spreadsheet takes semicolons or tabs
 * for the ends of cells. What it would calculate begins with an apostrophe instead, which it hides; so this is no way back in, for which there
 * is NDJSON.
 */
export function createCsvWriter(): Writer {
  return {
    begin: () => byteOrderMark + toLine(csvColumns),
    *add({ detection }) {
      yield toLine(columns.map(([, cell]) => cell(detection)))
    },
    end: () => '',
  }
}

function toLine(cells: readonly Cell[]): string {
  let line = ''
  for (let index = 0; index < cells.length; index++) line += (index === 0 ? '' : ',') + toText(cells[index] ?? null)
  return `${line}\r\n`
}

function toText(cell: Cell): string {
  if (typeof cell !== 'string') return cell === null ? '' : String(cell)
  return `"${withoutFormula(harmless(cell)).replaceAll('"', '""')}"`
}

/**
 * Signs that begin a formula, also in the width of CJK letters: at the beginning, and where a cell begins for whoever parts by something else
 * than commas. To them the quotes mean nothing.
 */
const formula = /^(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])|(?=[=+\-@\uff1d\uff0b\uff0d\uff20])(?<=[;\t\r\n|]["'\s]*)/g

function withoutFormula(text: string): string {
  return text.replace(formula, "'")
}

/** RFC 4180 knows no control characters, and some readers stop at one. Those that begin a formula stay for the apostrophe to find. */
function harmless(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what this is about
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '\ufffd')
}
