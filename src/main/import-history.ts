import { stat } from 'node:fs/promises'
import type { Detection, DetectionKey, OrganizationId } from '../shared/detection.ts'
import { archiveLimits } from './export/archive.ts'
import type { CheckImported } from './import/check.ts'
import { readLines } from './import/lines.ts'
import { readLine, type Brought } from './import/read-line.ts'
import { nextTurn, orAborted, pause } from './import/turns.ts'
import { holdYoungGeneration } from './import/young-generation.ts'
import { createTally, type ImportCounts, type Reason, type Remark } from './import/tally.ts'
import type { Change, Checked, Delivery, Keeper } from './ingest/delivery.ts'
import { readToken } from './ingest/token.ts'
import type { CarriedOwn, CarriedTriage } from './store/imported.ts'
import type { Store } from './store/store.ts'

export type ImportProgress = {
  /** Bytes read, of all in the files; a pipe has none to say. */
  readonly read: number
  readonly total: number
  readonly counts: ImportCounts
}

export type ImportReport = {
  readonly counts: ImportCounts
  /** How often what was not taken was not, by why. */
  readonly reasons: Readonly<Partial<Record<Reason, number>>>
  /** The first of them, at most 20. */
  readonly first: readonly Remark[]
  /** Files that were not read to their end, since a line in them has none. */
  readonly cut: readonly string[]
}

/** What was kept before a cancel or a failure stays; the same files can be imported again, and nothing doubles. */
export type Imported = ImportReport &
  ({ readonly kind: 'imported' } | { readonly kind: 'cancelled' } | { readonly kind: 'failed'; readonly detail: string })

export type ImportParts = {
  readonly files: readonly string[]
  readonly check: CheckImported
  /**
   * Whether what a file says of this organization is to be taken where nobody signed it. Asked once for each that is known and comes up, with
   * the rest waiting for the answer.
   */
  readonly takesUnsigned: (organization: OrganizationId) => boolean | Promise<boolean>
  readonly keeper: Pick<Keeper, 'keep'>
  readonly imported: Store['imported']
  readonly now: () => number
  readonly signal: AbortSignal
  readonly onProgress?: (progress: ImportProgress) => void
  /** What the import changed, after each commit: marked as imported, since nobody wants to be notified of old news. */
  readonly onKept?: (changes: readonly Change[]) => void
  /** Detections of which it brought only what their user made of them, after each commit: their deliveries were here already. */
  readonly onCarried?: (detections: readonly Detection[]) => void
  readonly limits?: ImportLimits
  /** In ms from any start. */
  readonly clock?: () => number
}

export type ImportLimits = {
  /** Deliveries, and bytes of their bodies, in one commit: at most, and fewer where it takes longer than this. */
  readonly batch: number
  readonly batchBytes: number
  readonly commitMs: number
  /** Between two commits: for another process that writes, since it waits for ours with pauses of its own. */
  readonly restMs: number
  /** Signatures on the thread pool at a time: what is received meanwhile waits for as many at most. */
  readonly atOnce: number
  /** Of one import in quarantine, which has to have room for what is received. */
  readonly waiting: number
  readonly waitingBytes: number
  readonly longestLine: number
  readonly lookForLineEnd: number
  readonly pipeWriterMs: number
}
export const importLimits: ImportLimits = {
  batch: 500,
  batchBytes: 4 * 1024 * 1024,
  commitMs: 25,
  restMs: 0,
  atOnce: 32,
  waiting: 1_000,
  waitingBytes: 8 * 1024 * 1024,
  longestLine: archiveLimits.longestLine,
  lookForLineEnd: 64 * 1024 * 1024,
  pipeWriterMs: 30_000,
}

/** Longest that lines are read one after the other before others have a turn. */
const stretchMs = 8

/** Smaller ones would cost more than they spare. */
const smallestBatch = 32

/** The detection that lines of an archive say they are about. */
type About = { readonly key: DetectionKey; readonly triage: CarriedTriage | null; readonly own: CarriedOwn | null }
type Item = {
  readonly file: string
  readonly line: number
  readonly delivery: Delivery
  readonly isCalledLate: boolean
  readonly about: About | null
}
/** `isUnwanted`: it would be believed, but nobody signed it, and nobody said that this is enough. */
type Checking = { readonly item: Item; readonly checked: Checked; readonly isUnwanted: boolean }

