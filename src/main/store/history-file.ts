import Sqlite from 'better-sqlite3'
import { applicationId } from './database.ts'
import type { Database } from './database.ts'
import { fromChainRow } from './chain-row.ts'
import type { ChainRow } from './chain-row.ts'
import { genesis, walkChain } from './chain.ts'
import type { ChainLink } from './chain.ts'
import type { MarkedLink } from './proof.ts'
import { indexesFoundDamaged } from './search-damage.ts'
import { nearestInstant } from './time.ts'

/** Which history a file holds, and how far it goes. */
export type HistoryHead = {
  readonly databaseId: string
  readonly version: number
  readonly sequence: number
  /** Hex. */
  readonly chainHash: string
  /** When the newest delivery came; null where there is none. */
  readonly at: string | null
}

/** A history as a file to be judged: of any schema, read only, and not trusted to be whole. */
export type HistoryFile = {
  head(): HistoryHead
  readonly chain: { head(): ChainLink; genesis(): ChainLink }
  readonly proof: { databaseId(): string; linkAt(sequence: number): MarkedLink | null }
  /** Its tables, for `quickCheck`. */
  tables(): readonly string[]
  /** Its indexes of words and of parts of fields, for the same: to SQLite they are tables beside tables, and of those it sees pages only. */
  textIndexes(): readonly string[]
  /** What is wrong with the structure of a table and its indexes, at most 100 findings. Takes as long as reading them takes. */
  quickCheck(table: string): readonly string[]
  /** What is wrong with the structure of the whole file, or where its chain breaks: that finds a changed byte which no structure shows. */
  fullCheck(): readonly string[]
  /** From now on everything is answered as of this moment; the log of a history that is written to cannot start over meanwhile. */
  freeze(): HistoryHead
  /** Step by step, each of as many pages as `step` says; best of a frozen one, since it starts over whenever the history was written to. */
  copyTo(file: string, step: (progress: Progress) => number): Promise<{ readonly totalPages: number; readonly pageSize: number }>
  close(): void
}

type Progress = { readonly totalPages: number; readonly remainingPages: number }

export type OpenedHistoryFile =
  { readonly kind: 'opened'; readonly history: HistoryFile } | { readonly kind: 'unreadable'; readonly detail: string }

/** Fails with a value for whatever cannot be read as a history. */
export function openHistoryFile(file: string): OpenedHistoryFile {
  let db: Database | null = null
  try {
    db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 2000 })
    db.pragma('cell_size_check = ON')
    db.pragma('trusted_schema = OFF')
    db.pragma('cache_size = -16384')
    if (Number(db.pragma('application_id', { simple: true })) !== applicationId) throw new Error('it is no history of Tocsin')
    return { kind: 'opened', history: createHistoryFile(db) }
  } catch (error) {
    db?.close()
    return { kind: 'unreadable', detail: (error as Error).message }
  }
}

function createHistoryFile(db: Database): HistoryFile {
  const id = db.prepare<[], string>('SELECT id FROM identity').pluck()
  const newest = db.prepare<[], { sequence: number; chain_hash: Uint8Array; received_at: number }>(
    'SELECT sequence, chain_hash, received_at FROM deliveries ORDER BY sequence DESC LIMIT 1',
  )
  const linkAt = db.prepare<[number], { sequence: number; chain_hash: Uint8Array; received_at: number }>(
    'SELECT sequence, chain_hash, received_at FROM deliveries WHERE sequence = ?',
  )
  const tables = db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY rootpage").pluck()
  const textIndexes = db
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage = 0 AND sql LIKE '% USING fts5%'")
    .pluck()
  const deliveries = db.prepare<[], ChainRow>(
    'SELECT sequence, inlet, received_at, content_hash, chain_hash, headers, body FROM deliveries ORDER BY sequence',
  )

  function databaseId(): string {
    const found = id.get()
    if (found === undefined) throw new Error('the history has no identity')
    return found
  }

  const start = (): ChainLink => genesis(databaseId())
  const head = (): ChainLink => {
    const row = newest.get()
    return row === undefined ? start() : { sequence: row.sequence, chainHash: row.chain_hash }
  }

  function brokenLinks(): readonly string[] {
    const walk = walkChain(start())
    for (const row of deliveries.iterate()) walk.step(fromChainRow(row))
    return walk.report().breaks.map(({ sequence, because }) => `delivery ${sequence}: ${because}`)
  }

  function describe(): HistoryHead {
    const row = newest.get()
    return {
      databaseId: databaseId(),
      version: Number(db.pragma('user_version', { simple: true })),
      sequence: row?.sequence ?? 0,
      chainHash: Buffer.from(row?.chain_hash ?? start().chainHash).toString('hex'),
      at: row === undefined ? null : nearestInstant(row.received_at),
    }
  }

  return {
    head: describe,
    chain: { head, genesis: start },
    proof: {
      databaseId,
      linkAt(sequence) {
        const row = linkAt.get(sequence)
        return row === undefined ? null : { sequence: row.sequence, chainHash: row.chain_hash, receivedAt: nearestInstant(row.received_at) }
      },
    },
    tables: () => tables.all(),
    textIndexes: () => textIndexes.all(),
    quickCheck: (table) => findings(db.pragma(`quick_check('${table.replaceAll("'", "''")}')`)),
    fullCheck() {
      const structure = findings(db.pragma('integrity_check'))
      // What is wrong with an index of searches alone can be mended, and says nothing of the chain.
      return structure.length > 0 && indexesFoundDamaged(structure).length === 0 ? structure : [...structure, ...brokenLinks()]
    },
    freeze() {
      db.exec('BEGIN')
      return describe()
    },
    async copyTo(file, step) {
      const { totalPages } = await db.backup(file, { progress: step })
      return { totalPages, pageSize: Number(db.pragma('page_size', { simple: true })) }
    },
    close: () => void db.close(),
  }
}

function findings(rows: unknown): readonly string[] {
  return (rows as readonly Readonly<Record<string, string>>[]).flatMap((row) => Object.values(row)).filter((text) => text !== 'ok')
}
