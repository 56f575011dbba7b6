import type { DetectionContent, FieldChange, Instant, OrganizationId, Sequence, Transition, Trust } from '../../shared/detection.ts'
import type { Change } from '../ingest/delivery.ts'
import { createComebacks } from './comebacks.ts'
import type { Database } from './database.ts'
import { fromRow, newestColumns, presentColumns, toRow, untouched } from './detection-row.ts'
import type { DetectionRow, NewestRow, PresentRow } from './detection-row.ts'
import { fieldChanges } from './field-changes.ts'
import { createOutboxEntry, type OutboxEntry } from './outbox-entry.ts'
import { createRollups, type RollupGathering } from './rollups.ts'
import { insertInto, update } from './statements.ts'
import { toInstant } from './time.ts'

/** A kept delivery that carries a detection and is believed. Times in milliseconds. */
export type Arrival = {
  readonly sequence: number
  readonly organizationId: OrganizationId
  readonly issuedAt: number
  readonly receivedAt: number
  readonly trust: Trust
  /** It came out of a file, and not from where deliveries are received. */
  readonly isImported: boolean
  /** It was kept for us while we were not connected. */
  readonly isBacklog?: boolean
  readonly content: DetectionContent
}

/** Re-reads the body of a delivery that was believed when it came; null where there is nothing to read in it. */
export type ContentOf = (body: Uint8Array, receivedAt: Instant) => DetectionContent | null

/** Makes deliveries into the present and the past of detections; runs inside the transaction that keeps them. */
export type Present = {
  /** For the deliveries of one transaction; `write` belongs at its end, and keeps what is counted of detections true. */
  gather(): PresentGathering
}
export type PresentGathering = {
  /**
   * null where a newer delivery is there already: then the past alone has changed. Signed and unsigned deliveries make two lines of
   * transitions, and whenever any is signed the present is that line's: what nobody vouches for changes nothing that somebody does.
   */
  apply(arrival: Arrival): Change | null
  write(): void
}

type SiblingRow = { readonly sequence: number; readonly to_status: string; readonly received_at: number; readonly body: Uint8Array | null }
export type TransitionRow = {
  readonly sequence: number
  readonly detection: number
  readonly issued_at: number
  readonly from_status: string | null
  readonly to_status: string
  readonly changes: string
}

