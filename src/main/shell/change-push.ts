import type { Detection } from '../../shared/detection.ts'
import type { DetectionsChanged } from '../../shared/ipc.ts'

export type ChangePush = {
  /** `isMore`: others changed as well. */
  add(detections: readonly Detection[], isMore?: boolean): void
  stop(): void
}

/** Within a frame or two of the commit, and never more often than the page can draw. */
const gatherMs = 40
/** More than a screen shows: past that the page asks again instead of being told each. */
const most = 200

/** Gathers what changed for the page, the newest state of each detection, and tells it in one push. */
export function createChangePush(push: (changed: DetectionsChanged) => void): ChangePush {
  const gathered = new Map<string, Detection>()
  let more = false
  let telling: NodeJS.Timeout | null = null

  function tell(): void {
    telling = null
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
      if (detections.length > 0 || isMore) telling ??= setTimeout(tell, gatherMs)
    },
    stop() {
      if (telling !== null) clearTimeout(telling)
    },
  }
}
