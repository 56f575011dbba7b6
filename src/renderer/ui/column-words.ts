import { columnNames, type ColumnName } from '../../shared/settings.ts'

export const columnWords: Readonly<Record<ColumnName, string>> = {
  entity: 'Entity',
  source: 'Source',
  attack: 'ATT&CK and frameworks',
  confidence: 'Confidence',
  status: 'Status',
  trust: 'Trust',
  triage: 'Triage and labels',
}

/** With it, or without it where it was there; always in one order. */
export function toggledColumn(columns: readonly ColumnName[], name: ColumnName): readonly ColumnName[] {
  return columnNames.filter((one) => (one === name ? !columns.includes(one) : columns.includes(one)))
}
