import { isThereAnew } from '../../shared/comeback.ts'
import type { Detection, Json } from '../../shared/detection.ts'
import { urgentConfidence } from '../../shared/rules.ts'
import type { Change } from '../ingest/delivery.ts'

/**
 * Why nobody needs to be told of a change unless a rule asks for its status; null where it is news. A threat that goes on is news; a posture
 * issue that goes from detected to ongoing is the same misconfiguration, and is news only when it comes for the first time or comes back.
 */
export function noNews({ detection, transition }: Change): 'resolved' | 'continuing' | null {
  if (transition.to === 'resolved') return 'resolved'
  return detection.kind === 'posture' && !isThereAnew(transition.from, transition.to) ? 'continuing' : null
}

/** Whether it is urgent only from now on, whatever its status: what was told without haste until now is told once more, louder. */
export function hasBecomeUrgent({ detection, transition }: Change): boolean {
  if (detection.kind !== 'threat' || transition.to === 'resolved' || !isVouchedFor(detection) || !isSure(detection.confidence)) return false
  return transition.changes.some(({ field, from, to }) => field === 'confidence' && !isSure(from) && isSure(to))
}

/** So long a confidence has to have been lower until its rise is news again: in less, nobody has taken the detection for less than it was told as. */
export const steadyMs = 3_600_000

/** null where it was not told as urgent before. */
export function isSteady(lowerMs: number | null): boolean {
  return lowerMs === null || lowerMs >= steadyMs
}

export function isSure(confidence: Json): boolean {
  return typeof confidence === 'number' && confidence >= urgentConfidence
}

/** A late one is as well signed as a verified one; only an unsigned one may not raise its voice, whatever a rule says. */
export function isVouchedFor({ trust }: Detection): boolean {
  return trust !== 'unsigned'
}
