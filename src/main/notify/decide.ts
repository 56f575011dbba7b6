import type { Detection, Trust } from '../../shared/detection.ts'
import type { Silence } from '../../shared/inbox.ts'
import type { Change } from '../ingest/delivery.ts'

/** How loud a note is: an urgent one may stay on the screen until it is seen. */
export type Urgency = 'normal' | 'urgent'

/** What the decision needs to know besides the change itself. */
export type NotifyContext = {
  /** The user's setting. */
  readonly enabled: boolean
  /** The window is focused and shows the timeline, where the detection appears anyway. */
  readonly timelineFocused: boolean
}

export type Decision = { readonly show: true; readonly urgency: Urgency } | { readonly show: false; readonly because: Silence }

/** The confidence from which a trusted threat is urgent. */
export const urgentConfidence = 0.8

/** Decides whether one change of a detection is worth a native notification. Pure and total. */
export function decide(change: Change, context: NotifyContext): Decision {
  const { detection, transition } = change
  if (!context.enabled) return quiet('off')
  if (change.isImported === true) return quiet('imported')
  if (transition.from === transition.to) return quiet('unchanged')
  if (transition.to === 'resolved') return quiet('resolved')
  // A posture issue that goes from detected to ongoing is the same misconfiguration, told already.
  const isNew = transition.from === null || transition.from === 'resolved'
  if (detection.kind === 'posture' && !isNew) return quiet('continuing')
  if (context.timelineFocused) return quiet('focused')
  return { show: true, urgency: urgencyOf(detection) }
}

function urgencyOf(detection: Detection): Urgency {
  const sure = detection.confidence !== null && detection.confidence >= urgentConfidence
  return detection.kind === 'threat' && isTrusted(detection.trust) && sure ? 'urgent' : 'normal'
}

/** A late one is as well signed as a verified one; only an unsigned one may not raise its voice. */
function isTrusted(trust: Trust): boolean {
  return trust !== 'unsigned'
}

function quiet(because: Silence): Decision {
  return { show: false, because }
}
