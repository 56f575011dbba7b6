import type { Sequence, Transition } from '../../shared/detection.ts'
import { urgentConfidence } from '../../shared/rules.ts'
import type { Database } from './database.ts'

/** What was before the confidence of a detection rose into what is urgent. */
export type Rises = {
  /** For how long it had been lower when this change was issued, in ms; null where it never was as high before, as far as is looked back. */
  lowerMs(sequence: Sequence): number | null
  /** Whether the detection of this change was told as urgent before it, since it was resolved last. */
  wasToldUrgent(sequence: Sequence): boolean
}

/** Of one detection, changes and lines that are looked back at: behind more of them a rise is taken for a new one. */
const mostChanges = 200
const mostLines = 1_000

/** Of a change, what was before it and what was said of that, the newest first. */
export const risesStatements = [
  `SELECT earlier.issued_at AS issued_at, risen.issued_at AS risen_at, earlier.changes AS changes
   FROM transitions AS risen CROSS JOIN transitions AS earlier USING (detection)
   WHERE risen.sequence = ? AND earlier.issued_at <= risen.issued_at AND earlier.sequence < risen.sequence
     AND (SELECT trust FROM deliveries WHERE sequence = earlier.sequence) <> 'unsigned'
   ORDER BY earlier.issued_at DESC, earlier.sequence DESC LIMIT ?`,
  `SELECT lines.sequence AS sequence, said, earlier.to_status AS to_status
   FROM transitions AS risen CROSS JOIN notification_log AS lines USING (detection) CROSS JOIN transitions AS earlier
   WHERE risen.sequence = ? AND lines.sequence < risen.sequence AND earlier.sequence = lines.sequence
   ORDER BY lines.id DESC LIMIT ?`,
] as const

export function createRises(db: Database): Rises {
  const before = db.prepare<[number, number], { issued_at: number; risen_at: number; changes: string }>(risesStatements[0])
  const said = db.prepare<[number, number], { sequence: number; said: string; to_status: string }>(risesStatements[1])

  return {
    lowerMs(sequence) {
      for (const { issued_at: fellAt, risen_at: risenAt, changes } of before.iterate(sequence, mostChanges))
        if (hasFallen(changes)) return risenAt - fellAt
      return null
    },
    wasToldUrgent(sequence) {
      // What was kept quiet is written later than what was told, whichever came first.
      let resolved = 0
      for (const line of said.iterate(sequence, mostLines)) {
        if (line.said === 'urgent') return line.sequence > resolved
        if (line.to_status === 'resolved') resolved = Math.max(resolved, line.sequence)
      }
      return false
    },
  }
}

/** What is damaged says of nothing that it fell. */
function hasFallen(text: string): boolean {
  try {
    const changes = JSON.parse(text) as Transition['changes']
    return changes.some(({ field, from, to }) => field === 'confidence' && isHigh(from) && !isHigh(to))
  } catch {
    return false
  }
}

function isHigh(confidence: unknown): boolean {
  return typeof confidence === 'number' && confidence >= urgentConfidence
}
