import { closeSync, fdatasyncSync, fsyncSync, openSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { openHistoryFile } from './history-file.ts'
import type { HistoryHead } from './history-file.ts'
import { emptySearchIndexes, type SearchIndex } from './search-damage.ts'

/** Pages copied between two looks at the disk. Each is brought there at once: a pile of unwritten pages would make acknowledgements wait. */
const pagesAtOnce = 4_096

/**
 * Copies a history into a file that is not there yet, as it is at one moment, whatever is written to it meanwhile. Made for a process of
 * its own: the last step alone, which waits for the disk, would hold up a receiver for longer than all others. Throws where it fails.
 */
export async function copyHistory(
  source: string,
  destination: string,
  onProgress: (done: number, of: number) => void,
): Promise<{ readonly head: HistoryHead; readonly bytes: number }> {
  const opened = openHistoryFile(source)
  if (opened.kind === 'unreadable') throw new Error(opened.detail)
  const { history } = opened
  const handle = openSync(destination, 'wx', 0o600)
  try {
    const head = history.freeze()
    const { totalPages, pageSize } = await history.copyTo(destination, ({ totalPages, remainingPages }) => {
      fdatasyncSync(handle)
      onProgress(totalPages - remainingPages, totalPages)
      return pagesAtOnce
    })
    standAlone(destination)
    fsyncSync(handle)
    return { head, bytes: totalPages * pageSize }
  } finally {
    closeSync(handle)
    history.close()
  }
}

/** Begins indexes of searches anew in a copy that nobody else has open: whoever uses it fills them. Throws where it fails. */
export function mendCopy(file: string, indexes: readonly SearchIndex[]): void {
  const db = new Sqlite(file, { fileMustExist: true, timeout: 2000 })
  try {
    // No power cut, in the middle, may leave what passes for a copy that was verified.
    db.pragma('synchronous = FULL')
    emptySearchIndexes(db, indexes)
  } finally {
    db.close()
  }
}

/** Without it, whoever opens the copy, even to read, would make a log beside it. */
function standAlone(file: string): void {
  const db = new Sqlite(file, { fileMustExist: true, timeout: 2000 })
  try {
    if (db.pragma('journal_mode = DELETE', { simple: true }) !== 'delete') throw new Error('the copy cannot do without a log')
  } finally {
    db.close()
  }
}
