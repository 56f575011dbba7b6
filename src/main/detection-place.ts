import type { Detection, DetectionKey } from '../shared/detection.ts'
import type { DetectionDetail } from '../shared/ipc.ts'
import { evidenceFileName, saveEvidence, type EvidenceWritten } from './proof/evidence.ts'
import { summarize } from './ingest/content-of.ts'
import type { Store } from './store/store.ts'

/** One detection, looked at. */
export type DetectionPlace = {
  /** Opening a detection marks it as read. */
  open(key: DetectionKey): DetectionDetail | null
  readonly evidence: {
    /** Writes what proves a detection to a file, in the place of one that is there. */
    save(key: DetectionKey, path: string): EvidenceWritten
    fileName(key: DetectionKey): string
  }
}

export function createDetectionPlace({
  store,
  onTouched,
  now,
}: {
  readonly store: Store
  readonly onTouched: (detection: Detection) => void
  readonly now: () => number
}): DetectionPlace {
  return {
    open(key) {
      const detail = store.detections.detail(key)
      if (detail === null) return null
      const trail = store.triageTrail.read(key)
      if (trail === null) return null
      const detection = store.detections.markRead(key) ?? detail.detection
      if (detail.detection.triage.isUnread) onTouched(detection)
      return {
        detection,
        transitions: detail.transitions,
        deliveries: store.detections.deliveriesOf(key).map(summarize),
        isKept: store.retention.isKept(key),
        ...trail,
      }
    },
    evidence: { save: (key, path) => saveEvidence(store, key, { path, replace: true, now }), fileName: evidenceFileName },
  }
}
