import type { ExportFormat } from '../../shared/tasks.ts'

/** What each format is for, in a sentence, in the order in which people want them. */
export const formatWords: readonly { readonly format: ExportFormat; readonly name: string; readonly text: string }[] = [
  { format: 'csv', name: 'CSV', text: 'One row a detection, for a spreadsheet; cells are kept from being run as formulas.' },
  {
    format: 'ndjson',
    name: 'NDJSON',
    text: 'Signed tokens, notes and triage, one detection a line; another Tocsin can import it and check it again. Not in it: who changed its triage when.',
  },
  { format: 'ocsf', name: 'OCSF 1.8', text: 'Detection Findings (class 2004), one a line, for a SIEM or a data lake.' },
  { format: 'ecs', name: 'ECS 8.17', text: 'Documents of the Elastic Common Schema, one a line, for Elasticsearch or OpenSearch.' },
  { format: 'splunk-hec', name: 'Splunk HEC', text: 'Events for Splunk’s HTTP Event Collector, one a line.' },
  { format: 'navigator', name: 'Navigator layer', text: 'How often each ATT&CK technique was seen, for the ATT&CK Navigator.' },
]
