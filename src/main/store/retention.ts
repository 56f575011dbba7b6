import type { StaysBecause } from '../../shared/care.ts'
import type { DetectionKey } from '../../shared/detection.ts'
import { importInlet, unsignedImportInlet } from '../../shared/imported.ts'
import type { Database } from './database.ts'
import type { DetectionRow } from './detection-row.ts'
import { createPacking } from './packing.ts'
import { createRollups } from './rollups.ts'
import { createSpokenRemains } from './spoken-remains.ts'
import type { TextIndex } from './text-index.ts'
import { createTriageRemains } from './triage-trail.ts'

/** What may go. */
export type RetentionPolicy = {
  /** Epoch ms: its last change, and when that came, are both earlier. */
  readonly before: number
  /** Only detections of these kinds; null: all, and believed deliveries that hold none as well. */
  readonly kinds: readonly string[] | null
  /** Also those that nobody has taken up yet stay. */
  readonly keepsNew: boolean
  /** Also those that last stay, by what was heard of them last: they are not old, only long. */
  readonly keepsOngoing: boolean
  /** Once so much of one slice goes, nothing else does. */
  readonly enoughBytes: number
}

/**
 * A detection with all its deliveries, or a believed delivery that holds none (`kind` null). One that has very many goes in parts, from its
 * oldest on: what is left of it holds at every moment, and is judged anew.
 */
export type Candidate = {
  readonly kind: string | null
  /** Epoch ms. */
  readonly at: number
  /** When its newest delivery came, epoch ms. */
  readonly receivedAt: number
  /** Of this part. */
  readonly deliveries: number
  readonly bytes: number
  /** false: a part of one of which more is left. */
  readonly isWhole: boolean
  readonly isUnread: boolean
  readonly stays: StaysBecause | null
}

/** Where a walk from the oldest to the newest has come to: deliveries without a detection come first. */
export type RetentionPlace =
  { readonly of: 'deliveries'; readonly sequence: number } | { readonly of: 'detections'; readonly changedAt: number; readonly row: number }

export type RetentionSlice = { readonly candidates: readonly Candidate[]; readonly next: RetentionPlace | null }

export type Retention = {
  /** What of the next so many would go, and what would not. */
  look(policy: RetentionPolicy, from: RetentionPlace, limit: number): RetentionSlice
  /** Lets go of them, in one commit: `candidates` that stay were not touched. Judges anew, since triage goes on between two slices. */
  remove(policy: RetentionPolicy, from: RetentionPlace, limit: number): RetentionSlice
  /**
   * Moves up to so many of those that went together: what is left of them would otherwise keep the pages that their content was in, a few
   * hundred bytes in each. Answers how many still wait for it.
   */
  pack(limit: number): number
  /**
   * Brings what was written into the history a little at a time: a single detection touches some thirty pages, and left alone they would
   * all be brought there by one commit in a while, which may be that of a delivery.
   */
  writeBack(): void
  /** Gives up to so many free pages back to the disk; answers how many are left. */
  giveBack(pages: number): number
  /** Without pages that are free already. What waits for `pack` counts with all its pages. */
  usedBytes(): number
  /** Whether a detection is marked to keep. */
  isKept(key: DetectionKey): boolean
  /** false where there is no such detection. */
  keep(key: DetectionKey, isKept: boolean): boolean
}

/** Measured: 1,000 take 15 ms, these 5 ms, and fewer only cost more syncs. */
const writeBackPages = 250

/** The oldest there is. */
export const oldest: RetentionPlace = { of: 'deliveries', sequence: 0 }

/** A delivery waits for as many of them. Measured: these take 5 ms. */
const mostOfAPart = 256
/** What a detection takes beside its content: columns, and its place in every index. Measured: 400 to 900. */
const besideBytes = 300

type BesideRow = { readonly sequence: number; readonly received_at: number; readonly size: number }
type PartRow = { readonly sequence: number; readonly bytes: number; readonly isUnsigned: number }
type JudgedRow = DetectionRow & { readonly is_kept: number }

