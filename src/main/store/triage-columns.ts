import { mostLabels, mostNotes, type TriageChange } from '../../shared/triage.ts'
import { fold } from '../query/query.ts'
import type { TriageRow } from './detection-row.ts'
import { toMillisOrNull } from './time.ts'

/** What an act may change of a detection. */
export const triageColumns = [
  'triage_state',
  'verdict',
  'verdict_reason',
  'labels',
  'snoozed_until',
  'note_count',
  'opened_at',
] as const satisfies readonly (keyof TriageRow)[]
export type TriageColumn = (typeof triageColumns)[number]
/** Some of them, with their values. */
export type TouchedColumns = Partial<Pick<TriageRow, TriageColumn>>

/** The same after a change that was made at this moment. What it leaves out, and what has no room, stays as it is. */
export function changedBy(before: TriageRow, change: TriageChange, at: number): TriageRow {
  const { state, verdict, snoozedUntil, isRead } = change
  return {
    triage_state: state ?? before.triage_state,
    verdict: verdict === undefined ? before.verdict : (verdict?.verdict ?? null),
    verdict_reason: verdict === undefined ? before.verdict_reason : reasonOf(verdict),
    labels: relabelled(before.labels, change),
    snoozed_until: snoozedUntil === undefined ? before.snoozed_until : toMillisOrNull(snoozedUntil),
    note_count: takesNote(before, change) ? before.note_count + 1 : before.note_count,
    opened_at: isRead === undefined ? before.opened_at : isRead ? (before.opened_at ?? at) : null,
  }
}

/** Without words there is none. */
function reasonOf(verdict: NonNullable<TriageChange['verdict']> | null): string | null {
  return verdict === null || verdict.reason === '' ? null : verdict.reason
}

export function takesNote({ note_count }: TriageRow, { note }: TriageChange): boolean {
  return note !== undefined && note_count < mostNotes
}

/** Labels are told apart as searches compare them. */
function relabelled(json: string, { addLabel, removeLabel }: TriageChange): string {
  if (addLabel === undefined && removeLabel === undefined) return json
  const labels = JSON.parse(json) as readonly string[]
  const isOther = (one: string) => (label: string) => fold(label) !== fold(one)
  const kept = removeLabel === undefined ? labels : labels.filter(isOther(removeLabel))
  const hasRoom = addLabel !== undefined && kept.length < mostLabels && kept.every(isOther(addLabel))
  return JSON.stringify(hasRoom ? [...kept, addLabel] : kept)
}

export function touchedColumns(before: TriageRow, after: TriageRow): readonly TriageColumn[] {
  return triageColumns.filter((column) => before[column] !== after[column])
}

export function only(columns: readonly TriageColumn[], row: TriageRow): TouchedColumns {
  return Object.fromEntries(columns.map((column) => [column, row[column]]))
}
