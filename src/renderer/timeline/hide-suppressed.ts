import { exclude, release, stateOf } from '../search/edit-text.ts'
import type { Timeline } from '../state/timeline.svelte.ts'

/** Whether a search leaves out what is suppressed. */
export function isHidingSuppressed(text: string): boolean {
  return stateOf(text, 'is', 'suppressed') === 'excluded'
}

export function toggleSuppressed(timeline: Timeline): void {
  const { typed } = timeline
  timeline.search(isHidingSuppressed(typed) ? release(typed, 'is', 'suppressed') : exclude(typed, 'is', 'suppressed'))
  timeline.searchNow()
}
