import type { DetectionKey, Sequence, Transition, Trust } from '../../shared/detection.ts'
import type { HookId } from '../../shared/hooks.ts'
import type { NotificationId, Silence } from '../../shared/inbox.ts'
import type { Change } from '../ingest/delivery.ts'
import type { Database } from './database.ts'
import { fromRow, type DetectionRow } from './detection-row.ts'
import { createRises } from './rises.ts'
import { mostLines, toldWords, type LogTrim } from './log-trim.ts'
import { toInstant } from './time.ts'

/** What was decided about one change, named by the delivery that brought it; `rule` is the name of the rule that did, `hook` where it goes. */
type Decided = { readonly sequence: Sequence; readonly at: number; readonly rule: string | null; readonly hook: HookId | null }
export type QuietLine = Decided & { readonly because: Silence }
export type ToldLine = Decided & { readonly urgency: 'normal' | 'urgent' }
/** What goes to a hook before its line is written. */
export type Ahead = Pick<Decided, 'sequence' | 'at'> & { readonly hook: HookId }

/** What is about to be told. `id` names the notification that takes it up, where there is one already. */
export type Intent = {
  readonly id: NotificationId | null
  readonly at: number
  readonly urgency: 'normal' | 'urgent'
  readonly lines: readonly ToldLine[]
}

export type Undecided = {
  readonly changes: readonly Change[]
  /** Changes of which what is kept is damaged: nothing can be decided about them, and they hold up no other. */
  readonly unreadable: readonly Sequence[]
  /** After which there may be more. */
  readonly next: Sequence | null
}

/** Writes what is to be sent to a hook, inside the transaction of the decision. */
export type EnqueueHook = (hook: HookId, sequence: Sequence, at: number) => void

/**
 * Changes that are yet to be decided about, and how they leave: as lines of the log, each once. A change that is not in the outbox any more
 * has its line; to say it again writes nothing. Only what a file brought was never in it.
 */
export type Outbox = {
  /** As they were when they came, oldest first, strictly after; `limit` at most. */
  undecided(after: Sequence | null, limit: number): Undecided
  /** They are kept quiet: in one commit. */
  quiet(lines: readonly QuietLine[]): void
  /** To their hooks, in one commit: they stay undecided, and their lines are to name no hook then. */
  ahead(sends: readonly Ahead[]): void
  /** They are about to be told: in one commit, before anything is shown. */
  telling(intent: Intent): NotificationId
  /** What the last `telling` of it said is on the screen. */
  shown(id: NotificationId, nativeId: number | null, service: string | null): void
  /** It is not, as far as is known: its lines say so, and stay with it. What the same notification told before was told. */
  notShown(id: NotificationId): void
  /** At the start: whatever was in the middle of being told stays uncertain, and is never told again. Answers how many there were. */
  interrupted(): number
  /** Which notification a desktop means by its number: the newest that had it from this service. */
  byNative(nativeId: number, service: string | null): NotificationId | null
  /** It is on the screen still, and the desktop knows it by another number now. */
  moved(id: NotificationId, nativeId: number, service: string): void
  /** What this service may still show of earlier runs: the numbers of the newest, at most `mostEarlier`. */
  earlierNumbers(service: string): readonly number[]
  /** The detections that it told of, newest first, at most `mostKeys`. */
  keysOf(id: NotificationId): readonly DetectionKey[]
  /** When a posture issue of each type was told last, of those since then. What was told by a clock that was ahead, after `now`, is not known. */
  postureToldSince(at: number, now: number): readonly { readonly type: string; readonly at: number }[]
  /** For how long the confidence was lower before this change, in ms; null where its detection was not told as urgent before it. */
  lowerMs(sequence: Sequence): number | null
}

/** A flood tells of more, and a click shows all of them in the inbox; this many are acted upon at once. */
export const mostKeys = 10_000
const mostTypes = 1_000
/** More notes than that of one run are not on anybody's screen. */
const mostEarlier = 50

/** A change of the present, with what it takes to say how it was when it came. */
export type ChangeRow = DetectionRow & {
  readonly sequence: number
  readonly is_backlog: number
  readonly issued_at: number
  readonly came_at: number
  readonly came_trust: string
  readonly from_status: string | null
  readonly to_status: string
  readonly changes: string
}

