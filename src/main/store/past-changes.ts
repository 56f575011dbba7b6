import type { Detection, DetectionId, DetectionKey, Kind, OrganizationId, Sequence } from '../../shared/detection.ts'
import type { Transition, TriageState, Trust, Verdict } from '../../shared/detection.ts'
import { isImport } from '../../shared/imported.ts'
import type { Change } from '../ingest/delivery.ts'
import type { Database } from './database.ts'
import { toList, toObject } from './detection-row.ts'
import { toInstant, toInstantOrNull } from './time.ts'

/**
 * A change as it was when it came: its status, trust and times are those of then, all else of the detection is as it is now. Which other
 * fields it changed is not read. What is costly to read is read when it is asked for, so neither part is to be spread into another object.
 */
export type PastChange = {
  /** Of the detection. */
  readonly row: number
  /** When it was received, in epoch ms. */
  readonly at: number
  readonly change: Change
}
/** Deliveries after `after`, up to `until`. `isWhole`: there are no older ones that were received since. */
export type Stretch = { readonly after: number; readonly until: number; readonly since: number; readonly isWhole: boolean }

export type PastChanges = {
  /** The newest so many, received at `since` or later, in epoch ms. */
  newest(wanted: { readonly since: number; readonly most: number }): Stretch
  /** In the order in which they came, so many deliveries after the other. Answers whether it came to the end before the time was over. */
  parts(stretch: Stretch, size: number): Generator<readonly PastChange[], boolean>
  /** Changes that were told since then, as far as the log of notifications goes back: by the row of their detection. */
  told(since: number): IterableIterator<{ readonly row: number; readonly urgency: 'normal' | 'urgent' }>
  /** In the order of the rows; those that are gone are left out. */
  keys(rows: readonly number[]): readonly DetectionKey[]
}

// prettier-ignore
type Row = [
  sequence: number, row: number, issuedAt: number, from: string | null, to: string, receivedAt: number, trust: Trust, inlet: string,
  organizationId: OrganizationId, id: DetectionId, kind: Kind, type: string, detectedAt: number, entityId: string | null,
  entityType: string | null, sourceType: string | null, connectionId: string | null, confidence: number | null, trackingStatus: string | null,
  tactics: string, techniques: string, frameworks: string, metadata: string, extra: string, triageState: TriageState, verdict: Verdict | null,
  labels: string, snoozedUntil: number | null, noteCount: number, openedAt: number | null, demo: number, imported: number,
]
const columns = `
  changes.sequence, detections.row, changes.issued_at, from_status, to_status, deliveries.received_at, deliveries.trust, inlet,
  detections.organization_id, id, kind, type, detected_at, entity_id, entity_type, source_type, connection_id, confidence, tracking_status,
  tactics, techniques, frameworks, metadata, extra, triage_state, verdict, labels, snoozed_until, note_count, opened_at, is_demo, is_imported`

/** After it, what was looked at by then has to do. */
const budgetMs = 10_000

/** `clock` is in ms from any start. */
export function createPastChanges(db: Database, clock: () => number): PastChanges {
  const newest = db.prepare<[], number>('SELECT coalesce(max(sequence), 0) FROM transitions').pluck()
  const before = db.prepare<[number], number>('SELECT sequence FROM transitions ORDER BY sequence DESC LIMIT 1 OFFSET ?').pluck()
  const receivedAt = db.prepare<[number], number>('SELECT received_at FROM deliveries WHERE sequence = ?').pluck()
  const end = db
    .prepare<[number, number, number], number>(
      'SELECT max(sequence) FROM (SELECT sequence FROM transitions WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?)',
    )
    .pluck()
  // In the line of transitions that the present is of: what nobody signed changes nothing of what somebody did.
  const changes = db
    .prepare<[number, number, number], Row>(
      `SELECT ${columns} FROM transitions AS changes CROSS JOIN deliveries ON deliveries.sequence = changes.sequence
         CROSS JOIN detections ON detections.row = changes.detection
       WHERE changes.sequence > ? AND changes.sequence <= ? AND deliveries.received_at >= ?
         AND (deliveries.trust = 'unsigned') = (detections.trust = 'unsigned')
       ORDER BY changes.sequence`,
    )
    .raw()
  const told = db.prepare<[number], { row: number; urgency: 'normal' | 'urgent' }>(
    "SELECT detection AS row, said AS urgency FROM notification_log WHERE said IN ('normal', 'urgent') AND at >= ?",
  )
  const key = db.prepare<[number], { organization_id: string; id: string }>('SELECT organization_id, id FROM detections WHERE row = ?')

  return {
    newest({ since, most }) {
      const next = before.get(most)
      const isWhole = next === undefined || (receivedAt.get(next) ?? since) < since
      return { after: next ?? 0, until: newest.get() ?? 0, since, isWhole }
    },

    *parts({ after, until, since }, size) {
      /** When the newest change of each detection was issued: an older one that came later changed nothing of the present. */
      const issued = new Map<number, number>()
      const startedAt = clock()
      let from = after
      for (;;) {
        const to = end.get(from, until, size) ?? null
        if (to === null) return true
        const part: PastChange[] = []
        for (const row of changes.all(from, to, since)) {
          const [, detection, issuedAt] = row
          if (issuedAt < (issued.get(detection) ?? issuedAt)) continue
          issued.set(detection, issuedAt)
          part.push(toPastChange(row))
        }
        yield part
        if (clock() - startedAt >= budgetMs) return false
        from = to
      }
    },

    told: (since) => told.iterate(since),

    keys: (rows) =>
      rows.flatMap((row) => {
        const found = key.get(row)
        return found === undefined ? [] : [{ organizationId: found.organization_id as OrganizationId, id: found.id as DetectionId }]
      }),
  }
}

