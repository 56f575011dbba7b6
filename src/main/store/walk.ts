import { statSync } from 'node:fs'
import type { Detection, DetectionKey, Instant, Sequence, Trust } from '../../shared/detection.ts'
import type { PageKey } from '../../shared/ipc.ts'
import { mostNotes, type AsOf, type TriageChange } from '../../shared/triage.ts'
import { matching } from '../query/matches.ts'
import { needsWords, toSql } from '../query/to-sql.ts'
import type { Query } from '../query/query.ts'
import { openDatabase } from './database.ts'
import type { Database, NotOpened } from './database.ts'
import { fromRow } from './detection-row.ts'
import type { DetectionRow } from './detection-row.ts'
import { createLateChanges } from './late-changes.ts'
import { createSearchReader, type SearchReader } from './search-reader.ts'
import { toInstant, toMillis } from './time.ts'

/** The history as it is at one moment, whatever is received meanwhile. While it is open the write-ahead log cannot start over. */
export type Snapshot = {
  /** All detections in it. */
  readonly total: number
  readonly readSearch: SearchReader
  /** Answers the stretches of a walk over what a query finds, newest first; each answer is bounded in time and room. */
  walk(query: Query): (after: PageKey | null) => Stretch
  /** Those of these that are in it, in the same order. Few at a time. */
  named(keys: readonly DetectionKey[]): Stretch['found']
  /** Deliveries of a detection above `after`, ascending, at most `limit`. */
  deliveriesOf(place: PageKey, after: Sequence | null, limit: number): readonly WalkedDelivery[]
  /** What the user made of it beyond what it says itself; null where that is nothing. */
  ownOf(detection: Detection, place: PageKey): Own | null
  /** The one that the present of a detection comes from. */
  newestDelivery(place: PageKey): WalkedDelivery | null
  /** Whether a delivery changed it that is not known at `asOf`. */
  isSince(found: Stretch['found'][number], asOf: AsOf): boolean
  /** Bytes of the write-ahead log now beyond those at the beginning. */
  logGrowth(): number
  close(): void
}

export type Stretch = {
  readonly found: readonly { readonly detection: Detection; readonly place: PageKey }[]
  /** Detections that were looked at for it. */
  readonly looked: number
  /** Where the next one begins; null at the end. */
  readonly next: PageKey | null
}

/** A believed delivery. Headers and body are null where retention has removed them. */
export type WalkedDelivery = {
  readonly sequence: Sequence
  readonly inlet: string
  readonly receivedAt: Instant
  readonly trust: Trust
  readonly headers: Readonly<Record<string, string>> | null
  readonly body: Uint8Array | null
}

/** Notes from the first one on. */
export type Own = {
  readonly verdictReason: string | null
  readonly isKept: boolean
  readonly notes: readonly { readonly at: Instant; readonly text: string }[]
}

export type OpenedSnapshot = { readonly kind: 'opened'; readonly snapshot: Snapshot } | NotOpened

/** Others have their turn after each stretch: as many rows as fit into these ms by what the last ones took, so many at first and at most. */
const stretchMs = 8
const firstRows = 16
const mostRows = 250

type PlaceRow = { readonly changed_at: number; readonly row: number }
type WalkedRow = {
  readonly sequence: number
  readonly inlet: string
  readonly received_at: number
  readonly trust: string
  readonly headers: string | null
  readonly body: Uint8Array | null
}

const deliveryColumns = 'sequence, inlet, received_at, trust, headers, body'

/** Opens a connection of its own on the history, which reads and never writes. `clock` is in ms from any start. */
export function openSnapshot(file: string, now: () => number, clock: () => number = () => performance.now()): OpenedSnapshot {
  const opened = openDatabase(file, { readOnly: true })
  if (opened.kind !== 'opened') return opened
  try {
    return { kind: 'opened', snapshot: createSnapshot(opened.db, { file, now, clock }) }
  } catch (error) {
    opened.db.close()
    throw error
  }
}

type SnapshotParts = { readonly file: string; readonly now: () => number; readonly clock: () => number }

