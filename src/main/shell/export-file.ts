import type { ExportFormat } from '../../shared/tasks.ts'

const kinds: Readonly<Record<ExportFormat, { readonly name: string; readonly extensions: string[]; readonly ending: string }>> = {
  csv: { name: 'CSV', extensions: ['csv'], ending: 'csv' },
  ndjson: { name: 'NDJSON', extensions: ['ndjson', 'jsonl'], ending: 'ndjson' },
  ocsf: { name: 'OCSF findings, one a line', extensions: ['ndjson', 'jsonl'], ending: 'ocsf.ndjson' },
  ecs: { name: 'ECS documents, one a line', extensions: ['ndjson', 'jsonl'], ending: 'ecs.ndjson' },
  'splunk-hec': { name: 'Splunk HEC events, one a line', extensions: ['ndjson', 'jsonl'], ending: 'hec.ndjson' },
  navigator: { name: 'ATT&CK Navigator layer', extensions: ['json'], ending: 'layer.json' },
}

/** What the dialog of an export suggests: a name with the day in it, as this computer's clock has it. */
export function exportFile(format: ExportFormat, now: number) {
  const { ending, ...kind } = kinds[format]
  const day = new Date(now - new Date(now).getTimezoneOffset() * 60_000).toISOString().slice(0, 10)
  return { title: 'Export detections', name: `tocsin-${day}.${ending}`, kind }
}
