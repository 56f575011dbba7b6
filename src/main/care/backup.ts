import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { BackupHealth } from '../../shared/care.ts'
import type { Instant } from '../../shared/detection.ts'
import { listBackups, moveDurably, noRoomFor, prepareFolder, removeUnfinished, unfinishedFile } from '../store/backup-folder.ts'
import { checkCopy } from './check-copy.ts'
import type { HistoryFiles } from './history-files.ts'
import type { Schedule } from '../ingest/refresher.ts'
import { toInstant } from '../ingest/instant.ts'
import { rotateFolder } from '../store/rotate-folder.ts'
import type { SearchIndex } from '../store/search-damage.ts'
import { backupBounds, backupName, type Backup, type BackupBounds } from '../store/rotation.ts'

export type BackupOutcome =
  | {
      readonly kind: 'made'
      readonly backup: Backup
      readonly copyMs: number
      readonly verifyMs: number
      readonly removed: number
      /** Indexes of searches that are damaged in the history; in the backup they are begun anew. */
      readonly searchDamage: readonly SearchIndex[]
    }
  /** `detail` is for people; nothing is left of it, and the backups that were there still are. */
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'nothing-to-back-up' }

export type Backups = {
  /** Makes one as soon as one is due, and then whenever it is. */
  start(): void
  /** Makes one now, or waits for the one that is being made. Never rejects. */
  make(): Promise<BackupOutcome>
  list(): readonly Backup[]
  health(): BackupHealth
  /** Ends one that is being made and leaves nothing of it. */
  stop(): Promise<void>
}

/** Between two of them while the app runs. */
export const backupEveryMs = 24 * 60 * 60 * 1000
/** A start is no time for it, and an app that runs for a minute is not worth it. */
const startDelayMs = 2 * 60 * 1000
const retryMs = 60 * 60 * 1000

export function createBackups(parts: {
  readonly history: string
  readonly folder: string
  readonly files: HistoryFiles
  readonly now: () => number
  readonly schedule: Schedule
  readonly onHealth?: (health: BackupHealth) => void
  /** A copy shows that indexes of searches are damaged in the history: nothing but a search would. */
  readonly onSearchDamage?: (indexes: readonly SearchIndex[]) => void
  readonly bounds?: BackupBounds
}): Backups {
  const { history, folder, files, now, schedule, onHealth, onSearchDamage, bounds = backupBounds } = parts
  const ending = new AbortController()
  let making: Promise<BackupOutcome> | null = null
  let next: (() => void) | null = null
  let trouble: { readonly since: Instant; readonly detail: string } | null = null
  let since: Instant | null = null

  const list = (): readonly Backup[] => listBackups(folder)

  function health(): BackupHealth {
    const newest = list()[0]
    const newestAt = newest === undefined ? null : toInstant(newest.madeAt)
    if (since !== null) return { kind: 'making', since, newestAt }
    return trouble === null ? { kind: 'ok', newestAt } : { kind: 'failing', newestAt, ...trouble }
  }

  function plan(afterMs: number): void {
    next?.()
    // Longer delays than a timer can count are cut short by asking again.
    next = schedule(() => void make(), Math.max(0, Math.min(afterMs, backupEveryMs)))
  }

  function make(): Promise<BackupOutcome> {
    making ??= work().finally(() => (making = null))
    return making
  }

  async function work(): Promise<BackupOutcome> {
    if (ending.signal.aborted) return { kind: 'cancelled' }
    const at = now()
    since = toInstant(at)
    onHealth?.(health())
    let outcome: BackupOutcome
    try {
      outcome = await attempt(at)
    } catch (error) {
      outcome = failed((error as Error).message)
    }
    since = null
    trouble = outcome.kind === 'failed' ? { since: trouble?.since ?? toInstant(at), detail: outcome.detail } : null
    if (!ending.signal.aborted) {
      onHealth?.(health())
      plan(outcome.kind === 'failed' ? retryMs : backupEveryMs)
    }
    return outcome
  }

  async function attempt(madeAt: number): Promise<BackupOutcome> {
    prepareFolder(folder)
    const size =
      (statSync(history, { throwIfNoEntry: false })?.size ?? 0) + (statSync(`${history}-wal`, { throwIfNoEntry: false })?.size ?? 0)
    const noRoom = noRoomFor(size, folder)
    if (noRoom !== null) return failed(noRoom)
    const unfinished = unfinishedFile(folder, madeAt)
    try {
      return await copyAndVerify(madeAt, unfinished)
    } finally {
      removeUnfinished(unfinished)
    }
  }

  async function copyAndVerify(madeAt: number, unfinished: string): Promise<BackupOutcome> {
    const { signal } = ending
    const begunAt = now()
    const copied = await files.copy(history, unfinished, { signal })
    if (copied.kind === 'cancelled') return copied
    if (copied.kind === 'failed') return failed(copied.detail)
    const { sequence } = copied.head
    if (sequence === 0) return { kind: 'nothing-to-back-up' }
    const copiedAt = now()
    const { checked, mended: searchDamage } = await checkCopy(files, unfinished, signal)
    if (checked.kind === 'cancelled') return checked
    if (checked.kind !== 'sound') return failed(`the copy did not pass its check: ${words(checked)}`)
    const { head } = checked
    if (head.databaseId !== copied.head.databaseId || head.sequence !== sequence || head.chainHash !== copied.head.chainHash)
      return failed('the copy does not end where the history ended')

    const name = backupName({ madeAt, sequence, beforeSchema: null })
    moveDurably(unfinished, join(folder, name), folder)
    const removed = rotateFolder(folder, bounds)
    const backup: Backup = { name, madeAt, sequence, beforeSchema: null, bytes: copied.bytes }
    if (searchDamage.length > 0) onSearchDamage?.(searchDamage)
    return { kind: 'made', backup, copyMs: copiedAt - begunAt, verifyMs: now() - copiedAt, removed, searchDamage }
  }

  return {
    start() {
      const newest = list().find(({ beforeSchema }) => beforeSchema === null)
      // One from the future was made by another clock.
      const age = newest === undefined ? Infinity : Math.max(0, now() - newest.madeAt)
      plan(Math.max(startDelayMs, backupEveryMs - age))
    },
    make,
    list,
    health,
    async stop() {
      ending.abort()
      next?.()
      await making
    },
  }
}

function failed(because: string): BackupOutcome {
  return {
    kind: 'failed',
    detail: `No backup was made: ${because}. The history and the backups that are there were not touched. Tocsin tries again within the hour.`,
  }
}

function words(checked: { readonly kind: string; readonly findings?: readonly string[]; readonly detail?: string }): string {
  return checked.findings?.[0] ?? checked.detail ?? checked.kind
}
