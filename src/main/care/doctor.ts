import { statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { proofWords } from '../../shared/proof-words.ts'
import { compareMark, readMark, type MarkComparison } from '../proof/high-water-mark.ts'
import type { FileChecked, HistoryFiles } from './history-files.ts'
import { historyFile, markFile, readConnection } from '../profile.ts'
import { backupFolder, listBackups, megabytes } from '../store/backup-folder.ts'
import { readFacts, type HistoryFacts } from '../store/facts.ts'
import { openHistoryFile } from '../store/history-file.ts'
import { holderWords, holdersOf, theApp } from '../store/history-lock.ts'
import { migrations } from '../store/migrations/index.ts'
import { heldNowhereElse } from '../store/rotate-folder.ts'
import { indexesFoundDamaged, mendSearchCommand, searchDamageWords } from '../store/search-damage.ts'
import { searchLine } from './doctor-search.ts'
import { readStart, startFile } from './unclean-end.ts'

export type DoctorLine = {
  readonly what: string
  readonly state: 'ok' | 'attention' | 'trouble'
  readonly text: string
  /** What to do; null where there is nothing to do. */
  readonly next: string | null
}

const dayMs = 24 * 60 * 60 * 1000
const lowDiskBytes = 500_000_000

/** The health of a profile. Reads only, and in bounded time, so that an app may run meanwhile. */
export async function examine(parts: {
  readonly profile: string
  readonly files: HistoryFiles
  readonly now: () => number
  /** Of the look at the structure; what is not seen by then is said. */
  readonly mostCheckMs: number
  readonly signal?: AbortSignal
}): Promise<readonly DoctorLine[]> {
  const { profile, files, now, mostCheckMs, signal } = parts
  const history = historyFile(profile)
  const found = statSync(history, { throwIfNoEntry: false })
  if (found === undefined || found.size === 0 || found.isDirectory())
    return [
      ...appLines(profile, now),
      missingLine(profile, found === undefined ? 'is missing' : found.isDirectory() ? 'is a folder' : 'is empty'),
    ]
  const checked = await files.check(history, { depth: 'quick', mostMs: mostCheckMs, signal })
  const read = readFacts(history)
  return [
    ...appLines(profile, now),
    ...fileLines(profile),
    structureLine(checked, history),
    proofLine(profile),
    ...(read.kind === 'read'
      ? factLines(read.facts, now())
      : [line('history', 'trouble', `cannot be read: ${read.detail}`, whatIsLeft(history))]),
    backupLine(history, now()),
    permissionsLine(profile),
  ]
}

const restoreIt = 'Quit Tocsin, then: tocsin restore'
/** No backup holds what came since it was made, and where tables can still be read an archive does. */
const saveAndRestore = 'Save what can be read: tocsin export --format ndjson. Quit Tocsin; tocsin restore; tocsin import the file'

function hasBackups(history: string): boolean {
  return listBackups(backupFolder(history)).length > 0
}

/** What can be done about damage: what is there is never to be made worse, and no backup is spoken of that nobody made. */
function whatIsLeft(history: string): string {
  if (hasBackups(history)) return restoreIt
  return 'There is no backup. Quit Tocsin and copy the profile folder elsewhere; tocsin verify, tocsin export: what can be read'
}

function line(what: string, state: DoctorLine['state'], text: string, next: string | null = null): DoctorLine {
  return { what, state, text, next }
}

function missingLine(profile: string, what: string): DoctorLine {
  const history = historyFile(profile)
  const isThere = (file: string): boolean => statSync(file, { throwIfNoEntry: false }) !== undefined
  const backups = listBackups(backupFolder(history)).length
  const left = [
    ...(statSync(`${history}-wal`, { throwIfNoEntry: false })?.size ? ['its log is still there'] : []),
    ...(isThere(markFile(profile)) ? ['its mark is still there'] : []),
    ...(backups > 0 ? ['there are backups'] : []),
  ]
  if (left.length > 0) {
    const next =
      backups > 0 ? restoreIt : 'There is no backup. Put the history back from where it lies now, or: tocsin restore --from a copy of it'
    return line('history', 'trouble', `${what}, and ${left.join(', ')}`, next)
  }
  if (what === 'is a folder') return line('history', 'trouble', what, `Move it away: ${JSON.stringify(history)}`)
  return line('history', 'attention', 'there is none yet', 'Start Tocsin once to begin it')
}

function appLines(profile: string, now: () => number): readonly DoctorLine[] {
  const connection = readConnection(profile)
  const start = readStart(profile)
  // Who holds the lock is there. What a file says of a process may be of one that is gone, and its number another's by now.
  const holders = holdersOf(historyFile(profile))
  const running = holders.find(({ what }) => what === theApp)
  const others = holders.filter((holder) => holder !== running)
  const app = line(
    'app',
    running === undefined ? 'attention' : 'ok',
    running === undefined
      ? 'does not run'
      : connection.kind === 'running' && connection.pid === running.pid
        ? `runs (process ${running.pid}) and receives`
        : 'runs, and receives nothing on this machine',
    running === undefined ? 'Start Tocsin: what is sent meanwhile may be missed' : null,
  )
  const lines = [app, ...(others.length > 0 ? [line('also open', 'ok', holderWords(others))] : [])]
  if (start === null || running !== undefined)
    return [...lines, line('last end', 'ok', running === undefined ? 'in order' : 'it has not ended')]
  const since = now() - Date.parse(start.startedAt)
  const text = `not in order: started ${start.startedAt} (${age(since)} ago), and never stopped`
  return [...lines, line('last end', 'attention', text, 'Start Tocsin: it looks at the history by itself')]
}

function fileLines(profile: string): readonly DoctorLine[] {
  const history = historyFile(profile)
  const [main, log] = [history, `${history}-wal`].map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0)
  const { bavail, bsize } = statfsSync(profile)
  const free = bavail * bsize
  const isLow = free < lowDiskBytes
  return [
    line('files', 'ok', `history ${megabytes(main ?? 0)}, log ${megabytes(log ?? 0)}`),
    line(
      'free disk',
      isLow ? 'attention' : 'ok',
      megabytes(free),
      isLow ? 'Make room: on a full disk deliveries are turned away and sent again later' : null,
    ),
  ]
}

