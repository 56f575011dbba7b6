import type { Change } from '../ingest/delivery.ts'

/**
 * Why nobody needs to be told of a change unless a rule asks for its status; null where it is news. A threat that goes on is news; a posture
 * issue that goes from detected to ongoing is the same misconfiguration, and is news only when it comes for the first time or comes back.
 */
export function noNews({ detection, transition }: Change): 'resolved' | 'continuing' | null {
  if (transition.to === 'resolved') return 'resolved'
  const isNew = transition.from === null || transition.from === 'resolved'
  return detection.kind === 'posture' && !isNew ? 'continuing' : null
}
