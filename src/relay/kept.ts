import { relayLimits, type RelayEntry } from '../shared/relay.ts'

export type Reader = {
  readonly name: string
  readonly hash: Uint8Array
  readonly addedAt: number
  /** Everything up to here is in its history. */
  readonly acked: number
  readonly ackedAt: number | null
}

/** Numbers of the entries that are kept: all from `first` to `last`. None are where `first` is `last + 1`. */
export type Extent = { readonly mailbox: string; readonly first: number; readonly last: number }

export type KeptEntry = Omit<RelayEntry, 'body' | 'receivedAt'> & { readonly receivedAt: number; readonly body: ArrayBuffer }

export type Kept = {
  extent(): Extent
  /** Keeps one more and lets the oldest go beyond the limit. */
  add(entry: Omit<KeptEntry, 'seq'>): void
  /** Entries above `after`, oldest first, read as they are asked for. */
  entries(after: number, most: number): Iterable<KeptEntry>
  /** How much lies between two positions. */
  sizeOf(after: number, upTo: number): { readonly entries: number; readonly bytes: number }
  /** Lets go what was kept for too long; resolves with when the next is due, or null. */
  expire(now: number): number | null
  readers(): readonly Reader[]
  /** What had to go before counts as no loss of it. */
  addReader(name: string, hash: Uint8Array, now: number): void
  removeReader(name: string): void
  /** Lets go what every reader has now. */
  acknowledge(name: string, seq: number, now: number): void
  /** A reader knows numbers that were never given: this storage went back in time, so its numbers begin to mean something else. */
  renameMailbox(): void
}

/**
 * What a mailbox keeps. Entries only ever go from the old end, so that what is kept is one stretch without holes and what a reader
 * missed is a matter of two numbers.
 */
export function openKept(storage: DurableObjectStorage, limits: { readonly entries: number; readonly keptMs: number }): Kept {
  const { sql } = storage
  sql.exec(`CREATE TABLE IF NOT EXISTS mailbox (name TEXT NOT NULL, last INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS entries (
      seq INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, path TEXT NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS readers (
      name TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, added_at INTEGER NOT NULL, acked INTEGER NOT NULL, acked_at INTEGER) WITHOUT ROWID;`)
  if (sql.exec('SELECT 1 FROM mailbox').toArray().length === 0) sql.exec('INSERT INTO mailbox VALUES (?, 0)', crypto.randomUUID())

  function extent(): Extent {
    const row = sql
      .exec<{ mailbox: string; last: number; first: number | null }>(
        'SELECT name AS mailbox, last, (SELECT min(seq) FROM entries) AS first FROM mailbox',
      )
      .one()
    return { mailbox: row.mailbox, last: row.last, first: row.first ?? row.last + 1 }
  }

  /** Without readers everything waits for the first. */
  function letGo(): void {
    sql.exec('DELETE FROM entries WHERE seq <= (SELECT min(acked) FROM readers)')
  }

  return {
    extent,
    add({ receivedAt, path, headers, body }) {
      storage.transactionSync(() => {
        const { last } = sql.exec<{ last: number }>('UPDATE mailbox SET last = last + 1 RETURNING last').one()
        sql.exec('INSERT INTO entries VALUES (?, ?, ?, ?, ?)', last, receivedAt, path, JSON.stringify(headers), body)
        sql.exec('DELETE FROM entries WHERE seq <= ?', last - limits.entries)
      })
    },
    *entries(after, most) {
      type Row = { seq: number; receivedAt: number; path: string; headers: string; body: ArrayBuffer }
      const rows = sql.exec<Row>(
        'SELECT seq, received_at AS receivedAt, path, headers, body FROM entries WHERE seq > ? ORDER BY seq LIMIT ?',
        after,
        most,
      )
      for (const row of rows) yield { ...row, headers: JSON.parse(row.headers) as Record<string, string> }
    },
    sizeOf(after, upTo) {
      return sql
        .exec<{
          entries: number
          bytes: number
        }>('SELECT count(*) AS entries, coalesce(sum(length(body)), 0) AS bytes FROM entries WHERE seq > ? AND seq <= ?', after, upTo)
        .one()
    },
    expire(now) {
      // By number, not by time alone: a clock that went back must not leave a hole.
      sql.exec('DELETE FROM entries WHERE seq <= (SELECT max(seq) FROM entries WHERE received_at <= ?)', now - limits.keptMs)
      const { oldest } = sql.exec<{ oldest: number | null }>('SELECT min(received_at) AS oldest FROM entries').one()
      return oldest === null ? null : oldest + limits.keptMs
    },
    readers() {
      type Row = { name: string; hash: ArrayBuffer; addedAt: number; acked: number; ackedAt: number | null }
      return sql
        .exec<Row>('SELECT name, hash, added_at AS addedAt, acked, acked_at AS ackedAt FROM readers ORDER BY added_at, name')
        .toArray()
        .map((row) => ({ ...row, hash: new Uint8Array(row.hash) }))
    },
    addReader(name, hash, now) {
      sql.exec('INSERT INTO readers VALUES (?, ?, ?, ?, NULL)', name, hash, now, extent().first - 1)
    },
    removeReader(name) {
      sql.exec('DELETE FROM readers WHERE name = ?', name)
      letGo()
    },
    acknowledge(name, seq, now) {
      sql.exec('UPDATE readers SET acked = ?, acked_at = ? WHERE name = ? AND acked < ?', seq, now, name, seq)
      letGo()
    },
    renameMailbox() {
      sql.exec('UPDATE mailbox SET name = ?', crypto.randomUUID())
    },
  }
}

/** The limits of a mailbox: fewer or shorter where the deployment says so, never more. */
export function limitsOf(entries: string | undefined, seconds: string | undefined): { readonly entries: number; readonly keptMs: number } {
  const atMost = (given: number, most: number): number => (given > 0 && given < most ? given : most)
  return { entries: atMost(Number(entries), relayLimits.entries), keptMs: atMost(Number(seconds) * 1000, relayLimits.keptMs) }
}