/** Of `detections`, `transitions` and `deliveries`; what is missing of a `ChangeRow` is the asker's. */
export const changeColumns = `detections.*, transitions.issued_at AS issued_at, deliveries.received_at AS came_at,
  deliveries.trust AS came_trust, from_status, to_status, changes`

export function createOutbox(db: Database, parts: { readonly enqueueHook: EnqueueHook; readonly trim: LogTrim }): Outbox {
  const { enqueueHook, trim } = parts
  const rises = createRises(db)
  const undecided = db.prepare<[number, number], ChangeRow>(`
    SELECT outbox.sequence, is_backlog, ${changeColumns}
    FROM outbox CROSS JOIN transitions USING (sequence) CROSS JOIN deliveries USING (sequence) CROSS JOIN detections ON detections.row = detection
    WHERE outbox.sequence > ? ORDER BY outbox.sequence LIMIT ?`)
  const leave = db.prepare<[number]>('DELETE FROM outbox WHERE sequence = ?')
  const isIn = db.prepare<[number], number>('SELECT 1 FROM outbox WHERE sequence = ?').pluck()
  const insert = db.prepare<[number, string, number | null, string | null, number]>(`
    INSERT INTO notification_log (sequence, detection, at, said, notification, rule)
    SELECT sequence, detection, ?, ?, ?, ? FROM transitions WHERE sequence = ?`)
  const begin = db.prepare<[number, string]>("INSERT INTO notifications (at, urgency, state) VALUES (?, ?, 'telling')")
  // Retention may have taken all that it told of, and itself with it.
  const goOn = db.prepare<[{ id: number; at: number; urgency: string }]>(`
    INSERT INTO notifications (id, at, urgency, state) VALUES (@id, @at, @urgency, 'telling')
    ON CONFLICT (id) DO UPDATE SET at = @at, urgency = @urgency, state = 'telling'`)
  const newestLine = 'ifnull((SELECT max(id) FROM notification_log WHERE notification = notifications.id), 0)'
  const nowShown = db.prepare<[number | null, string | null, number]>(
    `UPDATE notifications SET state = 'shown', native_id = ?, service = ?, told_until = ${newestLine} WHERE id = ?`,
  )
  // They stay its lines: a desktop that was only slow shows it all the same, and a click on it has to find them.
  const quietAfterAll = db.prepare<[{ id: number }]>(`
    UPDATE notification_log SET said = 'not-shown'
    WHERE notification = @id AND id > (SELECT told_until FROM notifications WHERE id = @id)`)
  const backToShown = db.prepare<[number]>("UPDATE notifications SET state = iif(told_until > 0, 'shown', 'not-shown') WHERE id = ?")
  const interrupt = db.prepare("UPDATE notifications SET state = 'interrupted' WHERE state = 'telling'")
  const dropUnfounded = db.prepare('DELETE FROM outbox WHERE sequence NOT IN (SELECT sequence FROM transitions)')
  const ofNative = db
    .prepare<[number, string | null], number>('SELECT id FROM notifications WHERE native_id = ? AND service IS ? ORDER BY id DESC LIMIT 1')
    .pluck()
  const move = db.prepare<[{ id: number; nativeId: number; service: string }]>(`
    UPDATE notifications SET native_id = @nativeId, service = @service
    WHERE id = @id AND (native_id IS NOT @nativeId OR service IS NOT @service)`)
  const earlier = db
    .prepare<[number, number, string], number>(
      `SELECT native_id FROM (SELECT native_id, service FROM notifications WHERE id <= ? ORDER BY id DESC LIMIT ?)
      WHERE native_id IS NOT NULL AND service IS ?`,
    )
    .pluck()
  const lastOfBefore = db.prepare<[], number>('SELECT ifnull(max(id), 0) FROM notifications').pluck().get() ?? 0
  const keys = db.prepare<[number, number], { organization_id: string; id: string }>(`
    SELECT organization_id, detections.id AS id
    FROM (SELECT detection, max(id) AS newest FROM notification_log WHERE notification = ? GROUP BY detection ORDER BY newest DESC LIMIT ?)
      JOIN detections ON detections.row = detection ORDER BY newest DESC`)
  const newestOf = (said: string) =>
    `SELECT * FROM (SELECT detection, at FROM notification_log INDEXED BY notification_log_by_said
      WHERE said = '${said}' ORDER BY id DESC LIMIT ${mostLines})`
  const postures = db.prepare<[number, number, number], { type: string; at: number }>(`
    SELECT type, max(lines.at) AS at
    FROM (${toldWords.map(newestOf).join(' UNION ALL ')}) AS lines JOIN detections ON detections.row = detection
    WHERE lines.at BETWEEN ? AND ? AND kind = 'posture' GROUP BY type LIMIT ?`)

  const quietAll = db.transaction((lines: readonly QuietLine[]): void => {
    for (const line of lines) write(line, line.because, null)
    trim.after(lines.length)
  })
  const sendAhead = db.transaction((sends: readonly Ahead[]): void => {
    for (const { hook, sequence, at } of sends) if (isIn.get(sequence) !== undefined) enqueueHook(hook, sequence, at)
  })
  const tellAll = db.transaction(({ id, at, urgency, lines }: Intent): NotificationId => {
    const own = id ?? (Number(begin.run(at, urgency).lastInsertRowid) as NotificationId)
    if (id !== null) goOn.run({ id, at, urgency })
    for (const line of lines) write(line, line.urgency, own)
    trim.after(lines.length)
    return own
  })
  const notShown = db.transaction((id: NotificationId): void => {
    quietAfterAll.run({ id })
    backToShown.run(id)
  })

  return {
    undecided(after, limit) {
      const rows = undecided.all(after ?? 0, limit)
      const read = rows.map((row) => ({ sequence: row.sequence as Sequence, change: readable(row) }))
      return {
        changes: read.flatMap(({ change }) => change ?? []),
        unreadable: read.flatMap(({ sequence, change }) => (change === null ? [sequence] : [])),
        next: rows.length === limit ? (read.at(-1)?.sequence ?? null) : null,
      }
    },
    quiet: (lines) => void (lines.length > 0 && quietAll.immediate(lines)),
    ahead: (sends) => sendAhead.immediate(sends),
    telling: (intent) => tellAll.immediate(intent),
    shown: (id, nativeId, service) => void nowShown.run(nativeId, service, id),
    notShown: (id) => notShown.immediate(id),
    interrupted() {
      dropUnfounded.run()
      return interrupt.run().changes
    },
    byNative: (nativeId, service) => (ofNative.get(nativeId, service) ?? null) as NotificationId | null,
    moved: (id, nativeId, service) => void move.run({ id, nativeId, service }),
    earlierNumbers: (service) => earlier.all(lastOfBefore, mostEarlier, service),
    keysOf: (id) => keys.all(id, mostKeys).map((row) => ({ organizationId: row.organization_id, id: row.id }) as DetectionKey),
    postureToldSince: (at, now) => postures.all(at, now, mostTypes),
    lowerMs: (sequence) => (rises.wasToldUrgent(sequence) ? rises.lowerMs(sequence) : null),
  }

  function write(line: Decided, said: string, notification: NotificationId | null): void {
    const isLeaving = leave.run(line.sequence).changes === 1
    if (!isLeaving && said !== 'imported') return
    insert.run(line.at, said, notification, line.rule, line.sequence)
    if (line.hook !== null) enqueueHook(line.hook, line.sequence, line.at)
  }
}

/** null where what is kept of it is no JSON, or no time. */
export function readable(row: ChangeRow): Change | null {
  try {
    return toChange(row)
  } catch {
    return null
  }
}

/** The detection is as it is now, but for what this change is about: its status, and who vouches for it. */
export function toChange(row: ChangeRow): Change {
  const transition: Transition = {
    sequence: row.sequence as Sequence,
    at: toInstant(row.issued_at),
    receivedAt: toInstant(row.came_at),
    from: row.from_status,
    to: row.to_status,
    changes: JSON.parse(row.changes) as Transition['changes'],
    ...(row.came_trust === 'unsigned' ? { isUnsigned: true } : {}),
  }
  const detection = { ...fromRow(row), status: row.to_status, trust: row.came_trust as Trust }
  return { detection, transition, ...(row.is_backlog === 1 ? { isBacklog: true } : {}) }
}
