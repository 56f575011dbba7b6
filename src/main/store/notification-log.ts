import type { DetectionKey, Kind, OrganizationId, Trust } from '../../shared/detection.ts'
import {
  silences,
  type InboxFilter,
  type InboxLine,
  type InboxPage,
  type NotificationId,
  type Said,
  type SaidOf,
} from '../../shared/inbox.ts'
import type { Silence } from '../../shared/inbox.ts'
import type { Requests } from '../../shared/ipc.ts'
import type { Database } from './database.ts'
import { toldWords } from './log-trim.ts'
import { toInstant } from './time.ts'

/** What was told and what was kept quiet, and why. */
export type NotificationLog = {
  /** Newest first, strictly before this id; where a notification is named, of what that told. */
  page(wanted: Requests['inbox:page']['argument']): InboxPage
  /** Of the changes of one detection, newest first. */
  of(detection: number): readonly SaidOf[]
}

const longestPage = 200
const mostOfDetection = 20

type SaidRow = {
  readonly at: number
  readonly said: string
  readonly notification: number | null
  readonly is_certain: number
  readonly rule: string | null
}
type LineRow = SaidRow & {
  readonly id: number
  readonly organization_id: string
  readonly detection_id: string
  readonly kind: string
  readonly type: string
  readonly entity_type: string | null
  readonly entity_id: string | null
  readonly confidence: number | null
  readonly trust: string
  readonly status: string
  readonly is_unread: number
}

const wordsOf: Readonly<Record<InboxFilter, readonly string[]>> = {
  all: [...toldWords, ...silences],
  told: toldWords,
  quiet: silences,
}
/** Of a line that no notification told, nothing was uncertain. */
const isCertain = 'ifnull(lines.id <= (SELECT told_until FROM notifications WHERE notifications.id = notification), 1) AS is_certain'

export function createNotificationLog(db: Database): NotificationLog {
  const pages = { all: preparePage('all'), told: preparePage('told'), quiet: preparePage('quiet') }
  const ofNotification = prepare(
    `SELECT * FROM notification_log WHERE notification = @notification AND id < @before
       AND (@filter = 'all' OR (said IN (${toldWords.map((word) => `'${word}'`).join(', ')})) = (@filter = 'told')) ORDER BY id DESC LIMIT @limit`,
  )
  const ofDetection = db.prepare<[number, number], SaidRow>(
    `SELECT at, said, notification, ${isCertain}, rule FROM notification_log AS lines WHERE detection = ? ORDER BY lines.id DESC LIMIT ?`,
  )

  return {
    page({ filter, notification, before, limit }) {
      const size = Math.max(1, Math.min(longestPage, Math.trunc(limit)))
      const asked = { before: before ?? Number.MAX_SAFE_INTEGER, limit: size + 1 }
      const rows = notification === null ? pages[filter].all(asked) : ofNotification.all({ ...asked, notification, filter })
      const shown = rows.slice(0, size)
      return { lines: shown.map(toLine), next: rows.length > size ? (shown.at(-1)?.id ?? null) : null }
    },

    of: (detection) => ofDetection.all(detection, mostOfDetection).map(toSaidOf),
  }

  /** The newest of each word by its index, and the newest of those. */
  function preparePage(filter: InboxFilter) {
    const newestOf = (said: string): string =>
      `SELECT * FROM (SELECT * FROM notification_log INDEXED BY notification_log_by_said
        WHERE said = '${said}' AND id < @before ORDER BY id DESC LIMIT @limit)`
    return prepare(`SELECT * FROM (${wordsOf[filter].map(newestOf).join(' UNION ALL ')}) ORDER BY id DESC LIMIT @limit`)
  }

  /** The status is that of the change, the rest is as it is now. */
  function prepare(lines: string) {
    return db.prepare<[{ before: number; limit: number; notification?: number; filter?: InboxFilter }], LineRow>(`
      SELECT lines.id, lines.at, said, notification, ${isCertain}, rule, organization_id, detections.id AS detection_id, kind, type, entity_type,
        entity_id, confidence, detections.trust AS trust, coalesce(to_status, status) AS status,
        opened_at IS NULL AND triage_state = 'new' AS is_unread
      FROM (${lines}) AS lines
        JOIN detections ON detections.row = lines.detection LEFT JOIN transitions ON transitions.sequence = lines.sequence
      ORDER BY lines.id DESC`)
  }
}

function toSaid({ said, notification, is_certain }: SaidRow): Said {
  const urgency = toldWords.find((one) => one === said)
  if (urgency === undefined) return { kind: 'quiet', because: said as Silence }
  return { kind: 'told', urgency, notification: notification as NotificationId | null, isCertain: is_certain === 1 }
}

function toSaidOf(row: SaidRow): SaidOf {
  return { at: toInstant(row.at), said: toSaid(row), rule: row.rule }
}

function toLine(row: LineRow): InboxLine {
  return {
    id: row.id,
    ...toSaidOf(row),
    key: { organizationId: row.organization_id as OrganizationId, id: row.detection_id as DetectionKey['id'] },
    kindOfDetection: row.kind as Kind,
    type: row.type,
    entityType: row.entity_type,
    entityId: row.entity_id,
    confidence: row.confidence,
    trust: row.trust as Trust,
    status: row.status,
    isUnread: row.is_unread === 1,
  }
}
