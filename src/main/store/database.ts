import { chmodSync, closeSync, openSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import Sqlite from 'better-sqlite3'
import { backupFolder, listBackups, markBeside } from './backup-folder.ts'
import { copyBeforeMigration } from './before-migration.ts'
import { addFunctions } from './functions.ts'
import { migrations as allMigrations } from './migrations/index.ts'
import type { Migration } from './migrations/migration.ts'

export type Database = Sqlite.Database

/** Says of a file that it is a Tocsin history: "Tocs". */
export const applicationId = 0x546f6373

/** Before this release two connections could corrupt a write-ahead log. */
const oldestSqlite = '3.51.3'

/** Why a history was not opened. Its files are as they were; `detail` is for people: what is there and what to do. */
export type NotOpened =
  | { readonly kind: 'newer'; readonly version: number; readonly known: number; readonly detail: string }
  /** Read-only, and its schema has to be brought up to date by the app first. */
  | { readonly kind: 'older'; readonly version: number; readonly known: number; readonly detail: string }
  | { readonly kind: 'missing'; readonly detail: string }
  | { readonly kind: 'foreign'; readonly detail: string }
  | { readonly kind: 'damaged'; readonly detail: string }
  /** Permissions, a full disk, another process in the way: the file itself may be fine. */
  | { readonly kind: 'unavailable'; readonly detail: string }

export type OpenedDatabase = { readonly kind: 'opened'; readonly db: Database } | NotOpened

export type OpenOptions = {
  readonly readOnly?: boolean
  readonly migrations?: readonly Migration[]
  /** Epoch ms; names the backup that is made before a migration. */
  readonly now?: () => number
}

/** Opens the history, creating it where there is none, with its schema up to date. Anything it cannot vouch for is left untouched. */
export function openDatabase(file: string, options: OpenOptions = {}): OpenedDatabase {
  return openWith(file, options, (db) => ({ kind: 'opened', db }))
}

/** So long two that open a new history together may be in each other's way: SQLite waits by itself for most locks, but not for all. */
const collisionMs = 1_000
const collisionRestMs = 20
const isHeld = Symbol('held')

/** The same, and what stands on it is part of the opening: where that cannot be built the files are left untouched as well. */
export function openWith<T>(file: string, options: OpenOptions, build: (db: Database) => T): T | NotOpened {
  for (const startedAt = performance.now(); ;) {
    const opened = attempt(file, options, build)
    if (opened !== isHeld) return opened
    if (performance.now() - startedAt > collisionMs)
      return { kind: 'unavailable', detail: `The history ${file} is held by another program. Close that and try again.` }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, collisionRestMs)
  }
}

function attempt<T>(file: string, options: OpenOptions, build: (db: Database) => T): T | NotOpened | typeof isHeld {
  const { readOnly = false, migrations = allMigrations, now = Date.now } = options
  const known = migrations.length
  let guard: Database | null = null
  let db: Database | null = null
  let isUpToDate = false
  const refuse = (notOpened: NotOpened): NotOpened => {
    db?.close()
    guard?.close()
    return notOpened
  }
  try {
    const inspected = inspect(file, known, readOnly)
    if (isNotOpened(inspected)) return inspected
    guard = inspected.guard
    if (!readOnly) makePrivate(file)
    db = new Sqlite(file, { readonly: readOnly, fileMustExist: true, timeout: 2000 })
    assertSqliteVersion(db)
    // Its first read takes back what was interrupted; only then can be told what the file is.
    const obstacle = inspected.isInterrupted ? judge(db, file, known, readOnly) : null
    if (obstacle !== null) return refuse(obstacle)
    if (!readOnly) prepareForWriting(db)
    protect(db)
    addFunctions(db)
    const withoutBackup = readOnly ? null : secure(db, file, known, now)
    if (withoutBackup !== null) return refuse(withoutBackup)
    const overtaken = readOnly ? null : migrate(db, migrations)
    if (overtaken !== null) return refuse(newer(file, overtaken, known))
    isUpToDate = true
    const built = build(db)
    guard?.close()
    return built
  } catch (error) {
    const notOpened = explain(file, error, isUpToDate)
    db?.close()
    guard?.close()
    if (/^SQLITE_(BUSY|LOCKED)/.test((error as { readonly code?: string }).code ?? '')) return isHeld
    if (notOpened === null) throw error
    return notOpened
  }
}

