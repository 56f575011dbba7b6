/**
 * Writes the log of a history back beside the thread that fills it, on a connection of its own. PASSIVE alone: it waits for nobody, nobody
 * waits for it, and no other connection takes it for a change.
 */
import { parentPort, workerData } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'
import type { LogAsked, LogThreadData, LogTold } from './log-line.ts'

const { file } = workerData as LogThreadData
/** While the other thread goes on writing, a pass leaves over what came meanwhile; the next takes less time, and leaves less. */
const mostPasses = 8
let db: Sqlite.Database | null = null

function open(): Sqlite.Database {
  const opened = new Sqlite(file, { fileMustExist: true, timeout: 0 })
  // What is written back is on the disk before the log may be written over.
  opened.pragma('synchronous = FULL')
  opened.pragma('wal_autocheckpoint = 0')
  opened.pragma('mmap_size = 0')
  return opened
}

function writeBack(): LogTold {
  try {
    db ??= open()
    let isAnotherAtIt = true
    for (let passes = 1; ; passes += 1) {
      if (checkpoint(db, 'PASSIVE').busy === 0) isAnotherAtIt = false
      // A pass tells of the log as it was when it began.
      const { log, checkpointed } = checkpoint(db, 'NOOP')
      if (checkpointed >= log || passes === mostPasses) return { kind: isAnotherAtIt ? 'busy' : 'done' }
    }
  } catch (error) {
    return { kind: 'failed', detail: (error as Error).message }
  }
}

type State = { readonly busy: number; readonly log: number; readonly checkpointed: number }

function checkpoint(history: Sqlite.Database, how: 'PASSIVE' | 'NOOP'): State {
  const [state] = history.pragma(`wal_checkpoint(${how})`) as readonly State[]
  if (state === undefined) throw new Error('nothing was said of the log')
  return state
}

parentPort?.on('message', (asked: LogAsked) => {
  if (asked === 'write-back') return parentPort?.postMessage(writeBack())
  // A thread that ends with an open history could take the process with it.
  db?.close()
  parentPort?.close()
})