/**
 * Brings archives and files of raw tokens into the history, by the same check that everything passes. What a file says of a delivery is
 * believed only where it says less than the check. Resolves when it is through, was cancelled, or the history or a file failed.
 */
export async function importHistory(parts: ImportParts): Promise<Imported> {
  const { files, signal, now } = parts
  const limits = parts.limits ?? importLimits
  const clock = parts.clock ?? (() => performance.now())
  const mayBeUnsigned = new Map<OrganizationId, Promise<boolean>>()
  const tally = createTally()
  const cut: string[] = []
  const report = (): ImportReport => ({ counts: tally.counts(), reasons: tally.reasons(), first: tally.first(), cut: [...cut] })
  let total = 0
  let readBefore = 0
  let waiting = 0
  let waitingBytes = 0
  let size = Math.min(limits.batch, smallestBatch)

  async function importFile(file: string): Promise<void> {
    let batch: Item[] = []
    let bytes = 0
    let checking: Promise<readonly Checking[]> | null = null
    const lines = readLines(file, { longest: limits.longestLine, lookFor: limits.lookForLineEnd, writerMs: limits.pipeWriterMs }, signal)
    let readTo = 0
    let turnAt = clock()

    /** While the pool verifies one batch, the one before it is committed and the next one read. */
    async function push(): Promise<void> {
      const next = checkAll(batch)
      // Waited for only after the commit of the one before: a bug in it is heard of then.
      next.catch(() => undefined)
      batch = []
      bytes = 0
      await settle()
      checking = next
    }

    async function settle(): Promise<void> {
      const checked = await checking
      checking = null
      if (checked === null || signal.aborted) return
      const startedAt = clock()
      commit(checked)
      size = nextSize(checked.length, clock() - startedAt)
      parts.onProgress?.({ read: readBefore + readTo, total, counts: tally.counts() })
      await (limits.restMs > 0 ? pause(limits.restMs, signal) : nextTurn())
      turnAt = clock()
    }

    try {
      for (;;) {
        // Many lines come with one read, and none of them lets anybody have a turn.
        if (clock() - turnAt >= stretchMs) {
          await nextTurn()
          turnAt = clock()
        }
        const next = await lines.next()
        if (next.done === true) {
          if (next.value.isCut) cut.push(file)
          break
        }
        const { number: line, bytes: text } = next.value
        readTo = next.value.readTo
        const brought = text === null ? tooLong : readLine(text, { now: now(), issuedAt })
        if (brought === null) continue
        for (const because of brought.malformed) tally.remark('malformed', { file, line, because })
        const about = toAbout(brought)
        for (const one of brought.deliveries) {
          batch.push({ file, line, ...one, about })
          bytes += one.delivery.body.length
          if (batch.length >= size || bytes >= limits.batchBytes) await push()
        }
      }
      if (batch.length > 0) await push()
      await settle()
    } finally {
      await lines.return({ isCut: false })
    }
    readBefore += readTo
  }

  /** Nothing else runs during a commit, neither an answer nor a frame: as many as fit the time that the last ones took. */
  function nextSize(committed: number, tookMs: number): number {
    const fitting = Math.floor((committed * limits.commitMs) / Math.max(tookMs, 0.1))
    return Math.min(limits.batch, Math.max(smallestBatch, Math.min(fitting, size * 2)))
  }

  async function checkAll(items: readonly Item[]): Promise<readonly Checking[]> {
    const all: Checking[] = []
    for (let from = 0; from < items.length && !signal.aborted; from += limits.atOnce)
      all.push(...(await Promise.all(items.slice(from, from + limits.atOnce).map(checkOne))))
    return all
  }

  async function checkOne(item: Item): Promise<Checking> {
    const { delivery, isCalledLate, about } = item
    const checked = await parts.check(delivery, about?.key.organizationId ?? null)
    const { standing, token } = checked
    if (standing.kind !== 'trusted') return { item, checked, isUnwanted: false }
    if (standing.trust === 'unsigned') return { item, checked, isUnwanted: token === null || !(await mayTake(token.organizationId)) }
    const isLate = isCalledLate && standing.trust === 'verified'
    return { item, checked: isLate ? { ...checked, standing: { ...standing, trust: 'late' } } : checked, isUnwanted: false }
  }

  async function mayTake(organization: OrganizationId): Promise<boolean> {
    const asked = mayBeUnsigned.get(organization) ?? Promise.resolve(parts.takesUnsigned(organization))
    mayBeUnsigned.set(organization, asked)
    return orAborted(asked, signal)
  }

  function commit(all: readonly Checking[]): void {
    const worthy = all.filter(isWorthKeeping)
    const kept = worthy.length === 0 ? [] : parts.keeper.keep(worthy.map(({ checked }) => checked))
    const changes: Change[] = []
    const triage = new Map<About, CarriedTriage>()
    const own = new Map<About, CarriedOwn>()
    kept.forEach((one, index) => {
      const { item, checked } = worthy[index] as Checking
      if (one.kind === 'quarantine-full') return tally.count('noRoom')
      if (one.kind === 'duplicate') tally.count('duplicate')
      else tally.count(checked.standing.kind === 'waiting' ? 'waiting' : 'new')
      if (one.kind === 'kept' && one.change !== null) changes.push(one.change)
      const { about } = item
      if (about === null || !isAbout(checked, about.key)) return
      if (about.triage !== null) triage.set(about, about.triage)
      if (about.own !== null) own.set(about, about.own)
    })
    const touched = [...parts.imported.carryTriage([...triage.values()]), ...parts.imported.carryOwn([...own.values()])]
    const carried = new Map(touched.map((detection) => [nameOf(detection), detection]))
    if (changes.length > 0)
      parts.onKept?.(changes.map((change) => ({ ...change, detection: carried.get(nameOf(change.detection)) ?? change.detection })))
    for (const { detection } of changes) carried.delete(nameOf(detection))
    if (carried.size > 0) parts.onCarried?.([...carried.values()])
  }

  function isWorthKeeping({ item: { file, line, delivery }, checked: { standing }, isUnwanted }: Checking): boolean {
    if (isUnwanted) {
      tally.remark('refused', { file, line, because: 'unsigned' })
      return false
    }
    if (standing.kind === 'refused') {
      tally.remark('refused', { file, line, because: standing.because })
      return false
    }
    if (standing.kind === 'trusted') return true
    const hasRoom = waiting < limits.waiting && waitingBytes + delivery.body.length <= limits.waitingBytes
    if (hasRoom) {
      waiting += 1
      waitingBytes += delivery.body.length
    } else tally.count('noRoom')
    return hasRoom
  }

  const letGo = holdYoungGeneration()
  try {
    for (const file of files) total += await sizeOf(file)
    for (const file of files) {
      if (signal.aborted) break
      await importFile(file)
    }
    return { kind: signal.aborted ? 'cancelled' : 'imported', ...report() }
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException
    const detail =
      code === 'ENOENT' && path !== undefined
        ? `There is no file ${path}. What was kept until then is safe; look at its name and its folder, and import again.`
        : `The import came to no end: ${message}. What it kept until then is safe; import the same files again to go on.`
    return { kind: 'failed', detail, ...report() }
  } finally {
    letGo()
  }
}

