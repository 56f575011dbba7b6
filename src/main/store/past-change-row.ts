import type { Detection, DetectionId, JsonObject, Kind, OrganizationId, Sequence } from '../../shared/detection.ts'
import type { Transition, Triage, TriageState, Trust, Verdict } from '../../shared/detection.ts'
import { isImport } from '../../shared/imported.ts'
import type { Change } from '../ingest/delivery.ts'
import { toList, toObject } from './detection-row.ts'
import { toInstant, toInstantOrNull } from './time.ts'

/**
 * A change as it was when it came: its status, trust and times are those of then, all else of the detection is as it is now. Of other
 * fields it changed only those are read that came without another status: by them alone such a change may be worth telling.
 */
export type PastChange = {
  /** Of the detection. */
  readonly row: number
  /** When it was received and when it was issued, in epoch ms. */
  readonly at: number
  readonly issuedAt: number
  /** What is costly to read is read when it is asked for, so neither part is to be spread into another object. */
  readonly change: Change
  /** From then on the change has only what is decided by, and what names it: so that very many can be held. */
  letGo(): void
}

// prettier-ignore
export type PastChangeRow = [
  sequence: number, row: number, issuedAt: number, from: string | null, to: string, receivedAt: number, trust: Trust, inlet: string,
  organizationId: OrganizationId, id: DetectionId, kind: Kind, type: string, entityId: string | null, sourceType: string | null,
  confidence: number | null, snoozedUntil: number | null, changes: string | null,
  detectedAt: number, entityType: string | null, connectionId: string | null, trackingStatus: string | null,
  tactics: string, techniques: string, frameworks: string, metadata: string, extra: string, triageState: TriageState, verdict: Verdict | null,
  labels: string, noteCount: number, openedAt: number | null, demo: number, imported: number,
]
/** What is not let go: the first so many. */
const kept = 17
/** Of `transitions` as `changes`, `deliveries` and `detections`. */
export const pastColumns = `
  changes.sequence, detections.row, changes.issued_at, from_status, to_status, deliveries.received_at, deliveries.trust, inlet,
  detections.organization_id, id, kind, type, entity_id, source_type, confidence, snoozed_until,
  iif(from_status = to_status AND kind = 'threat', changes.changes, NULL), detected_at, entity_type, connection_id, tracking_status, tactics, techniques, frameworks, metadata, extra, triage_state, verdict, labels,
  note_count, opened_at, is_demo, is_imported`

// A hundred thousand are decided about in a second: what is costly to read is read when somebody asks for it, by getters that all of them share.

export function toPastChange(row: PastChangeRow): PastChange {
  return new PastRow(row)
}

class PastRow implements PastChange {
  readonly #row: PastChangeRow

  constructor(row: PastChangeRow) {
    this.#row = row
  }
  get row() {
    return this.#row[1]
  }
  get at() {
    return this.#row[5]
  }
  get issuedAt() {
    return this.#row[2]
  }
  get change(): Change {
    const change = { detection: new PastDetection(this.#row), transition: new PastTransition(this.#row) }
    return isImport(this.#row[7]) ? { ...change, isImported: true } : change
  }
  letGo() {
    this.#row.length = kept as PastChangeRow['length']
  }
}

class PastTransition implements Transition {
  readonly isUnsigned?: true
  readonly #row: PastChangeRow

  constructor(row: PastChangeRow) {
    this.#row = row
    if (row[6] === 'unsigned') this.isUnsigned = true
  }
  get sequence() {
    return this.#row[0] as Sequence
  }
  get changes() {
    const text = this.#row[16]
    return text === null ? [] : (JSON.parse(text) as Transition['changes'])
  }
  get from() {
    return this.#row[3]
  }
  get to() {
    return this.#row[4]
  }
  get at() {
    return toInstant(this.#row[2])
  }
  get receivedAt() {
    return toInstant(this.#row[5])
  }
}

class PastDetection implements Detection {
  readonly #row: PastChangeRow
  // Several rules ask for what has to be parsed.
  #tactics: readonly string[] | null = null
  #techniques: readonly string[] | null = null
  #metadata: JsonObject | null = null

  constructor(row: PastChangeRow) {
    this.#row = row
  }
  get sequence() {
    return this.#row[0] as Sequence
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
    return toInstant(this.#row[17])
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
    return this.#row[12]
  }
  get entityType() {
    return this.#row[18]
  }
  get sourceType() {
    return this.#row[13]
  }
  get connectionId() {
    return this.#row[19]
  }
  get confidence() {
    return this.#row[14]
  }
  get trackingStatus() {
    return this.#row[20]
  }
  get tactics() {
    return (this.#tactics ??= toList(this.#row[21]))
  }
  get techniques() {
    return (this.#techniques ??= toList(this.#row[22]))
  }
  get frameworks() {
    return toList(this.#row[23])
  }
  get metadata() {
    return (this.#metadata ??= toObject(this.#row[24]))
  }
  get extra() {
    return toObject(this.#row[25])
  }
  get triage() {
    return new PastTriage(this.#row)
  }
  get demo() {
    return this.#row[31] === 1
  }
  get imported() {
    return this.#row[32] === 1
  }
}

class PastTriage implements Triage {
  readonly #row: PastChangeRow

  constructor(row: PastChangeRow) {
    this.#row = row
  }
  get state() {
    return this.#row[26]
  }
  get verdict() {
    return this.#row[27]
  }
  get labels() {
    return toList(this.#row[28])
  }
  get snoozedUntil() {
    return toInstantOrNull(this.#row[15])
  }
  get noteCount() {
    return this.#row[29]
  }
  get isUnread() {
    return this.#row[30] === null && this.state === 'new'
  }
}
