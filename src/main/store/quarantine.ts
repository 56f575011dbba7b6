import type { Database } from './database.ts'

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
  const bury = db.prepare<[{ sequence: number; removed_at: number; removed_because: string }]>(`
    UPDATE deliveries SET state = 'removed', removed_at = @removed_at, removed_because = @removed_because, headers = NULL, body = NULL
    WHERE sequence = @sequence`)
  const countCrowdedOut = db.prepare<[number]>("UPDATE tally SET count = count + ? WHERE name = 'crowded-out'")

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
        bury.run({ sequence: oldest.sequence, removed_at: now(), removed_because: 'crowded-out' })
        rows -= 1
        bytes -= oldest.size
        removed += 1
      }
      if (removed > 0) countCrowdedOut.run(removed)
    },

    waiting: () => read(loadOfWaiting),
  }
}

function read(load: { get(): Load | undefined }): Load {
  return load.get() ?? { rows: 0, bytes: 0 }
}