function structureLine(checked: FileChecked, history: string): DoctorLine {
  switch (checked.kind) {
    case 'sound':
      return line('structure', 'ok', 'every table and index is in order')
    case 'partial':
      return line(
        'structure',
        'attention',
        `${checked.done} of ${checked.of} tables are in order; then the time ran out`,
        'tocsin doctor --time 600',
      )
    case 'damaged': {
      const text = checked.findings.slice(0, 3).join('; ')
      const indexes = indexesFoundDamaged(checked.findings)
      if (indexes.length === 0) return line('structure', 'trouble', text, hasBackups(history) ? saveAndRestore : whatIsLeft(history))
      return line('structure', 'trouble', `${searchDamageWords(indexes)} (${text})`, mendSearchCommand)
    }
    case 'failed':
      return line('structure', 'attention', `could not be looked at: ${checked.detail}`, 'Try again')
    case 'cancelled':
      return line('structure', 'attention', 'was not looked at', 'Try again')
  }
}

function proofLine(profile: string): DoctorLine {
  const opened = openHistoryFile(historyFile(profile))
  if (opened.kind === 'unreadable') return line('chain and mark', 'trouble', opened.detail, whatIsLeft(historyFile(profile)))
  const reading = readMark(markFile(profile))
  try {
    const head = opened.history.head()
    const comparison = compareMark(reading, opened.history)
    const losses = reading.kind === 'read' ? reading.mark.losses.length : 0
    const at = `delivery ${count(head.sequence)}${head.at === null ? '' : `, ${head.at}`}`
    if (comparison.kind !== 'ok')
      return line('chain and mark', 'trouble', `ends at ${at}; ${wordsOf(comparison)}`, 'tocsin verify says more')
    if (losses > 0)
      return line(
        'chain and mark',
        'attention',
        `ends at ${at}; ${losses === 1 ? '1 loss' : `${count(losses)} losses`} on record`,
        'tocsin verify says which',
      )
    const agrees = comparison.unmarked === 0 ? 'the mark agrees' : `the mark agrees up to ${count(comparison.unmarked)} before that`
    return line('chain and mark', 'ok', `ends at ${at}; ${agrees}`)
  } catch (error) {
    return line('chain and mark', 'trouble', (error as Error).message, whatIsLeft(historyFile(profile)))
  } finally {
    opened.history.close()
  }
}

function wordsOf(comparison: Exclude<MarkComparison, { kind: 'ok' }>): string {
  return proofWords(comparison, (at) => at)?.title ?? comparison.kind
}

