import type { Detection } from '../../shared/detection.ts'
import type { Gathered } from './compose.ts'
import type { Urgency } from './decide.ts'

export type Gathering = {
  /** Answers whether it is counted; beyond the limit only a change of what is. */
  add(detection: Detection, urgency: Urgency, isBacklog?: boolean): boolean
  /** Everything added since the last time, or null; the gathering is empty afterwards. */
  take(): Gathered | null
  clear(): void
}

/** Detections told apart at most; beyond it the counts are lower bounds, so that a flood costs bounded memory. */
const distinctLimit = 10_000

/** Collects detections for one note: counts each once, however often it changed, and remembers the one most worth a look. */
export function createGathering(limit: number = distinctLimit): Gathering {
  const seen = new Set<string>()
  let gathered: Gathered | null = null

  function clear(): void {
    seen.clear()
    gathered = null
  }

  return {
    add(detection, urgency, isBacklog = false) {
      const key = `${detection.organizationId}\n${detection.id}`
      const isNew = !seen.has(key)
      const fits = seen.size < limit
      if (isNew && fits) seen.add(key)
      const one = isNew && fits ? 1 : 0
      const before = gathered
      gathered = {
        top: before === null || outranks(detection, before.top) ? detection : before.top,
        threats: (before?.threats ?? 0) + (detection.kind === 'threat' ? one : 0),
        postures: (before?.postures ?? 0) + (detection.kind === 'posture' ? one : 0),
        more: (before?.more ?? false) || (isNew && !fits),
        unsigned: (before?.unsigned ?? 0) + (detection.trust === 'unsigned' ? one : 0),
        demo: (before?.demo ?? true) && detection.demo,
        urgency: urgency === 'urgent' ? 'urgent' : (before?.urgency ?? 'normal'),
        isBacklog: (before?.isBacklog ?? true) && isBacklog,
      }
      return fits || !isNew
    },
    take() {
      const taken = gathered
      clear()
      return taken
    },
    clear,
  }
}

/** What is signed before what is not, a threat before a posture issue, the more confident before the less; of equals the newer stands, as it says the present state. */
function outranks(next: Detection, top: Detection): boolean {
  if (next.organizationId === top.organizationId && next.id === top.id) return true
  if ((next.trust === 'unsigned') !== (top.trust === 'unsigned')) return top.trust === 'unsigned'
  if (next.kind !== top.kind) return next.kind === 'threat'
  return (next.confidence ?? -1) > (top.confidence ?? -1)
}
