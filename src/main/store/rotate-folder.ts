import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { listBackups } from './backup-folder.ts'
import { openHistoryFile, type HistoryFile } from './history-file.ts'
import { backupBounds, rotate, type Backup, type BackupBounds } from './rotation.ts'

/**
 * Deletes the backups that rotation lets go of, but none whose deliveries no other one holds that stays: a history that was lost, went
 * back or began anew is still in them. Answers how many went.
 */
export function rotateFolder(folder: string, bounds: BackupBounds = backupBounds): number {
  const backups = listBackups(folder)
  const going = new Set(rotate(backups, bounds))
  const staying = backups.filter((backup) => !going.has(backup))
  let removed = 0
  // Those that hold the most first, so that of each lost history one is enough.
  for (const backup of [...going].sort((one, other) => other.sequence - one.sequence)) {
    const file = join(folder, backup.name)
    if (staying.some((other) => holds(join(folder, other.name), file))) {
      rmSync(file, { force: true })
      removed += 1
    } else staying.push(backup)
  }
  return removed
}

/** Those of which the newest holds not every delivery, newest first. What cannot be read is not among them. */
export function heldNowhereElse(folder: string, backups: readonly Backup[] = listBackups(folder)): readonly Backup[] {
  const [newest, ...others] = backups
  if (newest === undefined) return []
  return others.filter(({ name }) => holds(join(folder, newest.name), join(folder, name)) === false)
}

/** Whether one history holds every link of the chain of another; null where one of them cannot be read. */
export function holds(file: string, other: string): boolean | null {
  const head = reading(other, (history) => history.head())
  if (head === null) return null
  return reading(file, (history) => {
    if (history.proof.databaseId() !== head.databaseId) return false
    const link = history.proof.linkAt(head.sequence)
    return head.sequence === 0 || (link !== null && Buffer.from(link.chainHash).toString('hex') === head.chainHash)
  })
}

export function reading<T>(file: string, read: (history: HistoryFile) => T): T | null {
  const opened = openHistoryFile(file)
  if (opened.kind === 'unreadable') return null
  try {
    return read(opened.history)
  } catch {
    return null
  } finally {
    opened.history.close()
  }
}
