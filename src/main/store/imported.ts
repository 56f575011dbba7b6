import type { Detection, DetectionKey, Instant, TriageState, Verdict } from '../../shared/detection.ts'
import type { Database } from './database.ts'
import { fromRow } from './detection-row.ts'
import type { DetectionRow } from './detection-row.ts'
import { createRollups } from './rollups.ts'
import { toMillisOrNull } from './time.ts'

/** What another installation's user made of a detection. Notes are not part of it: only their text would be worth anything. */
export type CarriedTriage = {
  readonly key: DetectionKey
  readonly state: TriageState
  readonly verdict: Verdict | null
  readonly labels: readonly string[]
  readonly snoozedUntil: Instant | null
  readonly isUnread: boolean
}

/** What an import does beside keeping deliveries. */
export type ImportStore = {
  /**
   * In one commit. Touches only detections that are here by an import and that nobody here has opened, judged or labelled: what
   * this user decided stays, and doing it again changes nothing. Answers those it touched, as they are now.
   */
  carryTriage(all: readonly CarriedTriage[]): readonly Detection[]
}

type TriageColumns = {
  readonly organizationId: string
  readonly id: string
  readonly state: string
  readonly verdict: string | null
  readonly labels: string
  readonly snoozedUntil: number | null
  readonly openedAt: number | null
}

export function createImportStore(db: Database, now: () => number): ImportStore {
  const carry = db.prepare<[TriageColumns], DetectionRow>(`
    UPDATE detections SET triage_state = @state, verdict = @verdict, labels = @labels, snoozed_until = @snoozedUntil, opened_at = @openedAt
    WHERE organization_id = @organizationId AND id = @id AND is_imported = 1
      AND opened_at IS NULL AND triage_state = 'new' AND verdict IS NULL AND labels = '[]' AND snoozed_until IS NULL
    RETURNING *`)
  const rollups = createRollups(db)
  const carryAll = db.transaction((all: readonly CarriedTriage[]): readonly Detection[] => {
    const counts = rollups.gather()
    const touched = all.flatMap(({ key, state, verdict, labels, snoozedUntil, isUnread }) => {
      const row = carry.get({
        organizationId: key.organizationId,
        id: key.id,
        state,
        verdict,
        labels: JSON.stringify(labels),
        snoozedUntil: toMillisOrNull(snoozedUntil),
        // When it was opened there is not told; that it was is what counts.
        openedAt: isUnread || state !== 'new' ? null : now(),
      })
      if (row === undefined) return []
      counts.retriaged(row.detected_at, 'new', state)
      return [fromRow(row)]
    })
    counts.write()
    return touched
  })
  return { carryTriage: (all) => (all.length === 0 ? [] : carryAll.immediate(all)) }
}