type Inspected = {
  /** Open until the opening has succeeded: the last writer to close would write the log, which may be damaged, into the file and delete it. */
  readonly guard: Database | null
  /** Power failed while it was not yet, or not any more, written through a log, as on its first start and after a restore. */
  readonly isInterrupted: boolean
}

function isNotOpened(inspected: Inspected | NotOpened): inspected is NotOpened {
  return 'kind' in inspected
}

/** What says that there was a history, in words; null where nothing does. */
function leftBehind(file: string): string | null {
  const mark = markBeside(file)
  if (sizeOf(mark) !== null) return `the mark of how far it had come (${basename(mark)})`
  const backups = listBackups(backupFolder(file)).length
  return backups > 0 ? `its folder of backups, with ${backups} in it,` : null
}

/** Where a restore prepares what it will put in the place of a history. */
export function restoringFile(file: string): string {
  return `${file}.restoring`
}

/** Looks at the file without writing to it, for what speaks against opening it. */
function inspect(file: string, known: number, readOnly: boolean): NotOpened | Inspected {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    const detail = `In the place of the history ${file} lies a folder. Nothing was changed. Move it away; then “tocsin restore” puts a backup in its place, or the history itself can be put back.`
    return { kind: 'unavailable', detail }
  }
  const size = sizeOf(file)
  if (size === null || size === 0) {
    // SQLite would take this for a new database and throw the log away, and acknowledged deliveries with it.
    if (sizeOf(`${file}-wal`)) {
      const what = size === null ? 'is missing' : 'is empty'
      const detail = `The history ${file} ${what}, but its write-ahead log is still there. Nothing was changed. Restore the history from a backup, or move both files away to begin a new one.`
      return { kind: 'damaged', detail }
    }
    // What was there was set aside, and its backup is not in place yet: to begin anew would hide both.
    if (sizeOf(restoringFile(file)) !== null) {
      const detail = `A restore of the history ${file} was interrupted. Nothing is lost, and nothing was changed. Run “tocsin restore” again.`
      return { kind: 'damaged', detail }
    }
    const left = leftBehind(file)
    if (left !== null) {
      const detail = `The history ${file} ${size === null ? 'is missing' : 'is empty'}, and it was not always: ${left} is still there. Nothing was changed. “tocsin restore” puts a backup in its place; to begin a new history on purpose, move history.mark and the folder backups away.`
      return { kind: 'damaged', detail }
    }
    return readOnly
      ? { kind: 'missing', detail: `There is no history at ${file} yet. Start Tocsin once to create it.` }
      : { guard: null, isInterrupted: false }
  }
  const db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: 2000 })
  try {
    const obstacle = judge(db, file, known, readOnly)
    if (obstacle === null) return { guard: db, isInterrupted: false }
    db.close()
    return obstacle
  } catch (error) {
    db.close()
    if ((error as { code?: unknown }).code !== 'SQLITE_READONLY_ROLLBACK') throw error
    if (!readOnly) return { guard: null, isInterrupted: true }
    const detail = `A write to the history ${file} was interrupted. Nothing was changed. Start Tocsin once: it takes the write back.`
    return { kind: 'unavailable', detail }
  }
}

function judge(db: Database, file: string, known: number, readOnly: boolean): NotOpened | null {
  const version = number(db, 'user_version')
  const id = number(db, 'application_id')
  const isEmpty = id === 0 && version === 0 && db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
  if (id !== applicationId && !isEmpty) {
    return {
      kind: 'foreign',
      detail: `${file} is a database of another program. Nothing was changed. Choose another profile folder, or move it away.`,
    }
  }
  if (version > known) return newer(file, version, known)
  if (readOnly && version < known) {
    return {
      kind: 'older',
      version,
      known,
      detail: `The history ${file} was last used by an older Tocsin. Start this one once to bring it up to date.`,
    }
  }
  return null
}

function newer(file: string, version: number, known: number): NotOpened {
  const detail = `The history ${file} was written by a newer Tocsin (schema ${version}; this one knows ${known}). Nothing was changed. Install the newer version to open it.`
  return { kind: 'newer', version, known, detail }
}

function sizeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.size ?? null
}

/** SQLite gives its log and index files the mode of the main file, so it has to be right before they are there. */
function makePrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600))
  chmodSync(file, 0o600)
}

