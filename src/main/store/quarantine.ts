import type { Sequence } from '../../shared/detection.ts'
import type { Database } from './database.ts'

/** `duplicate`: the other delivery of its signing input was believed first, and carries the same. `discarded`: by the user. */
export type RemovedBecause = 'crowded-out' | 'duplicate' | 'discarded'

export type QuarantineBounds = {
  readonly refused: Load
  /** Of all of quarantine: refused ones live in the room that waiting ones leave. */
  readonly waiting: Load
}
export type Load = { readonly rows: number; readonly bytes: number }

export const quarantineBounds: QuarantineBounds = {
  refused: { rows: 1_000, bytes: 16 * 1024 * 1024 },
  waiting: { rows: 10_000, bytes: 64 * 1024 * 1024 },
}

/** Keeps quarantine bounded; runs inside the transaction that fills it. */
export type Quarantine = {
  /** Answers for one transaction whether another waiting delivery of this many bytes has room. What it admits, it counts. */
  room(): (size: number) => boolean
  /** Turns the oldest refused into tombstones until what is left fits. Never touches a waiting one, which may still become good. */
  trim(): void
  /** Makes a tombstone of a delivery in quarantine; one that was believed stays as it is. */
  bury(sequence: Sequence, because: RemovedBecause): void
  /** Makes tombstones of those that are in quarantine, in one commit, and passes over all else. */
  discard(sequences: readonly Sequence[]): void
  waiting(): Load
}

export function createQuarantine(db: Database, now: () => number, bounds: QuarantineBounds = quarantineBounds): Quarantine {
  const loadOfWaiting = db.prepare<[], Load>(
    "SELECT count(*) AS rows, ifnull(sum(size), 0) AS bytes FROM deliveries WHERE state = 'waiting'",
  )
  const loadOfRefused = db.prepare<[], Load>(
    "SELECT count(*) AS rows, ifnull(sum(size), 0) AS bytes FROM deliveries WHERE state = 'refused'",
  )
  const oldestRefused = db.prepare<[], { sequence: number; size: number }>(
    "SELECT sequence, size FROM deliveries WHERE state = 'refused' ORDER BY sequence LIMIT 1",
  )
  // Its place in the sequence, its hashes and its identity stay: chain, verification and deduplication go on without the content.
  const makeTombstone = db.prepare<[{ sequence: number; removed_at: number; removed_because: RemovedBecause }]>(`
    UPDATE deliveries SET state = 'removed', removed_at = @removed_at, removed_because = @removed_because, headers = NULL, body = NULL
    WHERE sequence = @sequence AND state IN ('waiting', 'refused')`)
  const countRemoved = db.prepare<[number, RemovedBecause]>('UPDATE tally SET count = count + ? WHERE name = ?')
  const discard = db.transaction((sequences: readonly Sequence[]): void => {
    const discarded = sequences.filter((sequence) => bury(sequence, 'discarded')).length
    if (discarded > 0) countRemoved.run(discarded, 'discarded')
  })

  return {
    room() {
      let load: Load | null = null
      return (size) => {
        load ??= read(loadOfWaiting)
        const next = { rows: load.rows + 1, bytes: load.bytes + size }
        if (next.rows > bounds.waiting.rows || next.bytes > bounds.waiting.bytes) return false
        load = next
        return true
      }
    },

    trim() {
      const waiting = read(loadOfWaiting)
      const mostRows = Math.min(bounds.refused.rows, bounds.waiting.rows - waiting.rows)
      const mostBytes = Math.min(bounds.refused.bytes, bounds.waiting.bytes - waiting.bytes)
      let { rows, bytes } = read(loadOfRefused)
      let removed = 0
      while (rows > mostRows || bytes > mostBytes) {
        const oldest = oldestRefused.get()
        if (oldest === undefined) break
        bury(oldest.sequence, 'crowded-out')
        rows -= 1
        bytes -= oldest.size
        removed += 1
      }
      if (removed > 0) countRemoved.run(removed, 'crowded-out')
    },

    bury: (sequence, because) => void bury(sequence, because),
    discard: (sequences) => discard.immediate(sequences),
    waiting: () => read(loadOfWaiting),
  }

  function bury(sequence: number, because: RemovedBecause): boolean {
    return makeTombstone.run({ sequence, removed_at: now(), removed_because: because }).changes > 0
  }
}

function read(load: { get(): Load | undefined }): Load {
  return load.get() ?? { rows: 0, bytes: 0 }
}