function toPastChange(row: Row): PastChange {
  const [sequence, detection, issuedAt, from, to, receivedAt, trust, inlet] = row
  const transition = new PastTransition(sequence as Sequence, from, to, issuedAt, receivedAt, trust === 'unsigned')
  const change = { detection: new PastDetection(row), transition }
  return { row: detection, at: receivedAt, change: isImport(inlet) ? { ...change, isImported: true } : change }
}

// A hundred thousand are decided about in a second: what is costly to read is read when somebody asks for it, by getters that all of them share.

class PastTransition implements Transition {
  readonly sequence: Sequence
  readonly from: string | null
  readonly to: string
  readonly changes = []
  readonly isUnsigned?: true
  readonly #issuedAt: number
  readonly #receivedAt: number

  constructor(sequence: Sequence, from: string | null, to: string, issuedAt: number, receivedAt: number, isUnsigned: boolean) {
    this.sequence = sequence
    this.from = from
    this.to = to
    this.#issuedAt = issuedAt
    this.#receivedAt = receivedAt
    if (isUnsigned) this.isUnsigned = true
  }
  get at() {
    return toInstant(this.#issuedAt)
  }
  get receivedAt() {
    return toInstant(this.#receivedAt)
  }
}

class PastDetection implements Detection {
  readonly #row: Row

  constructor(row: Row) {
    this.#row = row
  }
  get status() {
    return this.#row[4]
  }
  get trust() {
    return this.#row[6]
  }
  get organizationId() {
    return this.#row[8]
  }
  get id() {
    return this.#row[9]
  }
  get kind() {
    return this.#row[10]
  }
  get type() {
    return this.#row[11]
  }
  get detectedAt() {
    return toInstant(this.#row[12])
  }
  get changedAt() {
    return toInstant(this.#row[2])
  }
  get receivedAt() {
    return toInstant(this.#row[5])
  }
  get resolvedAt() {
    return this.status === 'resolved' ? this.changedAt : null
  }
  get entityId() {
    return this.#row[13]
  }
  get entityType() {
    return this.#row[14]
  }
  get sourceType() {
    return this.#row[15]
  }
  get connectionId() {
    return this.#row[16]
  }
  get confidence() {
    return this.#row[17]
  }
  get trackingStatus() {
    return this.#row[18]
  }
  get tactics() {
    return toList(this.#row[19])
  }
  get techniques() {
    return toList(this.#row[20])
  }
  get frameworks() {
    return toList(this.#row[21])
  }
  get metadata() {
    return toObject(this.#row[22])
  }
  get extra() {
    return toObject(this.#row[23])
  }
  get triage() {
    const [state, openedAt] = [this.#row[24], this.#row[29]]
    return {
      state,
      verdict: this.#row[25],
      labels: toList(this.#row[26]),
      snoozedUntil: toInstantOrNull(this.#row[27]),
      noteCount: this.#row[28],
      isUnread: openedAt === null && state === 'new',
    }
  }
  get demo() {
    return this.#row[30] === 1
  }
  get imported() {
    return this.#row[31] === 1
  }
}