function prepareForWriting(db: Database): void {
  // Counts only before the first page is written, and would write one at every start: lets retention give disk space back without
  // rewriting the file.
  if (number(db, 'page_count') === 0) db.pragma('auto_vacuum = INCREMENTAL')
  if (db.pragma('journal_mode = WAL', { simple: true }) !== 'wal') throw new Error('the history cannot use a write-ahead log here')
  // Reads as FULL without this line as well, and falls to NORMAL with the first write (SQLITE_DEFAULT_WAL_SYNCHRONOUS=1). Said, it stays.
  db.pragma('synchronous = FULL')
  // In pages. Sixteen times the default: pages that many commits touch are then written back once, for a log of 64 MiB, as a rule.
  db.pragma('wal_autocheckpoint = 16000')
  db.pragma('journal_size_limit = 67108864')
}

function protect(db: Database): void {
  db.pragma('foreign_keys = ON')
  db.pragma('trusted_schema = OFF')
  db.pragma('cell_size_check = ON')
  db.pragma('temp_store = MEMORY')
  db.pragma('cache_size = -16384')
  // A mapped file that shrinks or fails under us ends the process with SIGBUS; a read only fails.
  db.pragma('mmap_size = 0')
  if (db.readonly) db.pragma('query_only = ON')
}

/** Makes a backup of a history that is about to be changed in its schema. */
function secure(db: Database, file: string, known: number, now: () => number): NotOpened | null {
  const version = number(db, 'user_version')
  if (version === 0 || version >= known) return null
  const because = copyBeforeMigration(db, file, version, now())
  if (because === null) return null
  const detail = `The history ${file} has to be brought up to date, and the backup that is made before cannot be made: ${because}. Nothing was changed. Make room, or check the disk, and start again.`
  return { kind: 'unavailable', detail }
}

/** Brings the schema up to date; answers its version where another process has made it newer meanwhile. */
function migrate(db: Database, migrations: readonly Migration[]): number | null {
  const step = db.transaction(() => {
    const version = number(db, 'user_version')
    const next = migrations[version]
    if (next === undefined) return version
    if (next.version !== version + 1) throw new Error(`migration ${version + 1} is missing`)
    db.exec(next.up)
    db.pragma(`application_id = ${applicationId}`)
    db.pragma(`user_version = ${next.version}`)
    return null
  })
  for (;;) {
    const reached = step.immediate()
    if (reached !== null) return reached > migrations.length ? reached : null
  }
}

function assertSqliteVersion(db: Database): void {
  const version = db.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? ''
  if (!isAtLeast(version, oldestSqlite))
    throw new Error(`SQLite ${version} is too old to be trusted with a write-ahead log: ${oldestSqlite} is needed`)
}

/** Compares versions of numbers and dots. */
export function isAtLeast(version: string, wanted: string): boolean {
  const have = version.split('.').map(Number)
  for (const [index, part] of wanted.split('.').map(Number).entries()) {
    const difference = (have[index] ?? 0) - part
    if (difference !== 0) return difference > 0
  }
  return true
}

/** Runs what changes nothing but `temp`: it is in memory and of this connection alone, and one that only reads forbids that as well. */
export function inTemp<T>(db: Database, change: () => T): T {
  if (!db.readonly) return change()
  db.pragma('query_only = OFF')
  try {
    return change()
  } finally {
    db.pragma('query_only = ON')
  }
}

function number(db: Database, pragma: string): number {
  return Number(db.pragma(pragma, { simple: true }))
}

/** Turns what the disk or SQLite said into words; null for what is our own mistake. */
function explain(file: string, error: unknown, isUpToDate: boolean): NotOpened | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const { code, message } = error
  // A schema that is not what its number says it is: every statement here is tested against the one it should be.
  const isOtherSchema =
    code === 'SQLITE_ERROR' && (isUpToDate || message.endsWith('already exists') || message.startsWith('duplicate column name'))
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code) || isOtherSchema) {
    const detail = `The history ${file} is damaged (${message}). It was left as it is. Restore it from a backup, or move it away together with its -wal and -shm files to begin a new one.`
    return { kind: 'damaged', detail }
  }
  if (/^SQLITE_(CANTOPEN|READONLY|PERM|AUTH|FULL|IOERR)/.test(code) || /^E[A-Z]+$/.test(code)) {
    return {
      kind: 'unavailable',
      detail: `The history ${file} cannot be opened (${message}). Check the disk, its free space and the permissions of the folder.`,
    }
  }
  return null
}
