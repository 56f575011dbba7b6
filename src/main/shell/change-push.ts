import type { Detection } from '../../shared/detection.ts'
import type { DetectionsChanged } from '../../shared/ipc.ts'

export type ChangePush = {
  /** `isMore`: others changed as well. */
  add(detections: readonly Detection[], isMore?: boolean): void
  stop(): void
}

/** Told at once after a rest, and never more often than the page can draw. */
const restMs = 40
/** More than a screen shows: past that the page asks again instead of being told each. */
const most = 200

/**
 * Gathers what changed for the page, the newest state of each detection, and tells it in one push: what comes alone right after the work that
 * it came with, answers to senders among it, and what comes in a stream every `restMs`.
 */
export function createChangePush(push: (changed: DetectionsChanged) => void, now: () => number = () => performance.now()): ChangePush {
  const gathered = new Map<string, Detection>()
  let more = false
  let telling: NodeJS.Timeout | null = null
  let toldAt = -restMs

  function tell(): void {
    telling = null
    toldAt = now()
    const changed = [...gathered.values()]
    gathered.clear()
    push({ changed, more })
    more = false
  }

  return {
    add(detections, isMore = false) {
      if (isMore) more = true
      for (const detection of detections) {
        const key = JSON.stringify([detection.organizationId, detection.id])
        if (gathered.size < most || gathered.has(key)) gathered.set(key, detection)
        else more = true
      }
      if (detections.length > 0 || isMore) telling ??= setTimeout(tell, Math.max(0, toldAt + restMs - now()))
    },
    stop() {
      if (telling !== null) clearTimeout(telling)
    },
  }
}