const tooLong: Brought = { deliveries: [], about: null, malformed: ['line-too-long'] }

function toAbout({ about }: Brought): About | null {
  if (about === null) return null
  const key = { organizationId: about.organizationId, id: about.id }
  const { triage, own } = about
  const carried = triage === undefined || isUntouched(triage) ? null : { key, ...triage, verdictReason: own?.verdictReason ?? null }
  return { key, triage: carried, own: own === undefined ? null : { key, ...own } }
}

function nameOf({ organizationId, id }: DetectionKey): string {
  return JSON.stringify([organizationId, id])
}

/** What every detection begins with: there is nothing to carry over. */
function isUntouched({ state, verdict, labels, snoozedUntil, isUnread }: Omit<CarriedTriage, 'key' | 'verdictReason'>): boolean {
  return state === 'new' && verdict === null && labels.length === 0 && snoozedUntil === null && isUnread
}

/** Whether what is believed of a delivery is about the detection that its line names. */
function isAbout({ token, standing }: Checked, { organizationId, id }: DetectionKey): boolean {
  if (standing.kind !== 'trusted' || standing.content.kind !== 'detection') return false
  return token?.organizationId === organizationId && standing.content.detection.id === id
}

function issuedAt(body: Uint8Array) {
  const token = readToken(body)
  return token.kind === 'token' ? token.facts.issuedAt : null
}

async function sizeOf(file: string): Promise<number> {
  const stats = await stat(file)
  if (stats.isDirectory()) throw new Error(`${file} is a folder`)
  return stats.size
}
