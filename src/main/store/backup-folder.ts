import { closeSync, fsyncSync, mkdirSync, opendirSync, openSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isAlive } from './history-lock.ts'
import { readBackupName, type Backup } from './rotation.ts'

/** Beside the history. */
export function backupFolder(history: string): string {
  return join(dirname(history), 'backups')
}

/** Beside the history and no part of it: how far it has come. */
export function markBeside(history: string): string {
  return join(dirname(history), 'history.mark')
}

/** Whoever finds one of these may delete it: nothing that was verified ever has this name. */
const unfinished = /^unfinished-\d+-(\d{1,10})\.sqlite(?:-journal|-wal|-shm)?$/
const mostEntries = 10_000

/** The verified backups, newest first. */
export function listBackups(folder: string): readonly Backup[] {
  return entries(folder)
    .flatMap((name) => {
      const read = readBackupName(name)
      const stats = read === null ? undefined : statSync(join(folder, name), { throwIfNoEntry: false })
      return read === null || !stats?.isFile() ? [] : [{ ...read, bytes: stats.size }]
    })
    .sort((one, other) => other.madeAt - one.madeAt || other.sequence - one.sequence)
}

/** Makes the folder, and clears it of what an end in the middle of a backup left; what another process is making stays. */
export function prepareFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) mkdirSync(folder, { mode: 0o700 })
  for (const name of entries(folder)) {
    const pid = unfinished.exec(name)?.[1]
    if (pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid)))) rmSync(join(folder, name), { force: true })
  }
}

export function unfinishedFile(folder: string, madeAt: number): string {
  return join(folder, `unfinished-${madeAt}-${process.pid}.sqlite`)
}

export function removeUnfinished(file: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) {
    // What cannot even be looked for is not there; whoever wanted to write it has said why already.
    if (exists(file + suffix)) rmSync(file + suffix, { force: true })
  }
}

/** Gives a verified file its name for good: after a crash at any moment it has one name or the other. */
export function moveDurably(from: string, to: string, folder: string): void {
  renameSync(from, to)
  syncFolder(folder)
}

export function syncFolder(folder: string): void {
  // Windows has no such thing.
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Left free beside a copy, so that receiving goes on after it. */
const reserveBytes = 128 * 1024 * 1024

/** null where there is room for a copy of so many bytes; else what is wrong, in words. */
export function noRoomFor(bytes: number, folder: string): string | null {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize
  if (free >= bytes + reserveBytes) return null
  return `there is no room for it: it takes ${megabytes(bytes)}, and of ${megabytes(free)} free on the disk ${megabytes(reserveBytes)} are left for deliveries`
}

export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000).toLocaleString('en')} MB`
}

function exists(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

function entries(folder: string): readonly string[] {
  const names: string[] = []
  let open
  try {
    open = opendirSync(folder)
  } catch {
    return names
  }
  try {
    for (let entry = open.readSync(); entry && names.length < mostEntries; entry = open.readSync()) names.push(entry.name)
  } finally {
    open.closeSync()
  }
  return names
}
