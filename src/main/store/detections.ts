import type { Detection, DetectionKey, FieldChange, Instant, Sequence, Transition, Trust } from '../../shared/detection.ts'
import type { PageAnswer } from '../../shared/ipc.ts'
import type { Database } from './database.ts'
import { fromRow } from './detection-row.ts'
import type { DetectionRow } from './detection-row.ts'
import { createPages, type PageQuery } from './pages.ts'
import type { TextIndex } from './text-index.ts'
import { toInstant, toInstantOrNull } from './time.ts'

/** A delivery behind a detection, undecoded. `body` is null where retention has removed it. */
export type RawDelivery = {
  readonly sequence: Sequence
  readonly inlet: string
  readonly receivedAt: Instant
  readonly trust: Trust
  readonly keyId: string | null
  readonly issuedAt: Instant | null
  readonly expiresAt: Instant | null
  readonly size: number
  /** Its `jti` came before, with another signing input. */
  readonly isJtiReused: boolean
  readonly body: Uint8Array | null
}

export type Detections = {
  /** Newest first, at most 500. */
  page(query: PageQuery): PageAnswer
  get(key: DetectionKey): Detection | null
  /** With its newest transitions in the order they happened, at most 500. Marks nothing as read. */
  detail(key: DetectionKey): { readonly detection: Detection; readonly transitions: readonly Transition[] } | null
  /** Newest by arrival first, at most 100. */
  deliveriesOf(key: DetectionKey): readonly RawDelivery[]
  /** Answers the detection as it is from now on; null where there is none. */
  markRead(key: DetectionKey): Detection | null
  /** Those that changed last, the newest first; few. */
  newest(most: number): readonly Detection[]
  total(): number
  /** Never opened and still `new`, counted up to 10,000: beyond that it is only many. */
  unread(): number
}

const mostUnread = 10_000
const mostTransitions = 500
const mostDeliveries = 100

type TransitionRow = {
  readonly sequence: number
  readonly issued_at: number
  readonly received_at: number
  readonly trust: string
  readonly from_status: string | null
  readonly to_status: string
  readonly changes: string
}
type RawRow = {
  readonly sequence: number
  readonly inlet: string
  readonly received_at: number
  readonly trust: string
  readonly kid: string | null
  readonly issued_at: number | null
  readonly expires_at: number | null
  readonly size: number
  readonly is_jti_reused: number
  readonly body: Uint8Array | null
}

export function createDetections(
  db: Database,
  parts: { readonly textIndex: TextIndex; readonly now: () => number; readonly clock?: () => number },
): Detections {
  const { now } = parts
  const byKey = db.prepare<[string, string], DetectionRow>('SELECT * FROM detections WHERE organization_id = ? AND id = ?')
  const newestTransitions = db.prepare<[number, number], TransitionRow>(`
    SELECT sequence, transitions.issued_at, received_at, trust, from_status, to_status, changes
    FROM transitions JOIN deliveries USING (sequence)
    WHERE detection = ? ORDER BY transitions.issued_at DESC, sequence DESC LIMIT ?`)
  // Sorted by the sequences alone first: sorting whole rows would carry every body along.
  const newestDeliveries = db.prepare<[number, number], RawRow>(`
    SELECT sequence, inlet, received_at, trust, kid, issued_at, expires_at, size, is_jti_reused, body FROM deliveries
    WHERE sequence IN (SELECT sequence FROM transitions WHERE detection = ? ORDER BY sequence DESC LIMIT ?)
    ORDER BY sequence DESC`)
  const open = db.prepare<[number, string, string], DetectionRow>(
    'UPDATE detections SET opened_at = coalesce(opened_at, ?) WHERE organization_id = ? AND id = ? RETURNING *',
  )
  // Up to the last moment there is, so that it is a search of the index as every other.
  const changedLast = db.prepare<[number], DetectionRow>(
    'SELECT * FROM detections INDEXED BY detections_by_change WHERE changed_at <= 8640000000000000 ORDER BY changed_at DESC, row DESC LIMIT ?',
  )
  const countAll = db.prepare<[], number>("SELECT count FROM tally WHERE name = 'detections'").pluck()
  const countUnread = db
    .prepare<[number], number>("SELECT count(*) FROM (SELECT 1 FROM detections WHERE opened_at IS NULL AND triage_state = 'new' LIMIT ?)")
    .pluck()
  const total = () => countAll.get() ?? 0

  return {
    page: createPages(db, { ...parts, total }),

    get(key) {
      const row = byKey.get(key.organizationId, key.id)
      return row === undefined ? null : fromRow(row)
    },

    detail(key) {
      const row = byKey.get(key.organizationId, key.id)
      if (row === undefined) return null
      return { detection: fromRow(row), transitions: newestTransitions.all(row.row, mostTransitions).map(toTransition).reverse() }
    },

    deliveriesOf(key) {
      const row = byKey.get(key.organizationId, key.id)
      return row === undefined ? [] : newestDeliveries.all(row.row, mostDeliveries).map(toRawDelivery)
    },

    markRead(key) {
      const row = open.get(now(), key.organizationId, key.id)
      return row === undefined ? null : fromRow(row)
    },

    newest: (most) => changedLast.all(most).map(fromRow),
    total,
    unread: () => countUnread.get(mostUnread) ?? 0,
  }
}

function toTransition(row: TransitionRow): Transition {
  return {
    sequence: row.sequence as Sequence,
    at: toInstant(row.issued_at),
    receivedAt: toInstant(row.received_at),
    from: row.from_status,
    to: row.to_status,
    changes: JSON.parse(row.changes) as readonly FieldChange[],
    ...(row.trust === 'unsigned' ? { isUnsigned: true } : {}),
  }
}

function toRawDelivery(row: RawRow): RawDelivery {
  return {
    sequence: row.sequence as Sequence,
    inlet: row.inlet,
    receivedAt: toInstant(row.received_at),
    trust: row.trust as Trust,
    keyId: row.kid,
    issuedAt: toInstantOrNull(row.issued_at),
    expiresAt: toInstantOrNull(row.expires_at),
    size: row.size,
    isJtiReused: row.is_jti_reused === 1,
    body: row.body,
  }
}
