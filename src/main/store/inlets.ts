import type { InletId } from '../../shared/inlets.ts'
import type { Database } from './database.ts'

/** What is remembered of one inlet beside its set-up. */
export type InletMemory = {
  /** Where it has come to, in its transport's own words; null before anything was fetched. */
  readonly position: string | null
  /** Epoch ms until which the running app knew how it stood: live, unless it has a gap that lasts. null while nobody watches it. */
  readonly watchedUntil: number | null
}

export type InletRows = {
  read(inlet: InletId): InletMemory
  writePosition(inlet: InletId, position: string | null): void
  /** In one commit. */
  watched(inlets: readonly InletId[], until: number): void
  unwatched(inlet: InletId): void
  remove(inlet: InletId): void
}

export function createInletRows(db: Database): InletRows {
  const get = db.prepare<[string], { position: string | null; watched_until: number | null }>(
    'SELECT position, watched_until FROM inlets WHERE inlet = ?',
  )
  const putPosition = db.prepare<[string, string | null]>(
    'INSERT INTO inlets (inlet, position) VALUES (?, ?) ON CONFLICT (inlet) DO UPDATE SET position = excluded.position',
  )
  const putWatched = db.prepare<[string, number | null]>(
    'INSERT INTO inlets (inlet, watched_until) VALUES (?, ?) ON CONFLICT (inlet) DO UPDATE SET watched_until = excluded.watched_until',
  )
  const drop = db.prepare<[string]>('DELETE FROM inlets WHERE inlet = ?')
  const putAllWatched = db.transaction((inlets: readonly InletId[], until: number) => {
    for (const inlet of inlets) putWatched.run(inlet, until)
  })

  return {
    read(inlet) {
      const row = get.get(inlet)
      return { position: row?.position ?? null, watchedUntil: row?.watched_until ?? null }
    },
    writePosition: (inlet, position) => void putPosition.run(inlet, position),
    watched: (inlets, until) => putAllWatched.immediate(inlets, until),
    unwatched: (inlet) => void putWatched.run(inlet, null),
    remove: (inlet) => void drop.run(inlet),
  }
}