export function createRetention(db: Database, textIndex: Pick<TextIndex, 'forget'>, now: () => number): Retention {
  const rollups = createRollups(db)
  const remains = createTriageRemains(db)
  const spoken = createSpokenRemains(db)
  const nextBeside = db.prepare<[number, number], BesideRow>(
    "SELECT sequence, received_at, size FROM deliveries INDEXED BY deliveries_beside WHERE state IN ('other-trigger', 'unreadable') AND sequence > ? ORDER BY sequence LIMIT ?",
  )
  const nextDetections = db.prepare<[number, number, number, number], JudgedRow>(`
    SELECT detections.*, EXISTS (SELECT 1 FROM kept_detections WHERE detection = detections.row) AS is_kept
    FROM detections INDEXED BY detections_by_change WHERE (changed_at, row) > (?, ?) AND changed_at < ? ORDER BY changed_at, row LIMIT ?`)
  const bytesOf = 'size + ifnull(length(headers), 0) + length(changes)'
  const madeOf = db.prepare<[number], { deliveries: number; bytes: number }>(
    `SELECT count(*) AS deliveries, ifnull(sum(${bytesOf}), 0) AS bytes FROM transitions JOIN deliveries USING (sequence) WHERE detection = ?`,
  )
  // The newest that is shown goes last: whatever else is left, it is what the detection says.
  const oldestOf = db.prepare<[number, number, number], PartRow>(`
    SELECT sequence, ${bytesOf} AS bytes, trust = 'unsigned' AS isUnsigned FROM transitions JOIN deliveries USING (sequence)
    WHERE detection = ? AND sequence <> ? ORDER BY transitions.issued_at, sequence LIMIT ?`)
  // Its place in the sequence, its hashes and its identity stay: chain, verification and deduplication go on without the content.
  const buryOne = db.prepare<[number, number]>(`
    UPDATE deliveries SET state = 'removed', removed_at = ?, removed_because = 'retention', headers = NULL, body = NULL WHERE sequence = ?`)
  const newestOf = db.prepare<[number], PartRow>(
    `SELECT sequence, ${bytesOf} AS bytes, trust = 'unsigned' AS isUnsigned FROM transitions JOIN deliveries USING (sequence) WHERE sequence = ?`,
  )
  const removeTransition = db.prepare<[number]>('DELETE FROM transitions WHERE sequence = ?')
  // With nothing before it, a delivery changed nothing. What remains is resolved since its own first word of it, and imported as its newest.
  const beginAnew = db.prepare<[number, number]>(`
    UPDATE transitions SET from_status = NULL, changes = '[]' WHERE sequence = (
      SELECT sequence FROM transitions JOIN deliveries USING (sequence) WHERE detection = ? AND (trust = 'unsigned') = ?
      ORDER BY transitions.issued_at, sequence LIMIT 1)`)
  const shortenShown = db.prepare<[number]>(`
    UPDATE detections SET
      resolved_at = max(resolved_at, (
        SELECT transitions.issued_at FROM transitions JOIN deliveries USING (sequence)
        WHERE detection = detections.row AND (deliveries.trust = 'unsigned') = (detections.trust = 'unsigned')
        ORDER BY transitions.issued_at, sequence LIMIT 1)),
      is_imported = (SELECT inlet IN ('${importInlet}', '${unsignedImportInlet}') FROM deliveries WHERE sequence = detections.newest_sequence)
    WHERE row = ?`)
  const removeDetection = db.prepare<[number]>('DELETE FROM detections WHERE row = ?')
  const uncount = db.prepare<[number]>("UPDATE tally SET count = count - ? WHERE name = 'detections'")
  const uncountOfOrganization = db.prepare<[string]>('UPDATE organization_tally SET detections = detections - 1 WHERE organization_id = ?')
  const countRemoved = db.prepare<[number]>("UPDATE tally SET count = count + ? WHERE name = 'retention'")
  const rowOf = db.prepare<[string, string], number>('SELECT row FROM detections WHERE organization_id = ? AND id = ?').pluck()
  const mark = db.prepare<[number, number]>('INSERT OR IGNORE INTO kept_detections VALUES (?, ?)')
  const isMarked = db
    .prepare<[string, string], number>(
      'SELECT EXISTS (SELECT 1 FROM detections JOIN kept_detections ON detection = detections.row WHERE organization_id = ? AND id = ?)',
    )
    .pluck()
  const unmark = db.prepare<[number]>('DELETE FROM kept_detections WHERE detection = ?')

  const packing = createPacking(db)

  let buried: number[] = []

  const remove = db.transaction((policy: RetentionPolicy, from: RetentionPlace, limit: number): RetentionSlice => {
    const at = now()
    const counts = rollups.gather()
    buried = []
    let detections = 0
    const slice = walk(policy, from, limit, {
      beside: ({ sequence }) => bury(sequence),
      detection(row, deliveries, isWhole) {
        for (const { sequence } of deliveries) bury(sequence)
        for (const { sequence } of deliveries) {
          spoken.forgetChange(row.row, sequence)
          removeTransition.run(sequence)
        }
        if (!isWhole) {
          // Only where something went from: to look for what is not there would read all that is left.
          for (const isUnsigned of new Set(deliveries.map((one) => one.isUnsigned))) beginAnew.run(row.row, isUnsigned)
          shortenShown.run(row.row)
          return
        }
        textIndex.forget(row.row)
        remains.forget(row.row)
        spoken.forget(row.row)
        removeDetection.run(row.row)
        uncountOfOrganization.run(row.organization_id)
        counts.moved(row, null)
        detections += 1
      },
    })
    remains.forgetActs()
    counts.write()
    if (detections > 0) uncount.run(detections)
    function bury(sequence: number): void {
      buryOne.run(at, sequence)
      buried.push(sequence)
    }
    const removed = slice.candidates.reduce((sum, { stays, deliveries }) => sum + (stays === null ? deliveries : 0), 0)
    if (removed > 0) countRemoved.run(removed)
    return slice
  })

  return {
    look: (policy, from, limit) => walk(policy, from, limit, null),
    remove(policy, from, limit) {
      const slice = remove.immediate(policy, from, limit)
      packing.add(buried)
      return slice
    },
    pack: packing.pack,
    writeBack() {
      const [state] = db.pragma('wal_checkpoint(NOOP)') as readonly { readonly log: number; readonly checkpointed: number }[]
      if (state !== undefined && state.log - state.checkpointed >= writeBackPages) db.pragma('wal_checkpoint(PASSIVE)')
    },
    giveBack(pages) {
      if (pages > 0) db.pragma(`incremental_vacuum(${Math.trunc(pages)})`)
      return pragma('freelist_count')
    },
    usedBytes: () => (pragma('page_count') - pragma('freelist_count')) * pragma('page_size'),
    isKept: ({ organizationId, id }) => isMarked.get(organizationId, id) === 1,
    keep(key, isKept) {
      const row = rowOf.get(key.organizationId, key.id)
      if (row === undefined) return false
      if (isKept) mark.run(row, now())
      else unmark.run(row)
      return true
    },
  }

  function walk(
    policy: RetentionPolicy,
    from: RetentionPlace,
    limit: number,
    act: { beside(row: BesideRow): void; detection(row: JudgedRow, deliveries: readonly PartRow[], isWhole: boolean): void } | null,
  ): RetentionSlice {
    const candidates: Candidate[] = []
    let going = 0
    const isEnough = (candidate: Candidate): boolean => {
      candidates.push(candidate)
      going += candidate.stays === null ? candidate.bytes : 0
      return going >= policy.enoughBytes
    }
    if (from.of === 'deliveries') {
      const rows = policy.kinds === null ? nextBeside.all(from.sequence, limit) : []
      for (const row of rows) {
        const { sequence, received_at: at, size: bytes } = row
        const stays = at < policy.before ? null : 'young'
        if (stays === null) act?.beside(row)
        if (isEnough({ kind: null, at, receivedAt: at, deliveries: 1, bytes, isWhole: true, isUnread: false, stays }))
          return { candidates, next: { of: 'deliveries', sequence } }
      }
      const last = rows.at(-1)
      const isMore = last !== undefined && rows.length === limit
      return { candidates, next: isMore ? { of: 'deliveries', sequence: last.sequence } : oldestDetection }
    }
    let place: RetentionPlace = from
    let left = limit
    for (const row of nextDetections.all(from.changedAt, from.row, policy.before, limit)) {
      const { kind, changed_at: at, received_at: receivedAt } = row
      const stays = judge(policy, row, now())
      const isUnread = row.opened_at === null && row.triage_state === 'new'
      const part = stays === null && act !== null ? partOf(row) : null
      if (part !== null) act?.detection(row, part.rows, part.isWhole)
      const { deliveries, bytes: content } = part ?? madeOf.get(row.row) ?? { deliveries: 0, bytes: 0 }
      const isWhole = part?.isWhole ?? true
      // Rather less than it is: what goes by size ends as soon as there is room, and then less went than was shown.
      const bytes = content + (isWhole ? row.metadata.length + row.extra.length + besideBytes : 0)
      const isLast = isEnough({ kind, at, receivedAt, deliveries, bytes, isWhole, isUnread, stays })
      if (!isWhole) return { candidates, next: place }
      place = { of: 'detections', changedAt: at, row: row.row }
      left -= 1
      if (isLast) return { candidates, next: place }
    }
    return { candidates, next: left === 0 ? place : null }
  }

  function partOf({ row, newest_sequence: newest }: JudgedRow): {
    rows: readonly PartRow[]
    isWhole: boolean
    deliveries: number
    bytes: number
  } {
    const older = oldestOf.all(row, newest, mostOfAPart)
    const isWhole = older.length < mostOfAPart
    const rows = isWhole ? [...older, ...newestOf.all(newest)] : older
    return { rows, isWhole, deliveries: rows.length, bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0) }
  }

  function pragma(name: string): number {
    return Number(db.pragma(name, { simple: true }))
  }
}

/** The oldest detection. */
export const oldestDetection: RetentionPlace = { of: 'detections', changedAt: Number.MIN_SAFE_INTEGER, row: Number.MIN_SAFE_INTEGER }

/** Whether something speaks for a detection. One that nobody has done anything with is nobody's open triage, unless the policy says so. */
function judge({ before, kinds, keepsNew, keepsOngoing }: RetentionPolicy, row: JudgedRow, at: number): StaysBecause | null {
  if (row.is_kept === 1) return 'kept'
  if (kinds !== null && !kinds.includes(row.kind)) return 'other-kind'
  const isTouched = row.verdict !== null || row.labels !== '[]' || row.note_count > 0
  const isUntouched = row.triage_state === 'new' && !isTouched
  const isSnoozed = row.snoozed_until !== null && row.snoozed_until > at
  if (isSnoozed || (row.triage_state !== 'done' && !isUntouched)) return 'open-triage'
  if (keepsNew && isUntouched) return 'new'
  if (keepsOngoing && row.status === 'ongoing') return 'ongoing'
  return row.received_at >= before ? 'young' : null
}