function createSnapshot(db: Database, { file, now, clock }: SnapshotParts): Snapshot {
  // It goes by everything once: what it has passed is of no use to it.
  db.pragma('cache_size = -2048')
  // The first read fixes the moment; everything after it is of the same.
  db.exec('BEGIN')
  const total = db.prepare<[], number>("SELECT count FROM tally WHERE name = 'detections'").pluck().get() ?? 0
  const logAtStart = sizeOfLog(file)
  const lateChanges = createLateChanges(db)
  const places = db.prepare<[number, number, number], PlaceRow>(
    'SELECT changed_at, row FROM detections INDEXED BY detections_by_change WHERE (changed_at, row) < (?, ?) ORDER BY changed_at DESC, row DESC LIMIT ?',
  )
  const all = db.prepare<[number, number, number], DetectionRow>(
    'SELECT * FROM detections INDEXED BY detections_by_change WHERE (changed_at, row) < (?, ?) ORDER BY changed_at DESC, row DESC LIMIT ?',
  )
  const byName = db.prepare<[string, string], DetectionRow>('SELECT * FROM detections WHERE organization_id = ? AND id = ?')
  // Sorted by the sequences alone first: sorting whole rows would carry every body along.
  const deliveries = db.prepare<[number, number, number], WalkedRow>(`
    SELECT ${deliveryColumns} FROM deliveries
    WHERE sequence IN (SELECT sequence FROM transitions WHERE detection = ? AND sequence > ? ORDER BY sequence LIMIT ?) ORDER BY sequence`)
  const newest = db.prepare<[number], WalkedRow>(
    `SELECT ${deliveryColumns} FROM deliveries WHERE sequence = (SELECT newest_sequence FROM detections WHERE row = ?)`,
  )
  const reasonOf = db.prepare<[number], string | null>('SELECT verdict_reason FROM detections WHERE row = ?').pluck()
  const notesOf = db.prepare<[number, number], { at: number; change: string }>(
    'SELECT at, change FROM notes JOIN triage_acts ON id = act WHERE detection = ? ORDER BY act LIMIT ?',
  )
  const isMarked = db.prepare<[number], number>('SELECT 1 FROM kept_detections WHERE detection = ?').pluck()
  const areSomeMarked = db.prepare('SELECT 1 FROM kept_detections LIMIT 1').get() !== undefined

  return {
    total,
    readSearch: createSearchReader(db, now),
    walk(query) {
      const condition = toSql(withoutWords(query))
      const fitting = db.prepare<(string | number)[], DetectionRow>(`
        SELECT * FROM detections INDEXED BY detections_by_change
        WHERE (changed_at, row) < (?, ?) AND changed_at >= ? AND (changed_at, row) >= (?, ?) AND ${condition.sql}
        ORDER BY changed_at DESC, row DESC`)
      const isEverything = condition.sql === 'TRUE'
      const isLeft = needsWords(query) ? matching(query) : () => true
      let size = firstRows

      return (after) => {
        const startedAt = clock()
        const start = after === null ? beyondAll : ([toMillis(after.changedAt), after.row] as const)
        const everything = isEverything ? all.all(...start, size) : null
        const looked = everything ?? places.all(...start, size)
        const last = looked.at(-1)
        if (last === undefined) return { found: [], looked: 0, next: null }
        const rows = everything ?? fitting.all(...start, last.changed_at, last.changed_at, last.row, ...condition.values)
        const found: Stretch['found'][number][] = []
        for (const [index, row] of rows.entries()) {
          const one = toFound(row)
          if (isLeft(one.detection)) found.push(one)
          if (index === rows.length - 1 || clock() - startedAt < stretchMs) continue
          // What was looked at for the rest is looked at again by the next one.
          size = sizeAfter(index + 1, clock() - startedAt)
          return { found, looked: looked.findIndex(({ row: place }) => place === row.row) + 1, next: placeOf(row) }
        }
        const isEnd = looked.length < size
        size = sizeAfter(looked.length, clock() - startedAt)
        return { found, looked: looked.length, next: isEnd ? null : placeOf(last) }
      }
    },
    named: (keys) =>
      keys.flatMap(({ organizationId, id }) => {
        const row = byName.get(organizationId, id)
        return row === undefined ? [] : [toFound(row)]
      }),
    deliveriesOf: ({ row }, after, limit) => deliveries.all(row, after ?? 0, limit).map(toWalked),
    ownOf({ triage }, { row }) {
      // Asked of every one that leaves: nearly all have nothing of it, and say so.
      const isKept = areSomeMarked && isMarked.get(row) !== undefined
      const verdictReason = triage.verdict === null ? null : (reasonOf.get(row) ?? null)
      if (!isKept && verdictReason === null && triage.noteCount === 0) return null
      const notes = triage.noteCount === 0 ? [] : notesOf.all(row, mostNotes)
      return {
        verdictReason,
        isKept,
        notes: notes.map(({ at, change }) => ({ at: toInstant(at), text: noteIn(change) })).filter(({ text }) => text !== ''),
      }
    },
    newestDelivery({ row }) {
      const found = newest.get(row)
      return found === undefined ? null : toWalked(found)
    },
    isSince: ({ detection, place }, asOf) => lateChanges.isSince({ row: place.row, newest_sequence: detection.sequence }, asOf),
    logGrowth: () => sizeOfLog(file) - logAtStart,
    close: () => void db.close(),
  }
}

/** Never more than twice as many as the last time, whose rows may have been easy ones. */
function sizeAfter(rows: number, tookMs: number): number {
  return Math.max(1, Math.min(mostRows, rows * 2, Math.floor((rows * stretchMs) / Math.max(tookMs, 0.01))))
}

const beyondAll = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] as const

/**
 * What an index of the columns can say of a query. Words are looked for in what it leaves: their own index follows what is received
 * at a distance, and nothing that was acknowledged may be missing from what leaves the history.
 */
function withoutWords(query: Query): Query {
  if (!needsWords(query)) return query
  return { kind: 'all', of: query.kind === 'all' ? query.of.map(withoutWords) : [] }
}

function toFound(row: DetectionRow): Stretch['found'][number] {
  const detection = fromRow(row)
  return { detection, place: { changedAt: detection.changedAt, row: row.row } }
}

function placeOf({ changed_at, row }: PlaceRow): PageKey {
  return { changedAt: toInstant(changed_at), row }
}

function toWalked(row: WalkedRow): WalkedDelivery {
  return {
    sequence: row.sequence as Sequence,
    inlet: row.inlet,
    receivedAt: toInstant(row.received_at),
    trust: row.trust as Trust,
    headers: row.headers === null ? null : (JSON.parse(row.headers) as Readonly<Record<string, string>>),
    body: row.body,
  }
}

function noteIn(change: string): string {
  return (JSON.parse(change) as TriageChange).note ?? ''
}

/** Bytes of the write-ahead log. */
export function sizeOfLog(file: string): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
}
