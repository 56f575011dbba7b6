import type { StaysBecause } from '../../shared/care.ts'
import type { DetectionKey } from '../../shared/detection.ts'
import type { Database } from './database.ts'
import type { DetectionRow } from './detection-row.ts'
import { createRollups } from './rollups.ts'
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
}

/** A detection with all its deliveries, which goes as a whole or not at all; or a believed delivery that holds none (`kind` null). */
export type Candidate = {
  readonly kind: string | null
  /** Epoch ms. */
  readonly at: number
  readonly deliveries: number
  readonly bytes: number
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
   * Brings what was written into the history a little at a time: a single detection touches some thirty pages, and left alone they would
   * all be brought there by one commit in a while, which may be that of a delivery.
   */
  writeBack(): void
  /** Gives up to so many free pages back to the disk; answers how many are left. */
  giveBack(pages: number): number
  /** Without pages that are free already. */
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

type BesideRow = { readonly sequence: number; readonly received_at: number; readonly size: number }
type JudgedRow = DetectionRow & { readonly is_kept: number }

export function createRetention(db: Database, textIndex: Pick<TextIndex, 'forget'>, now: () => number): Retention {
  const rollups = createRollups(db)
  const remains = createTriageRemains(db)
  const nextBeside = db.prepare<[number, number], BesideRow>(
    "SELECT sequence, received_at, size FROM deliveries INDEXED BY deliveries_beside WHERE state IN ('other-trigger', 'unreadable') AND sequence > ? ORDER BY sequence LIMIT ?",
  )
  const nextDetections = db.prepare<[number, number, number, number], JudgedRow>(`
    SELECT detections.*, EXISTS (SELECT 1 FROM kept_detections WHERE detection = detections.row) AS is_kept
    FROM detections INDEXED BY detections_by_change WHERE (changed_at, row) > (?, ?) AND changed_at < ? ORDER BY changed_at, row LIMIT ?`)
  const madeOf = db.prepare<[number], { deliveries: number; bytes: number }>(
    'SELECT count(*) AS deliveries, ifnull(sum(size), 0) AS bytes FROM transitions JOIN deliveries USING (sequence) WHERE detection = ?',
  )
  // Its place in the sequence, its hashes and its identity stay: chain, verification and deduplication go on without the content.
  const buryOne = db.prepare<[number, number]>(`
    UPDATE deliveries SET state = 'removed', removed_at = ?, removed_because = 'retention', headers = NULL, body = NULL WHERE sequence = ?`)
  const buryAll = db.prepare<[number, number]>(`
    UPDATE deliveries SET state = 'removed', removed_at = ?, removed_because = 'retention', headers = NULL, body = NULL
    WHERE sequence IN (SELECT sequence FROM transitions WHERE detection = ?)`)
  const removeTransitions = db.prepare<[number]>('DELETE FROM transitions WHERE detection = ?')
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

  const remove = db.transaction((policy: RetentionPolicy, from: RetentionPlace, limit: number): RetentionSlice => {
    const at = now()
    const counts = rollups.gather()
    let detections = 0
    const slice = walk(policy, from, limit, {
      beside: ({ sequence }) => void buryOne.run(at, sequence),
      detection(row) {
        buryAll.run(at, row.row)
        removeTransitions.run(row.row)
        textIndex.forget(row.row)
        remains.forget(row.row)
        removeDetection.run(row.row)
        uncountOfOrganization.run(row.organization_id)
        counts.moved(row, null)
        detections += 1
      },
    })
    remains.forgetActs()
    counts.write()
    if (detections > 0) uncount.run(detections)
    const removed = slice.candidates.reduce((sum, { stays, deliveries }) => sum + (stays === null ? deliveries : 0), 0)
    if (removed > 0) countRemoved.run(removed)
    return slice
  })

  return {
    look: (policy, from, limit) => walk(policy, from, limit, null),
    remove: (policy, from, limit) => remove.immediate(policy, from, limit),
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
    act: { beside(row: BesideRow): void; detection(row: JudgedRow): void } | null,
  ): RetentionSlice {
    if (from.of === 'deliveries') {
      const rows = policy.kinds === null ? nextBeside.all(from.sequence, limit) : []
      const candidates = rows.map((row): Candidate => {
        const stays = row.received_at < policy.before ? null : 'young'
        if (stays === null) act?.beside(row)
        return { kind: null, at: row.received_at, deliveries: 1, bytes: row.size, isUnread: false, stays }
      })
      const last = rows.at(-1)
      const isMore = last !== undefined && rows.length === limit
      return { candidates, next: isMore ? { of: 'deliveries', sequence: last.sequence } : oldestDetection }
    }
    const rows = nextDetections.all(from.changedAt, from.row, policy.before, limit)
    const candidates = rows.map((row): Candidate => {
      const { deliveries, bytes: bodies } = madeOf.get(row.row) ?? { deliveries: 0, bytes: 0 }
      // What else it takes is about what tombstone and counts go on taking.
      const bytes = bodies + row.metadata.length + row.extra.length
      const stays = judge(policy, row, now())
      if (stays === null) act?.detection(row)
      const isUnread = row.opened_at === null && row.triage_state === 'new'
      return { kind: row.kind, at: row.changed_at, deliveries, bytes, isUnread, stays }
    })
    const last = rows.at(-1)
    const isMore = last !== undefined && rows.length === limit
    return { candidates, next: isMore ? { of: 'detections', changedAt: last.changed_at, row: last.row } : null }
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
