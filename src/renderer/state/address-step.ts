import type { Location } from './location.ts'
import { isSame } from '../../shared/view.ts'

/** A place that shows what a search is about. */
export type Searched = Extract<Location, { view: 'timeline' | 'attack' }>

export type StepParts = {
  /** What is asked for is still being typed. */
  readonly isTyping: boolean
  /** The place before was written while the same was typed. */
  readonly isDraft: boolean
  /** The text that was refused last; null where none was. */
  readonly refused: string | null
}

/**
 * Whether back leads from one place to the one before it. Each search and each range is a step, and a search that is typed is one
 * step, however many letters it has. What was refused is no place to go back to, nor is what it left behind. Moving through the list is no step, closing is.
 */
export function stepOf(before: Searched, after: Searched, { isTyping, isDraft, refused }: StepParts): 'push' | 'replace' {
  if (isSame(before, after)) return after.view === 'timeline' && after.open !== null ? 'replace' : 'push'
  if (before.text === refused && after.text !== refused) return 'replace'
  return isDraft && (isTyping || refused !== null) ? 'replace' : 'push'
}
