import { exclude, narrow, release, stateOf } from '../search/edit-text.ts'
import type { Timeline } from '../state/timeline.svelte.ts'

/** What a facet narrows by. */
export type FacetValue = { readonly field: string; readonly value: string }
type Searched = Pick<Timeline, 'phase' | 'refused' | 'text' | 'typed'>

/** What is listed has been narrowed by it: what is only typed, or was refused, narrows nothing. */
export function choiceOf({ text }: Searched, { field, value }: FacetValue): 'narrowed' | 'excluded' | null {
  return stateOf(text, field, value)
}

/** The search once this is chosen, or is not any more. */
export function withChoice(searched: Searched, { field, value }: FacetValue, choice: 'narrowed' | 'excluded'): string {
  // What was refused or failed would be again with one more word, and the list is still the one before it.
  const isStuck = searched.phase === 'failed' || searched.refused?.text.trim() === searched.typed.trim()
  const text = isStuck ? searched.text : searched.typed
  if (stateOf(text, field, value) === choice) return release(text, field, value)
  return choice === 'excluded' ? exclude(text, field, value) : narrow(text, field, value)
}
