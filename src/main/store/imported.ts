import type { Detection, DetectionKey, Instant, TriageState, Verdict } from '../../shared/detection.ts'
import { mostNotes, type TriageChange } from '../../shared/triage.ts'
import type { Database } from './database.ts'
import { fromRow } from './detection-row.ts'
import type { DetectionRow } from './detection-row.ts'
import { createRollups } from './rollups.ts'
import { toMillis, toMillisOrNull } from './time.ts'

/** What another installation's user made of a detection. */
export type CarriedTriage = {
  readonly key: DetectionKey
  readonly state: TriageState
  readonly verdict: Verdict | null
  readonly verdictReason: string | null
  readonly labels: readonly string[]
  readonly snoozedUntil: Instant | null
  readonly isUnread: boolean
}

/** What is added to it, whatever is there. */
export type CarriedOwn = {
  readonly key: DetectionKey
  readonly notes: readonly { readonly at: Instant; readonly text: string }[]
  readonly isKept: boolean
}

/** What an import does beside keeping deliveries. */
export type ImportStore = {
  /**
   * In one commit. Touches only detections that are here by an import and that nobody here has opened, judged or labelled: what
   * this user decided stays, and doing it again changes nothing. Answers those it touched, as they are now.
   */
  carryTriage(all: readonly CarriedTriage[]): readonly Detection[]
  /**
   * In one commit, of detections that are here by an import: notes that are not there yet, with their times, as many as there is room for,
   * and the mark to keep. Answers those that have more notes now.
   */
  carryOwn(all: readonly CarriedOwn[]): readonly Detection[]
}

type TriageColumns = {
  readonly organizationId: string
  readonly id: string
  readonly state: string
  readonly verdict: string | null
  readonly verdictReason: string | null
  readonly labels: string
  readonly snoozedUntil: number | null
  readonly openedAt: number | null
}

export function createImportStore(db: Database, now: () => number): ImportStore {
  const carry = db.prepare<[TriageColumns], DetectionRow>(`
    UPDATE detections SET triage_state = @state, verdict = @verdict, verdict_reason = @verdictReason, labels = @labels, snoozed_until = @snoozedUntil, opened_at = @openedAt
    WHERE organization_id = @organizationId AND id = @id AND is_imported = 1
      AND opened_at IS NULL AND triage_state = 'new' AND verdict IS NULL AND labels = '[]' AND snoozed_until IS NULL
    RETURNING *`)
  const rollups = createRollups(db)
  const carryAll = db.transaction((all: readonly CarriedTriage[]): readonly Detection[] => {
    const counts = rollups.gather()
    const touched = all.flatMap(({ key, state, verdict, verdictReason, labels, snoozedUntil, isUnread }) => {
      const row = carry.get({
        organizationId: key.organizationId,
        id: key.id,
        state,
        verdict,
        verdictReason: verdict === null || verdictReason === '' ? null : verdictReason,
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

  const importedOne = db.prepare<[string, string], DetectionRow>(
    'SELECT * FROM detections WHERE organization_id = ? AND id = ? AND is_imported = 1',
  )
  const mark = db.prepare<[number, number]>('INSERT OR IGNORE INTO kept_detections VALUES (?, ?)')
  const hasNote = db
    .prepare<[number, number, string], number>(
      'SELECT 1 FROM notes JOIN triage_acts ON id = act WHERE detection = ? AND at = ? AND change = ? LIMIT 1',
    )
    .pluck()
  // Not by this user: it neither can be taken back nor counts among what can.
  const beginAct = db
    .prepare<[number, string], number>("INSERT INTO triage_acts (at, made_by, change, count) VALUES (?, 'import', ?, 1) RETURNING id")
    .pluck()
  const recordChange = db.prepare<[number, number, string, string]>(
    'INSERT INTO triage_changes (act, detection, was, became) VALUES (?, ?, ?, ?)',
  )
  const addNote = db.prepare<[number, number]>('INSERT INTO notes (detection, act) VALUES (?, ?)')
  const setCount = db.prepare<[number, number], DetectionRow>('UPDATE detections SET note_count = ? WHERE row = ? RETURNING *')
  const carryAllOwn = db.transaction((all: readonly CarriedOwn[]): readonly Detection[] =>
    all.flatMap(({ key, notes, isKept }) => {
      const found = importedOne.get(key.organizationId, key.id)
      if (found === undefined) return []
      if (isKept) mark.run(found.row, now())
      let count = found.note_count
      for (const { at, text } of notes) {
        const change = JSON.stringify({ note: text } satisfies TriageChange)
        if (count >= mostNotes) break
        if (hasNote.get(found.row, toMillis(at), change) !== undefined) continue
        const act = beginAct.get(toMillis(at), change)
        if (act === undefined) throw new Error('an act was not written')
        recordChange.run(act, found.row, JSON.stringify({ note_count: count }), JSON.stringify({ note_count: count + 1 }))
        addNote.run(found.row, act)
        count += 1
      }
      const counted = count === found.note_count ? undefined : setCount.get(count, found.row)
      return counted === undefined ? [] : [fromRow(counted)]
    }),
  )

  return {
    carryTriage: (all) => (all.length === 0 ? [] : carryAll.immediate(all)),
    carryOwn: (all) => (all.length === 0 ? [] : carryAllOwn.immediate(all)),
  }
}
