import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { IntegrityHealth } from '../../shared/care.ts'
import type { Instant } from '../../shared/detection.ts'
import type { HistoryFiles } from './history-files.ts'
import { toInstant } from '../ingest/instant.ts'
import { readSmallFile } from '../profile.ts'
import { backupFolder, listBackups, syncFolder } from '../store/backup-folder.ts'
import { indexesFoundDamaged, type SearchIndex } from '../store/search-damage.ts'

/** A start that has not been followed by a stop yet, as long as its process runs; else the last end was none. */
export type OpenStart = { readonly pid: number; readonly startedAt: Instant }

const schema = z.object({ pid: z.int().positive().max(0x7fffffff), startedAt: z.iso.datetime().transform((text) => text as Instant) })
const mostBytes = 1024
/** At ten million deliveries, with room. */
const mostCheckMs = 30 * 60 * 1000

export function startFile(profile: string): string {
  return join(profile, 'history.open')
}

export function readStart(profile: string): OpenStart | null {
  const text = readSmallFile(startFile(profile), mostBytes)
  if (text === null) return null
  try {
    const parsed = schema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : unreadable
  } catch {
    return unreadable
  }
}

/** Torn by the very end that it tells of. */
const unreadable: OpenStart = { pid: 0x7fffffff, startedAt: toInstant(0) }

export type EndWatch = {
  /** Notes that the history is open. Where the last end was none, looks at the history in another process and tells. Holds up nothing. */
  start(): void
  /** Ends a look. To be called before the history is closed, so that nobody else has it open. */
  stopLooking(): Promise<void>
  /** To be called when the history is closed: from now on an end is orderly. A look that was cut short is begun again at the next start. */
  stop(): Promise<void>
}

export function createEndWatch(parts: {
  readonly profile: string
  readonly history: string
  readonly files: HistoryFiles
  readonly now: () => number
  readonly onHealth: (health: IntegrityHealth) => void
  /** Nothing but these is damaged. */
  readonly onSearchDamage: (indexes: readonly SearchIndex[]) => void
}): EndWatch {
  const { profile, history, files, now, onHealth, onSearchDamage } = parts
  const ending = new AbortController()
  let looking: Promise<void> = Promise.resolve()
  let isCutShort = false

  async function look(): Promise<void> {
    const startedAt = now()
    onHealth({ kind: 'checking', startedAt: toInstant(startedAt) })
    const checked = await files.check(history, { depth: 'quick', mostMs: mostCheckMs, signal: ending.signal })
    const at = toInstant(now())
    switch (checked.kind) {
      case 'cancelled':
        isCutShort = true
        return
      case 'sound':
        return onHealth({ kind: 'checked', at, tookMs: now() - startedAt })
      case 'damaged': {
        const indexes = indexesFoundDamaged(checked.findings)
        if (indexes.length === 0)
          return onHealth({ kind: 'damaged', at, findings: checked.findings, detail: damaged(checked.findings[0] ?? '', history) })
        onHealth({ kind: 'checked', at, tookMs: now() - startedAt })
        return onSearchDamage(indexes)
      }
      case 'partial':
        return onHealth({
          kind: 'unknown',
          at,
          detail: `${checked.done} of ${checked.of} tables are in order; then the time ran out. ${byHand}`,
        })
      case 'failed':
        return onHealth({ kind: 'unknown', at, detail: `The history could not be looked at (${checked.detail}). ${byHand}` })
    }
  }

  async function stopLooking(): Promise<void> {
    ending.abort()
    await looking
  }

  return {
    start() {
      const isUnclean = readStart(profile) !== null
      try {
        write(profile, { pid: process.pid, startedAt: toInstant(now()) })
      } catch (error) {
        // A full disk is no reason not to start: what is there of it may not be enough to tell the next start how this one ended.
        onHealth({
          kind: 'unknown',
          at: toInstant(now()),
          detail: `How Tocsin ends cannot be noted (${(error as Error).message}). ${byHand}`,
        })
      }
      if (isUnclean) looking = look()
    },
    stopLooking,
    async stop() {
      await stopLooking()
      if (!isCutShort) rmSync(startFile(profile), { force: true })
    },
  }
}

const byHand = 'Deliveries are received and kept. To look again: tocsin doctor.'

function damaged(finding: string, history: string): string {
  const next =
    listBackups(backupFolder(history)).length > 0
      ? 'Save what can be read with tocsin export --format ndjson. Then quit Tocsin and run tocsin restore: it sets the damaged files aside and puts the newest backup in their place. What came since that backup is in the saved file: tocsin import.'
      : 'There is no backup yet. Quit Tocsin and copy its profile folder elsewhere; then tocsin verify says what still holds, and tocsin export saves what can be read.'
  return `Tocsin did not end in order, and the history is damaged (${finding}). Deliveries are still kept where that is possible. ${next}`
}

/** Overwritten in place: half of it still says that the history was open. */
function write(profile: string, start: OpenStart): void {
  const file = startFile(profile)
  const handle = openSync(file, 'w', 0o600)
  try {
    writeSync(handle, `${JSON.stringify(start)}\n`)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  syncFolder(dirname(file))
}
