import type { AppState } from '../state/app.ts'
import { copyText } from './copy-text.ts'

/** The rows that are marked one by one, as they are now. */
export function copyMarked({ timeline, marks, copy }: Pick<AppState, 'timeline' | 'marks' | 'copy'>): void {
  // Those further down than memory reaches are as they were when they were marked.
  const now = new Map(timeline.rows.map((row) => [row.key, row]))
  const rows = marks.rows.map((row) => now.get(row.key) ?? row)
  if (rows.length > 0) void copy(copyText(rows), rows.length === 1 ? '1 row' : `${rows.length.toLocaleString('en')} rows`)
}