export function createPresent(db: Database, contentOf: ContentOf, enterOutbox: OutboxEntry = createOutboxEntry(db)): Present {
  const rollups = createRollups(db)
  const comebacks = createComebacks(db)
  const byKey = db.prepare<[string, string], DetectionRow>('SELECT * FROM detections WHERE organization_id = ? AND id = ?')
  const isDemo = db.prepare<[string], number>('SELECT is_demo FROM organizations WHERE id = ?').pluck()
  const insertDetection = insertInto<PresentRow>(db, 'detections', presentColumns)
  const updateWhole = update<NewestRow>(db, 'detections', newestColumns, 'row = ?')
  // When it was detected stays, as a rule: not to write it leaves the index of that alone.
  const updateSince = update<NewestRow>(
    db,
    'detections',
    newestColumns.filter((column) => column !== 'detected_at'),
    'row = ?',
  )
  const countDetection = db.prepare("UPDATE tally SET count = count + 1 WHERE name = 'detections'")
  const countForOrganization = db.prepare<[string]>(
    'INSERT INTO organization_tally (organization_id, detections) VALUES (?, 1) ON CONFLICT (organization_id) DO UPDATE SET detections = detections + 1',
  )
  const insertTransition = insertInto<TransitionRow>(db, 'transitions', [
    'sequence',
    'detection',
    'issued_at',
    'from_status',
    'to_status',
    'changes',
  ])
  const updateTransition = db.prepare<[{ sequence: number; from_status: string; changes: string | null }]>(
    'UPDATE transitions SET from_status = @from_status, changes = coalesce(@changes, changes) WHERE sequence = @sequence',
  )
  const before = db.prepare<[number, number, number, number], SiblingRow>(`
    SELECT sequence, to_status, received_at, body FROM transitions JOIN deliveries USING (sequence)
    WHERE detection = ? AND (trust = 'unsigned') = ? AND (transitions.issued_at, sequence) < (?, ?) ORDER BY transitions.issued_at DESC, sequence DESC LIMIT 1`)
  const after = db.prepare<[number, number, number, number], SiblingRow>(`
    SELECT sequence, to_status, received_at, body FROM transitions JOIN deliveries USING (sequence)
    WHERE detection = ? AND (trust = 'unsigned') = ? AND (transitions.issued_at, sequence) > (?, ?) ORDER BY transitions.issued_at, sequence LIMIT 1`)
  const refreshResolved = db.prepare<[number]>(`
    UPDATE detections SET resolved_at = (
      SELECT transitions.issued_at FROM transitions JOIN deliveries USING (sequence)
      WHERE detection = detections.row AND (deliveries.trust = 'unsigned') = (detections.trust = 'unsigned')
        AND to_status = 'resolved' AND from_status IS NOT 'resolved'
      ORDER BY transitions.issued_at DESC, sequence DESC LIMIT 1)
    WHERE row = ? AND status = 'resolved'`)

  return {
    gather() {
      const counts = rollups.gather()
      return { apply: (arrival) => apply(arrival, counts), write: () => counts.write() }
    },
  }

  function apply(arrival: Arrival, counts: RollupGathering): Change | null {
    const present = byKey.get(arrival.organizationId, arrival.content.id)
    if (present === undefined) return begin(arrival, counts)
    if (isSigned(arrival) && !isSigned(present)) return takeOver(present, arrival, counts)
    const isOutranked = isSigned(present) && !isSigned(arrival)
    const isNewest =
      arrival.issuedAt > present.changed_at || (arrival.issuedAt === present.changed_at && arrival.sequence > present.newest_sequence)
    if (isNewest && !isOutranked) return advance(present, arrival, counts)
    recordPast(present.row, arrival)
    return null
  }

  function begin(arrival: Arrival, counts: RollupGathering): Change {
    const present: PresentRow = {
      ...toNewestRow(arrival, arrival.content.status === 'resolved' ? arrival.issuedAt : null),
      organization_id: arrival.organizationId,
      id: arrival.content.id,
      is_demo: isDemo.get(arrival.organizationId) ?? 0,
      is_imported: arrival.isImported ? 1 : 0,
    }
    const row = Number(insertDetection(present).lastInsertRowid)
    countDetection.run()
    countForOrganization.run(arrival.organizationId)
    const made = { ...present, ...untouched, row }
    counts.moved(null, made)
    return changed(made, arrival, null, [])
  }

  function advance(present: DetectionRow, arrival: Arrival, counts: RollupGathering): Change {
    const newest = toNewestRow(arrival, resolvedAt(present, arrival))
    const now = advanceTo(present, newest, present.status, counts)
    return changed(now, arrival, present.status, fieldChanges(fromRow(present), arrival.content))
  }

  function updateDetection(present: DetectionRow, newest: NewestRow): void {
    const write = newest.detected_at === present.detected_at ? updateSince : updateWhole
    write(newest, present.row)
  }

  /** The first signed delivery begins anew, whatever unsigned ones said before it, and whenever they came. */
  function takeOver(present: DetectionRow, arrival: Arrival, counts: RollupGathering): Change {
    const newest = toNewestRow(arrival, arrival.content.status === 'resolved' ? arrival.issuedAt : null)
    return changed(advanceTo(present, newest, null, counts), arrival, null, [])
  }

  function advanceTo(present: DetectionRow, newest: NewestRow, from: string | null, counts: RollupGathering): DetectionRow {
    updateDetection(present, newest)
    const now = { ...comebacks.retriaged(present, newest, from), ...newest }
    counts.moved(present, now)
    return now
  }

  function changed(row: DetectionRow, arrival: Arrival, from: string | null, changes: readonly FieldChange[]): Change {
    insertTransition(toTransitionRow(row.row, arrival, from, changes))
    const change = { detection: fromRow(row), transition: toTransition(arrival, from, changes) }
    // What a file brought is old news: nobody has to decide about it after a crash.
    if (arrival.isImported) return { ...change, isImported: true }
    enterOutbox(arrival.sequence, arrival.isBacklog === true)
    return change
  }

  /** A transition depends on the delivery just before it only: the late one and its successor are all there is to write. */
  function recordPast(detection: number, arrival: Arrival): void {
    const position = [detection, isSigned(arrival) ? 0 : 1, arrival.issuedAt, arrival.sequence] as const
    const previous = before.get(...position)
    const previousContent = contentOfSibling(previous)
    const changes = previousContent === null ? [] : fieldChanges(previousContent, arrival.content)
    insertTransition(toTransitionRow(detection, arrival, previous?.to_status ?? null, changes))

    const next = after.get(...position)
    if (next !== undefined) {
      const nextContent = contentOfSibling(next)
      // Where the body is gone, what it changed is best known from when it came.
      const nextChanges = nextContent === null ? null : JSON.stringify(fieldChanges(arrival.content, nextContent))
      updateTransition.run({ sequence: next.sequence, from_status: arrival.content.status, changes: nextChanges })
    }
    refreshResolved.run(detection)
  }

  function contentOfSibling(sibling: SiblingRow | undefined): DetectionContent | null {
    return sibling?.body ? contentOf(sibling.body, toInstant(sibling.received_at)) : null
  }
}

export function isSigned({ trust }: { readonly trust: string }): boolean {
  return trust !== 'unsigned'
}

export function toNewestRow(arrival: Arrival, resolvedAt: number | null): NewestRow {
  return {
    ...toRow(arrival.content),
    trust: arrival.trust,
    changed_at: arrival.issuedAt,
    newest_sequence: arrival.sequence,
    received_at: arrival.receivedAt,
    resolved_at: resolvedAt,
  }
}

/** Being told again that it is resolved does not resolve it anew. */
function resolvedAt(present: DetectionRow, arrival: Arrival): number | null {
  if (arrival.content.status !== 'resolved') return null
  return present.resolved_at ?? arrival.issuedAt
}

export function toTransitionRow(detection: number, arrival: Arrival, from: string | null, changes: readonly FieldChange[]): TransitionRow {
  return {
    sequence: arrival.sequence,
    detection,
    issued_at: arrival.issuedAt,
    from_status: from,
    to_status: arrival.content.status,
    changes: JSON.stringify(changes),
  }
}

function toTransition(arrival: Arrival, from: string | null, changes: readonly FieldChange[]): Transition {
  return {
    sequence: arrival.sequence as Sequence,
    at: toInstant(arrival.issuedAt),
    receivedAt: toInstant(arrival.receivedAt),
    from,
    to: arrival.content.status,
    changes,
    ...(isSigned(arrival) ? {} : { isUnsigned: true }),
  }
}
