import type { RetentionApplied, RetentionChoice, RetentionHealth, RetentionReport } from '../../shared/care.ts'
import { toInstant } from '../ingest/instant.ts'
import type { Schedule } from '../ingest/refresher.ts'
import type { Retention } from '../store/retention.ts'
import { applyRetention, previewRetention, type RetentionWish } from './retention.ts'

/** Retention as the user chose it: once when asked, and every day where that was chosen. One run at a time. */
export type RetentionRuns = {
  start(): void
  /** What would go. A later one makes an earlier one end early. */
  preview(choice: RetentionChoice): Promise<RetentionReport>
  /** Never rejects. */
  apply(choice: RetentionChoice): Promise<RetentionApplied>
  /** Ends a run between two of its slices. */
  stop(): Promise<void>
}

const dayMs = 24 * 60 * 60 * 1000
/** A start is no time for it. */
const startDelayMs = 10 * 60 * 1000

export function createRetentionRuns(parts: {
  readonly retention: Retention
  /** What goes every day; null: nothing. */
  readonly daily: () => RetentionChoice | null
  readonly onHealth: (health: RetentionHealth) => void
  /** Detections are gone. */
  readonly onGone: () => void
  readonly now: () => number
  readonly schedule: Schedule
}): RetentionRuns {
  const { retention, daily, onHealth, onGone, now, schedule } = parts
  const ending = new AbortController()
  let previewing = new AbortController()
  let running: Promise<unknown> = Promise.resolve()
  let cancel: (() => void) | null = null

  function plan(afterMs: number): void {
    cancel = schedule(() => {
      const choice = daily()
      void (choice === null ? null : apply(choice))
      plan(dayMs)
    }, afterMs)
  }

  function apply(choice: RetentionChoice): Promise<RetentionApplied> {
    const applied = running.then(() => attempt(choice))
    running = applied
    return applied
  }

  async function attempt(choice: RetentionChoice): Promise<RetentionApplied> {
    if (ending.signal.aborted) return { kind: 'refused', detail: 'Tocsin is quitting. Nothing was changed.' }
    onHealth({ kind: 'running', since: toInstant(now()) })
    try {
      const report = await applyRetention(toWish(choice, now()), { retention, signal: ending.signal })
      onHealth({ kind: 'idle' })
      if (report.goes.length > 0) onGone()
      return { kind: 'applied', report }
    } catch (error) {
      const detail = `Retention ended early (${(error as Error).message}). What went is gone, everything else is as it was, and the history holds. Check the disk; it is tried again within a day.`
      onHealth({ kind: 'failing', at: toInstant(now()), detail })
      onGone()
      return { kind: 'failed', detail }
    }
  }

  return {
    start: () => plan(startDelayMs),
    preview(choice) {
      previewing.abort()
      previewing = new AbortController()
      const { signal } = previewing
      return previewRetention(toWish(choice, now()), { retention, signal })
    },
    apply,
    async stop() {
      ending.abort()
      previewing.abort()
      cancel?.()
      await running
    },
  }
}

/** What lasts is not old, only long: it stays. */
function toWish({ olderThanDays, kinds, maxBytes, keepsNew }: RetentionChoice, at: number): RetentionWish {
  const before = olderThanDays === null ? null : at - olderThanDays * dayMs
  return { before, mostBytes: maxBytes, kinds, keepsNew, keepsOngoing: true }
}
