import type { Placed } from '../state/placed.ts'

export type Summary = { readonly threat: number; readonly posture: number; readonly ongoing: number; readonly unread: number }

/** Counts over what is loaded, and nothing else. */
export function summarize(rows: readonly Placed[]): Summary {
  const summary = { threat: 0, posture: 0, ongoing: 0, unread: 0 }
  for (const { detection } of rows) {
    summary[detection.kind] += 1
    if (detection.status === 'ongoing') summary.ongoing += 1
    if (detection.triage.isUnread) summary.unread += 1
  }
  return summary
}
