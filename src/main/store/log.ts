import type { Database } from './database.ts'

/** How long the write-ahead log is, in pages. What is written back already is written over once nobody reads it any more. */
export type LogLength = { readonly pages: number; readonly writtenBack: number }

/** Who writes the log back into the history. */
export type HistoryLog = {
  /** Asking costs no disk access. null while this connection is in the middle of something: the next look tells. */
  length(): LogLength | null
  /** Whether another connection writes it back, so that no commit of this one has to. */
  leaveToAnother(isLeft: boolean): void
  /** Here and now: for the little that another connection always leaves over as long as this one goes on writing. */
  writeBack(): void
}

/** In pages: 1 GiB, from where a commit writes back what another connection should have, whatever has become of it. */
const lastBound = 262_144

export function createHistoryLog(db: Database): HistoryLog {
  const length = db.prepare<[], { log: number; checkpointed: number }>('PRAGMA wal_checkpoint(NOOP)')
  const writeBack = db.prepare<[], unknown>('PRAGMA wal_checkpoint(PASSIVE)')
  const ownBound = Number(db.pragma('wal_autocheckpoint', { simple: true }))

  return {
    length() {
      try {
        const state = length.get()
        return state === undefined ? null : { pages: state.log, writtenBack: state.checkpointed }
      } catch {
        return null
      }
    },
    leaveToAnother: (isLeft) => void db.pragma(`wal_autocheckpoint = ${isLeft ? lastBound : ownBound}`),
    writeBack: () => void writeBack.get(),
  }
}
