import { chmodSync, closeSync, copyFileSync, fsyncSync, mkdirSync, openSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Place } from '../../shared/health.ts'
import { compareMark, readMark, type FoundLoss, type Mark, type MarkComparison } from '../proof/high-water-mark.ts'
import { checkCopy } from './check-copy.ts'
import type { HistoryFiles } from './history-files.ts'
import { toInstant } from '../ingest/instant.ts'
import { historyFile, markFile } from '../profile.ts'
import { backupFolder, listBackups, moveDurably, noRoomFor, removeUnfinished, syncFolder } from '../store/backup-folder.ts'
import { restoringFile } from '../store/database.ts'
import { openHistoryFile, type HistoryHead } from '../store/history-file.ts'
import { takeHistory } from '../store/history-lock.ts'
import { holds, reading as readingFile } from '../store/rotate-folder.ts'

export type Restored =
  | {
      readonly kind: 'restored'
      readonly from: string
      /** Where what was there lies now; null where nothing was there. */
      readonly setAside: string | null
      readonly head: HistoryHead
      /** Against the mark that was beside the damaged history. */
      readonly missing: MarkComparison
      readonly detail: string
    }
  /** Nothing was changed. */
  | { readonly kind: 'refused'; readonly detail: string }

type Parts = {
  readonly profile: string
  readonly from: string | null
  readonly files: HistoryFiles
  readonly now: () => number
  readonly signal?: AbortSignal
}

/**
 * Puts a backup in the place of the history: of those that pass their check the one that holds the most of what the mark tells of, or the
 * one that is named. What was there is moved away together and never deleted; what is missing now stays on record in the new mark.
 */
export async function restore(parts: Parts): Promise<Restored> {
  if (statSync(parts.profile, { throwIfNoEntry: false }) === undefined) return refused(`There is no profile at ${parts.profile}.`)
  // Whoever has the history open would go on writing into what was set aside.
  const held = takeHistory(historyFile(parts.profile), 'tocsin restore')
  if (held.kind === 'refused') return held
  try {
    return await restoreAlone(parts)
  } finally {
    held.release()
  }
}

async function restoreAlone({ profile, from, files, now, signal }: Parts): Promise<Restored> {
  const history = historyFile(profile)
  const folder = backupFolder(history)
  const candidates = from === null ? byWorth(folder, readMark(markFile(profile))) : [from]
  const problems: string[] = []
  for (const candidate of candidates) {
    const unfinished = restoringFile(history)
    try {
      removeUnfinished(unfinished)
      const size = statSync(candidate).size
      const noRoom = noRoomFor(size, profile)
      if (noRoom !== null) return refused(`${basename(candidate)} cannot be put in place: ${noRoom}.`)
      const copied = await copy(candidate, unfinished)
      if (copied !== null) {
        problems.push(`${basename(candidate)}: ${copied}`)
        continue
      }
      // What is judged is what will be used, and not what it was copied from.
      const { checked } = await checkCopy(files, unfinished, signal)
      if (checked.kind === 'cancelled') return refused('It was cancelled.')
      if (checked.kind === 'sound') return putInPlace(unfinished, candidate, checked.head)
      problems.push(`${basename(candidate)}: ${checked.kind === 'damaged' ? (checked.findings[0] ?? 'damaged') : checked.kind}`)
    } catch (error) {
      problems.push(`${basename(candidate)}: ${(error as Error).message}`)
    } finally {
      removeUnfinished(unfinished)
    }
  }
  if (candidates.length === 0) return refused(`There is no backup in ${folder}. Name another one with --from FILE.`)
  return refused(`No backup passed its check (${problems.join('; ')}). Name another one with --from FILE.`)

  /** What is wrong, or null. A file that has a log beside it is read together with that. */
  async function copy(candidate: string, unfinished: string): Promise<string | null> {
    if (statSync(`${candidate}-wal`, { throwIfNoEntry: false })?.size) {
      const copied = await files.copy(candidate, unfinished, { signal })
      return copied.kind === 'copied' ? null : copied.kind === 'failed' ? copied.detail : copied.kind
    }
    copyFileSync(candidate, unfinished)
    chmodSync(unfinished, 0o600)
    sync(unfinished)
    return null
  }

  function putInPlace(unfinished: string, candidate: string, head: HistoryHead): Restored {
    const reading = readMark(markFile(profile))
    const missing = compare(unfinished, reading)
    const at = now()
    const setAside = setFilesAside(profile, at)
    moveDurably(unfinished, history, profile)
    const before: readonly FoundLoss[] = reading.kind === 'read' ? reading.mark.losses : []
    const losses = missing.kind === 'ok' ? before : [...before, { ...missing, foundAt: toInstant(at) }].slice(-20)
    const mark: Mark = { databaseId: head.databaseId, sequence: head.sequence, chainHash: head.chainHash, at: toInstant(at), losses }
    const written = `${markFile(profile)}.new`
    writeFileSync(written, `${JSON.stringify(mark)}\n`, { mode: 0o600 })
    sync(written)
    moveDurably(written, markFile(profile), profile)
    const detail = `${missingWords(missing, head)}${otherWords(history, candidate)}`
    return { kind: 'restored', from: candidate, setAside, head, missing, detail }
  }
}

