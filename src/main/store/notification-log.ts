import type { DetectionKey, Kind, OrganizationId, Sequence, Trust } from '../../shared/detection.ts'
import { silences, type InboxFilter, type InboxLine, type InboxPage, type Said, type Silence } from '../../shared/inbox.ts'
import type { Database } from './database.ts'
import { toInstant } from './time.ts'

/** What was decided about one change, named by the delivery that brought it. At most one line for each, and never for a change that is gone. */
export type Decided = { readonly sequence: Sequence; readonly at: number; readonly said: Said }

/** What was told and what was kept quiet, and why. */
export type NotificationLog = {
  /** In one commit. */
  add(decided: readonly Decided[]): void
  /** Newest first, strictly before this id. */
  page(wanted: { readonly filter: InboxFilter; readonly before: number | null; readonly limit: number }): InboxPage
  /** Of the newest change that anything was decided about. */
  newestOf(detection: number): { readonly at: number; readonly said: Said } | null
}

/**
 * Lines of each urgency and each silence: an import of a million says why it was quiet, and crowds nothing out but its like. With what goes
 * with its detection, the log stays a small part of any history.
 */
export const mostLines = 20_000
/** Lines between two looks at what is too much. */
const trimEvery = 1_000
const longestPage = 200

type LineRow = {
  readonly id: number
  readonly at: number
  readonly said: string
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

const told = ['normal', 'urgent'] as const
const wordsOf: Readonly<Record<InboxFilter, readonly string[]>> = { all: [...told, ...silences], told, quiet: silences }

export function createNotificationLog(db: Database, most = mostLines): NotificationLog {
  const insert = db.prepare<[number, string, number]>(
    'INSERT INTO notification_log (sequence, detection, at, said) SELECT sequence, detection, ?, ? FROM transitions WHERE sequence = ?',
  )
  const trim = db.prepare<[{ said: string; most: number }]>(`
    DELETE FROM notification_log WHERE said = @said AND id <= (
      SELECT id FROM notification_log WHERE said = @said ORDER BY id DESC LIMIT 1 OFFSET @most)`)
  const pages = { all: preparePage('all'), told: preparePage('told'), quiet: preparePage('quiet') }
  const newest = db.prepare<[number], { at: number; said: string }>(
    'SELECT at, said FROM notification_log WHERE detection = ? ORDER BY id DESC LIMIT 1',
  )
  let untrimmed = trimEvery

  const addAll = db.transaction((decided: readonly Decided[]): void => {
    for (const { sequence, at, said } of decided) insert.run(at, wordOf(said), sequence)
    untrimmed += decided.length
    if (untrimmed < trimEvery) return
    untrimmed = 0
    for (const said of wordsOf.all) trim.run({ said, most })
  })

  return {
    add: (decided) => void (decided.length > 0 && addAll.immediate(decided)),

    page({ filter, before, limit }) {
      const size = Math.max(1, Math.min(longestPage, Math.trunc(limit)))
      const rows = pages[filter].all({ before: before ?? Number.MAX_SAFE_INTEGER, limit: size + 1 })
      const shown = rows.slice(0, size)
      return { lines: shown.map(toLine), next: rows.length > size ? (shown.at(-1)?.id ?? null) : null }
    },

    newestOf(detection) {
      const row = newest.get(detection)
      return row === undefined ? null : { at: row.at, said: saidOf(row.said) }
    },
  }

  /** The newest of each word by its index, and the newest of those. The status is that of the change, the rest is as it is now. */
  function preparePage(filter: InboxFilter) {
    const newestOf = (said: string): string =>
      `SELECT * FROM (SELECT id, sequence, detection, at, said FROM notification_log INDEXED BY notification_log_by_said
        WHERE said = '${said}' AND id < @before ORDER BY id DESC LIMIT @limit)`
    return db.prepare<[{ before: number; limit: number }], LineRow>(`
      SELECT lines.id, lines.at, said, organization_id, detections.id AS detection_id, kind, type, entity_type, entity_id, confidence,
        detections.trust AS trust, coalesce(to_status, status) AS status, opened_at IS NULL AND triage_state = 'new' AS is_unread
      FROM (SELECT * FROM (${wordsOf[filter].map(newestOf).join(' UNION ALL ')}) ORDER BY id DESC LIMIT @limit) AS lines
        JOIN detections ON detections.row = lines.detection LEFT JOIN transitions ON transitions.sequence = lines.sequence
      ORDER BY lines.id DESC`)
  }
}

/** The word that a decision is kept as. */
function wordOf(said: Said): string {
  return said.kind === 'told' ? said.urgency : said.because
}

export function saidOf(word: string): Said {
  const urgency = told.find((one) => one === word)
  return urgency === undefined ? { kind: 'quiet', because: word as Silence } : { kind: 'told', urgency }
}

function toLine(row: LineRow): InboxLine {
  return {
    id: row.id,
    at: toInstant(row.at),
    said: saidOf(row.said),
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
