import { basename } from 'node:path'
import type { ExportFormat, TaskState } from '../shared/tasks.ts'
import type { Exported } from './export-history.ts'
import type { Imported } from './import-history.ts'

type Ended = Exclude<TaskState, { kind: 'running' }>

const formatNames: Readonly<Record<ExportFormat, string>> = {
  csv: 'CSV',
  ndjson: 'NDJSON',
  ocsf: 'OCSF',
  ecs: 'ECS',
  'splunk-hec': 'Splunk HEC',
  navigator: 'Navigator layer',
}

export function exportTitle(format: ExportFormat, path: string): string {
  return `Export as ${formatNames[format]} to ${basename(path)}`
}

export function importTitle(files: readonly string[]): string {
  const [first = ''] = files
  return files.length === 1 ? `Import of ${basename(first)}` : `Import of ${basename(first)} and ${files.length - 1} more`
}

/** What the user is asked before an import takes anything that nobody signed; where they would rather not, it takes the rest. */
export function unsignedImportWords(organization: string): { readonly message: string; readonly detail: string } {
  return {
    message: `Take in what nobody signed for ${organization}?`,
    detail:
      'The files hold detections without a signature, and no unsigned way in was declared for this organization. Nobody can tell whether ' +
      'SlashID said so, or whoever wrote the files. Allowed, they are taken in and marked as unsigned everywhere. Cancel leaves them out, ' +
      'takes the rest, and changes nothing else.',
  }
}

const count = (value: number): string => value.toLocaleString('en')
const some = (value: number, one: string, many: string): string => `${count(value)} ${value === 1 ? one : many}`

/** What came of an export, with the file. */
export function exportedWords(exported: Exported, path: string): Ended {
  switch (exported.kind) {
    case 'exported':
      return {
        kind: 'done',
        detail: `${some(exported.written, 'detection', 'detections')} exported to ${path}.${leftWords(exported.left)}`,
      }
    case 'cancelled':
      return { kind: 'cancelled', detail: 'Cancelled. No file was written.' }
    case 'refused':
    case 'failed':
      return { kind: 'failed', detail: exported.detail }
  }
}

function leftWords(left: number): string {
  return left === 0
    ? ''
    : ` ${some(left, 'came or changed since it was selected, and is', 'came or changed since they were selected, and are')} not in it.`
}

/** What came of an import: the counts, the first thing that was not taken, and what helps. */
export function importedWords({ counts, reasons, first: [first], cut, ...imported }: Imported): Ended {
  const taken = [
    `${some(counts.new, 'delivery is', 'deliveries are')} new`,
    counts.duplicate > 0 ? `${some(counts.duplicate, 'was', 'were')} here already` : null,
    counts.waiting > 0 ? `${some(counts.waiting, 'waits', 'wait')} for keys in quarantine` : null,
  ]
  const left = [
    counts.refused > 0 ? `${some(counts.refused, 'was', 'were')} refused` : null,
    counts.malformed > 0 ? `${some(counts.malformed, 'line or part of one', 'lines or parts of them')} could not be read` : null,
    counts.noRoom > 0 ? `${some(counts.noRoom, 'finds', 'find')} no room to wait for keys: import again once they are there` : null,
  ].filter((part) => part !== null)
  const words = [
    `${taken.filter((part) => part !== null).join(', ')}.`,
    left.length === 0 ? null : `${left.join(', ')}.`,
    first === undefined ? null : `The first is in ${basename(first.file)}, line ${count(first.line)}: ${first.because}.`,
    reasons['organization-unknown'] === undefined ? null : 'Add the organization under Connections first, then import again.',
    reasons.unsigned === undefined ? null : 'What nobody signed was left out: to take it, import again and allow it.',
    ...cut.map((file) => `${basename(file)} was not read to its end: a line in it has none.`),
  ]
  const report = words.filter((part) => part !== null).join(' ')
  switch (imported.kind) {
    case 'imported':
      return { kind: 'done', detail: report }
    case 'cancelled':
      return { kind: 'cancelled', detail: `Cancelled. What was kept stays; import the same files again to go on. ${report}` }
    case 'failed':
      return { kind: 'failed', detail: `${imported.detail} ${report}` }
  }
}
