import { closeSync, fsyncSync, openSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { backupFolder, moveDurably, noRoomFor, prepareFolder, removeUnfinished, unfinishedFile } from './backup-folder.ts'
import type { Database } from './database.ts'
import { openHistoryFile } from './history-file.ts'
import { rotateFolder } from './rotate-folder.ts'
import { backupName } from './rotation.ts'

/**
 * Keeps a verified copy of a history before its schema changes; answers in words why there is none, null where there is.
 *
 * VACUUM INTO, because it reads through SQLite: it needs no checkpoint that a reader could hold up, takes the log along, is of one
 * moment, and stumbles over damage in what it rebuilds. A plain copy would be faster, but closing the file after it would drop the locks
 * that this process holds on the history. Nobody receives yet, so nobody waits for it but the start.
 */
export function copyBeforeMigration(db: Database, file: string, version: number, madeAt: number): string | null {
  const folder = backupFolder(file)
  const unfinished = unfinishedFile(folder, madeAt)
  try {
    prepareFolder(folder)
    const noRoom = noRoomFor(sizeOf(file) + sizeOf(`${file}-wal`), folder)
    if (noRoom !== null) return noRoom
    closeSync(openSync(unfinished, 'wx', 0o600))
    db.prepare('VACUUM INTO ?').run(unfinished)
    sync(unfinished)
    const sequence = verify(db, unfinished)
    if (typeof sequence === 'string') return sequence
    moveDurably(unfinished, join(folder, backupName({ madeAt, sequence, beforeSchema: version })), folder)
    rotateFolder(folder)
    return null
  } catch (error) {
    const { code = '', message } = error as Error & { readonly code?: string }
    // A damaged history is told as such, and not as a backup that failed.
    if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) throw error
    return message
  } finally {
    removeUnfinished(unfinished)
  }
}

/** The newest delivery of a copy that is sound and ends where the history ends; else what is wrong with it. */
function verify(db: Database, copy: string): number | string {
  const opened = openHistoryFile(copy)
  if (opened.kind === 'unreadable') return opened.detail
  const { history } = opened
  try {
    const head = history.head()
    const isSame = db
      .prepare<[string, number, number, Uint8Array]>(
        'SELECT 1 FROM identity WHERE id = ? AND (? = 0 OR EXISTS (SELECT 1 FROM deliveries WHERE sequence = ? AND chain_hash = ?))',
      )
      .get(head.databaseId, head.sequence, head.sequence, Buffer.from(head.chainHash, 'hex'))
    if (isSame === undefined) return 'the copy is not of this history'
    return history.tables().flatMap(history.quickCheck)[0] ?? head.sequence
  } finally {
    history.close()
  }
}

function sync(file: string): void {
  const handle = openSync(file, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}
