import Sqlite from 'better-sqlite3'
import type { Database } from './database.ts'
import { migrations } from './migrations/index.ts'
import { sampleSearch, type SearchSample } from './search-sample.ts'

/** What a look at a history of any schema can tell; null where its schema does not know of it yet. */
export type HistoryFacts = {
  readonly sqlite: string
  readonly version: number
  readonly usedBytes: number
  readonly freeBytes: number
  readonly detections: number | null
  readonly kept: number | null
  readonly tombstones: { readonly crowdedOut: number; readonly discarded: number; readonly retention: number | null } | null
  readonly quarantine: { readonly waiting: number; readonly refused: number } | null
  /** Deliveries that the index of words has still to read. */
  readonly textBehind: number | null
  /** null also where detections cannot be read. */
  readonly searchSample: SearchSample | null
  readonly openGaps: readonly { readonly inlet: string; readonly fromAt: number; readonly because: string }[] | null
  readonly organizations: readonly {
    readonly id: string
    readonly name: string
    readonly currentKeys: number
    readonly retiredKeys: number
    readonly newestConfirmedAt: number | null
  }[]
  readonly secrets: { readonly sealed: number; readonly references: number }
  /** Of the newest detections, at most 500: those that are counted in no bucket of their minute. */
  readonly uncounted: number | null
}

export type FactsRead = { readonly kind: 'read'; readonly facts: HistoryFacts } | { readonly kind: 'unreadable'; readonly detail: string }

export function readFacts(file: string): FactsRead {
  let db: Database | null = null
  try {
    db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 2000 })
    const opened = db
    const facts = db.transaction(() => read(opened))()
    return { kind: 'read', facts: { ...facts, searchSample: facts.version === migrations.length ? sampleOf(opened) : null } }
  } catch (error) {
    return { kind: 'unreadable', detail: (error as Error).message }
  } finally {
    db?.close()
  }
}

function read(db: Database): Omit<HistoryFacts, 'searchSample'> {
  const pragma = (name: string): number => Number(db.pragma(name, { simple: true }))
  const has = (table: string): boolean => db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined
  const one = (sql: string): number => Number(db.prepare(sql).pluck().get() ?? 0)
  const tally = (name: string): number | null =>
    (db.prepare('SELECT count FROM tally WHERE name = ?').pluck().get(name) as number | undefined) ?? null
  const pageSize = pragma('page_size')
  const free = pragma('freelist_count')
  return {
    sqlite: String(db.prepare('SELECT sqlite_version()').pluck().get()),
    version: pragma('user_version'),
    usedBytes: (pragma('page_count') - free) * pageSize,
    freeBytes: free * pageSize,
    detections: tally('detections'),
    kept: has('kept_detections') ? one('SELECT count(*) FROM kept_detections') : null,
    tombstones: { crowdedOut: tally('crowded-out') ?? 0, discarded: tally('discarded') ?? 0, retention: tally('retention') },
    quarantine: {
      waiting: one("SELECT count(*) FROM deliveries WHERE state = 'waiting'"),
      refused: one("SELECT count(*) FROM deliveries WHERE state = 'refused'"),
    },
    textBehind: has('text_watermark')
      ? one(
          'SELECT (SELECT count(*) FROM transitions WHERE sequence > (SELECT sequence FROM text_watermark)) + (SELECT count(*) FROM text_behind)',
        )
      : null,
    openGaps: has('gaps')
      ? (db
          .prepare('SELECT inlet, from_at AS fromAt, because FROM gaps WHERE to_at IS NULL ORDER BY from_at LIMIT 20')
          .all() as HistoryFacts['openGaps'])
      : null,
    organizations: db
      .prepare(
        `SELECT id, name, (SELECT count(*) FROM keys WHERE organization_id = organizations.id AND retired_at IS NULL) AS currentKeys,
          (SELECT count(*) FROM keys WHERE organization_id = organizations.id AND retired_at IS NOT NULL) AS retiredKeys,
          (SELECT max(confirmed_at) FROM keys WHERE organization_id = organizations.id AND retired_at IS NULL) AS newestConfirmedAt
        FROM organizations ORDER BY added_at, id LIMIT 200`,
      )
      .all() as HistoryFacts['organizations'],
    secrets: {
      sealed: one('SELECT count(*) FROM secrets WHERE ciphertext IS NOT NULL'),
      references: one('SELECT count(*) FROM secrets WHERE reference IS NOT NULL'),
    },
    uncounted: has('change_rollups') ? one(uncountedSql) : null,
  }
}

/** null where the detections themselves cannot be read: the structure, which is looked at first, says more of that. */
function sampleOf(db: Database): SearchSample | null {
  try {
    // By itself: SQLite ends no transaction in which an index failed it.
    return db.transaction(() => sampleSearch(db))()
  } catch {
    return null
  }
}

/** The newest detections by the minute of their change, against what is counted of those minutes. */
const uncountedSql = `
  WITH sample AS (SELECT changed_at FROM detections ORDER BY changed_at DESC LIMIT 500),
    minutes AS (SELECT (changed_at - (changed_at % 60000 + 60000) % 60000) / 60000 AS bucket, count(*) AS found FROM sample GROUP BY 1)
  SELECT ifnull(sum(max(0, found - ifnull((SELECT count FROM change_rollups WHERE level = 0 AND change_rollups.bucket = minutes.bucket), 0))), 0)
  FROM minutes`