function factLines(facts: HistoryFacts, at: number): readonly DoctorLine[] {
  const {
    version,
    sqlite,
    usedBytes,
    freeBytes,
    quarantine,
    tombstones,
    textBehind,
    searchSample,
    openGaps,
    organizations,
    secrets,
    uncounted,
  } = facts
  const known = migrations.length
  const behind = version < known ? 'Start Tocsin: it makes a backup and brings it up to date' : null
  const tooNew = version > known ? 'Install the newer Tocsin' : null
  const waiting = quarantine?.waiting ?? 0
  return [
    line(
      'schema',
      tooNew ? 'trouble' : behind ? 'attention' : 'ok',
      `${version}, this Tocsin knows ${known}; SQLite ${sqlite}`,
      tooNew ?? behind,
    ),
    line(
      'content',
      'ok',
      `${count(facts.detections ?? 0)} detections, ${count(facts.kept ?? 0)} marked to keep, ${megabytes(usedBytes)} used, ${megabytes(freeBytes)} free inside`,
    ),
    line(
      'tombstones',
      'ok',
      `${count(tombstones?.retention ?? 0)} by retention, ${count((tombstones?.crowdedOut ?? 0) + (tombstones?.discarded ?? 0))} of quarantine`,
    ),
    line(
      'quarantine',
      waiting > 0 ? 'attention' : 'ok',
      `${count(waiting)} wait, ${count(quarantine?.refused ?? 0)} were refused`,
      waiting > 0 ? 'Look at Connections: a key may be missing' : null,
    ),
    ...(textBehind === null ? [] : [searchLine(textBehind, searchSample)]),
    ...(uncounted === null
      ? []
      : [
          line(
            'counts',
            uncounted > 0 ? 'trouble' : 'ok',
            uncounted > 0 ? `${count(uncounted)} of the newest 500 detections are not counted` : 'agree with the newest detections',
            uncounted > 0 ? 'tocsin verify; the detections themselves are there' : null,
          ),
        ]),
    ...(openGaps ?? []).map(({ inlet, fromAt, because }) =>
      line('gap', 'attention', `${inlet} has not listened for ${age(at - fromAt)} (${because})`, 'Look at Connections'),
    ),
    ...organizations.map(({ id, name, currentKeys, retiredKeys, newestConfirmedAt }) => {
      const text = `${name} (${id}): ${currentKeys} current, ${retiredKeys} retired${newestConfirmedAt === null ? '' : `, confirmed ${age(at - newestConfirmedAt)} ago`}`
      return line(
        'keys',
        currentKeys === 0 ? 'attention' : 'ok',
        text,
        currentKeys === 0 ? 'Its deliveries wait in quarantine until a key is known' : null,
      )
    }),
    line('secrets', 'ok', `${secrets.sealed} in the keychain, ${secrets.references} read from where you said; none in the clear`),
  ]
}

function backupLine(history: string, at: number): DoctorLine {
  const backups = listBackups(backupFolder(history))
  const newest = backups[0]
  if (newest === undefined) return line('backups', 'attention', 'none yet', 'tocsin backup, or leave Tocsin running')
  const bytes = backups.reduce((sum, backup) => sum + backup.bytes, 0)
  const isOld = at - newest.madeAt > 3 * dayMs
  const text = `${count(backups.length)}, each verified when it was made, ${megabytes(bytes)}; the newest ${age(at - newest.madeAt)} old, up to delivery ${count(newest.sequence)}`
  const others = heldNowhereElse(backupFolder(history), backups)
  if (others.length > 0) {
    const more = `${text}; ${count(others.length)} of them ${others.length === 1 ? 'holds' : 'hold'} deliveries that the newest does not, and ${others.length === 1 ? 'stays' : 'stay'}: ${others[0]?.name}`
    return line('backups', 'attention', more, 'tocsin restore --from that one brings them back; or delete it')
  }
  return line('backups', isOld ? 'attention' : 'ok', text, isOld ? 'tocsin backup' : null)
}

function permissionsLine(profile: string): DoctorLine {
  if (process.platform === 'win32') return line('permissions', 'ok', 'are those of your folder')
  const history = historyFile(profile)
  const private_ = [
    profile,
    history,
    `${history}-wal`,
    `${history}-shm`,
    markFile(profile),
    startFile(profile),
    backupFolder(history),
    join(profile, 'connection.json'),
  ]
  const open = private_.filter((file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0)
  return open.length === 0
    ? line('permissions', 'ok', 'only you can read the files')
    : line('permissions', 'trouble', `others can read ${open.join(', ')}`, `chmod -R go= ${JSON.stringify(profile)}`)
}

function age(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000))
  if (minutes < 120) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 72 ? `${hours} h` : `${Math.round(hours / 24)} d`
}

function count(value: number): string {
  return value.toLocaleString('en')
}