/**
 * Also what is left of a write without a log, as on the first start after a restore: SQLite would take it back in whatever lies beside it next.
 * Main file first: where this ends in the middle, a log without its history is told as such, and nothing new is begun in its place.
 */
const filesOfHistory = ['', '-wal', '-shm', '-journal'] as const

function setFilesAside(profile: string, at: number): string | null {
  const history = historyFile(profile)
  const isThere = (file: string): boolean => statSync(file, { throwIfNoEntry: false }) !== undefined
  const there = filesOfHistory.map((suffix) => history + suffix).filter(isThere)
  const mark = markFile(profile)
  if (there.length === 0 && !isThere(mark)) return null
  const folder = join(profile, `set-aside-${new Date(at).toISOString().replace(/[-:.]/g, '')}`)
  mkdirSync(folder, { mode: 0o700 })
  for (const file of there) renameSync(file, join(folder, basename(file)))
  // A copy: where this ends in the middle, the next restore still has to know what there was.
  if (isThere(mark)) {
    copyFileSync(mark, join(folder, basename(mark)))
    sync(join(folder, basename(mark)))
  }
  syncFolder(folder)
  syncFolder(profile)
  return folder
}

function compare(file: string, reading: ReturnType<typeof readMark>): MarkComparison {
  const opened = openHistoryFile(file)
  if (opened.kind === 'unreadable') throw new Error(opened.detail)
  try {
    return compareMark(reading, opened.history)
  } finally {
    opened.history.close()
  }
}

/** Those of the history that the mark is of come first, those that hold the most before others; then by time. */
function byWorth(folder: string, marked: ReturnType<typeof readMark>): readonly string[] {
  const isMarked = (file: string): boolean =>
    marked.kind === 'none' || readingFile(file, (history) => history.proof.databaseId()) === marked.mark.databaseId
  return listBackups(folder)
    .map(({ name, sequence, madeAt }) => ({ file: join(folder, name), sequence, madeAt }))
    .map((backup) => ({ ...backup, isOfMark: isMarked(backup.file) }))
    .sort((one, other) => {
      if (one.isOfMark !== other.isOfMark) return one.isOfMark ? -1 : 1
      return marked.kind === 'none' ? other.madeAt - one.madeAt : other.sequence - one.sequence || other.madeAt - one.madeAt
    })
    .map(({ file }) => file)
}

const mostNamed = 5

/** Names the backups that hold what the history in place now does not. */
function otherWords(history: string, candidate: string): string {
  const folder = backupFolder(history)
  const others = listBackups(folder).filter(({ name }) => join(folder, name) !== candidate && holds(history, join(folder, name)) === false)
  if (others.length === 0) return ''
  const named = others.slice(0, mostNamed).map(({ name, sequence }) => `${name} (${count(sequence)} deliveries)`)
  const more = others.length > mostNamed ? ` and ${others.length - mostNamed} more` : ''
  return ` Other backups hold deliveries that this one does not: ${named.join(', ')}${more}. To have one of them instead: tocsin restore --from FILE.`
}

/** What is missing, in rows and in time. */
export function missingWords(missing: MarkComparison, head: HistoryHead): string {
  const ends =
    head.at === null ? 'The backup holds no deliveries' : `The backup ends with delivery ${count(head.sequence)}, received ${head.at}`
  switch (missing.kind) {
    case 'ok':
      return `${ends}. As far as the mark tells, nothing is missing.`
    case 'lost':
      return `${ends}. ${count(missing.lost)} deliveries are missing, up to delivery ${count(missing.marked.sequence)}, marked ${missing.marked.at}${span(missing.kept, missing.marked)}. They stay on record as lost; what SlashID shows of that time was acknowledged and will not be sent again by itself.`
    case 'rewritten':
    case 'other-history':
      return `${ends}. It is not a copy of the history that was here: the mark stood at delivery ${count(missing.marked.sequence)}, ${missing.marked.at}.`
    case 'no-mark':
      return `${ends}. What is missing cannot be told: the mark that says how far the history went is ${missing.because}.`
  }
}

function span(kept: Place | null, marked: Place): string {
  if (kept === null) return ''
  const minutes = Math.max(0, Math.round((Date.parse(marked.at) - Date.parse(kept.at)) / 60_000))
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)]
  const parts = [days > 0 ? `${days} d` : '', hours > 0 ? `${hours} h` : '', days === 0 ? `${minutes % 60} min` : ''].filter(
    (part) => part !== '',
  )
  return `: ${parts.join(' ')}`
}

function count(value: number): string {
  return value.toLocaleString('en')
}

function refused(because: string): Restored {
  return { kind: 'refused', detail: `${because} Nothing was changed.` }
}

function sync(file: string): void {
  const handle = openSync(file, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
