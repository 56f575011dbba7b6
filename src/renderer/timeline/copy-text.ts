import type { Placed } from '../state/placed.ts'
import { toVisible } from '../ui/safe-text.ts'

const most = 5_000

/** Rows for a spreadsheet or a message: tabs between, hidden characters made visible, and nothing that a spreadsheet would run. */
export function copyText(rows: readonly Placed[]): string {
  const lines = rows
    .slice(0, most)
    .map(({ detection: { changedAt, kind, type, status, entityType, entityId, sourceType, id } }) =>
      [changedAt, kind, type, status, entityType, entityId, sourceType, id].map((field) => cellOf(field ?? '')).join('\t'),
    )
  return [['changed', 'kind', 'type', 'status', 'entity type', 'entity', 'source', 'id'].join('\t'), ...lines].join('\n')
}

function cellOf(text: string): string {
  const visible = toVisible(text, 120)
  return /^[=+\-@]/.test(visible) ? `'${visible}` : visible
}
