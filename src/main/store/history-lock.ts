import { randomBytes } from 'node:crypto'
import { closeSync, opendirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'

/** Who may be writing to a history. */
export type Holder = {
  /** null where it did not say. */
  readonly pid: number | null
  /** In words, such as `tocsin import`. */
  readonly what: string
}

/** Whoever forgets it lets go of it. */
export type Held = { readonly kind: 'held'; readonly release: () => void } | { readonly kind: 'refused'; readonly detail: string }

/** What the app calls itself. */
export const theApp = 'the app'

/**
 * Beside the history, empty for ever, and locked the way SQLite locks: the system takes the lock back from a process that is gone, however
 * it ended, and no other process can be taken for it. A lock on the history itself would not outlast its being set aside.
 */
export function lockFile(history: string): string {
  return join(dirname(history), 'history.lock')
}

/** A command that starts beside a look at the lock waits for it; a restore takes longer. */
const mostWaitMs = { shared: 2_000, alone: 250, look: 0 } as const
const mostEntries = 1_000
const mostNoteBytes = 1_024

/** To be held as long as a history is open for writing: any number may, but not beside a restore. */
export function shareHistory(history: string, what: string): Held {
  const taken = lock(history, 'shared')
  if (taken === 'busy') {
    const detail = `The history ${history} is held by ${holderWords(notes(history))}. Nothing was changed. Try again when that has ended.`
    return { kind: 'refused', detail }
  }
  // A disk that is full, or knows no locks, is no reason to receive nothing. A restore refuses to run there.
  if (taken instanceof Error) return { kind: 'held', release: () => {} }
  return held(history, what, taken)
}

/** To be held by what must have the history to itself. */
export function takeHistory(history: string, what: string): Held {
  const taken = lock(history, 'alone')
  if (taken === 'busy') {
    const detail = `The history is in use by ${holderWords(notes(history))}. Nothing was changed. Quit Tocsin, or let the command end, then try again.`
    return { kind: 'refused', detail }
  }
  if (taken instanceof Error) {
    const detail = `It cannot be told whether somebody writes to the history: ${basename(lockFile(history))} cannot be locked (${taken.message}). Nothing was changed. Check the folder, or move that file away while Tocsin does not run.`
    return { kind: 'refused', detail }
  }
  return held(history, what, taken)
}

/** Who holds a history now; at least one where anybody does. Writes nothing. */
export function holdersOf(history: string): readonly Holder[] {
  if (statSync(lockFile(history), { throwIfNoEntry: false }) === undefined) return []
  const taken = lock(history, 'look')
  if (taken === 'busy') return notes(history)
  if (!(taken instanceof Error)) taken.close()
  return []
}

export function holderWords(holders: readonly Holder[]): string {
  return holders.map(({ pid, what }) => (pid === null ? what : `${what} (process ${pid})`)).join(', ')
}

function held(history: string, what: string, taken: Sqlite.Database): Held {
  const withdraw = leaveNote(history, what)
  return {
    kind: 'held',
    release() {
      withdraw()
      taken.close()
    },
  }
}

function lock(history: string, how: keyof typeof mostWaitMs): Sqlite.Database | 'busy' | Error {
  const file = lockFile(history)
  let db: Sqlite.Database | null = null
  try {
    // Only where it is not there: to close a file drops every lock that this process has on it.
    if (statSync(file, { throwIfNoEntry: false }) === undefined) makeEmpty(file)
    db = new Sqlite(file, { fileMustExist: true, timeout: mostWaitMs[how] })
    // Nothing is ever written, and so nothing has to be brought back.
    db.pragma('journal_mode = MEMORY')
    db.exec(how === 'shared' ? 'BEGIN; SELECT count(*) FROM sqlite_schema' : 'BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db?.close()
    const { code = '' } = error as { readonly code?: string }
    return code.startsWith('SQLITE_BUSY') ? 'busy' : (error as Error)
  }
}

function makeEmpty(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Says who holds the lock; the lock itself does not. Answers how to take it back. */
function leaveNote(history: string, what: string): () => void {
  const file = join(dirname(history), `history.held-${process.pid}-${randomBytes(4).toString('hex')}`)
  try {
    for (const { path, isStale } of notesIn(dirname(history))) if (isStale) rmSync(path, { force: true })
    writeFileSync(file, `${JSON.stringify({ what, process: identityOf(process.pid) })}\n`, { mode: 0o600, flag: 'wx' })
  } catch {
    // Whom the lock keeps out is then told less.
  }
  return () => {
    try {
      rmSync(file, { force: true })
    } catch {
      // The next one that looks finds that this process is gone.
    }
  }
}

function notes(history: string): readonly Holder[] {
  const holders = notesIn(dirname(history)).flatMap(({ holder, isStale }) => (isStale ? [] : [holder]))
  return holders.length > 0 ? holders : [{ pid: null, what: 'another program' }]
}

const named = /^history\.held-(\d{1,10})-[0-9a-f]{8}$/

function notesIn(folder: string): readonly { readonly path: string; readonly holder: Holder; readonly isStale: boolean }[] {
  const open = opendirSync(folder)
  const found = []
  try {
    let seen = 0
    for (let entry = open.readSync(); entry && seen < mostEntries; entry = open.readSync(), seen++) {
      const pid = Number(named.exec(entry.name)?.[1])
      if (!Number.isInteger(pid) || !entry.isFile()) continue
      const path = join(folder, entry.name)
      const { what, process } = readNote(path)
      const now = identityOf(pid)
      found.push({ path, holder: { pid, what }, isStale: !isAlive(pid) || (process !== null && now !== null && process !== now) })
    }
  } finally {
    open.closeSync()
  }
  return found
}

function readNote(path: string): { readonly what: string; readonly process: string | null } {
  try {
    if (statSync(path).size > mostNoteBytes) throw new Error('too long')
    const { what, process } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    return {
      what: typeof what === 'string' && /^[\w ,-]{1,64}$/.test(what) ? what : 'another program',
      process: typeof process === 'string' ? process : null,
    }
  } catch {
    return { what: 'another program', process: null }
  }
}

/** Tells a process from a later one with its number: when it began, and in which run of the computer. null where that cannot be told. */
function identityOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in parentheses, may hold anything; the time of the start is the 20th field behind it.
    const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return startedAt === undefined ? null : `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${startedAt}`
  } catch {
    return null
  }
}

/** Whether there is such a process, whoever it is now. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
