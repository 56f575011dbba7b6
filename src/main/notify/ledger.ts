import type { HookId } from '../../shared/hooks.ts'
import type { NotificationId } from '../../shared/inbox.ts'
import type { Schedule } from '../ingest/refresher.ts'
import type { Ahead, Intent, Outbox, QuietLine } from '../store/outbox.ts'
import type { Shown } from './notifier.ts'

/**
 * Writes down what was decided. What is told is written before it is shown; where that is impossible, as on a full disk, it is told all the
 * same, and written when there is room again. What is kept quiet is written after the answer to its sender, many in one commit: what a crash
 * loses of that is still in the outbox, and is decided about anew.
 */
export type Ledger = {
  quiet(lines: readonly QuietLine[]): void
  /**
   * What is held goes to its hook soon, since it may be told minutes later. To be asked when its line is made: where that has to send it after
   * all. After a crash, or a stop, it is decided about anew and goes again, by the same name.
   */
  ahead(send: Ahead): () => HookId | null
  telling(intent: Intent): Telling
  /** Writes what is left. */
  stop(): void
}
export type Telling = {
  /** null where it could not be written that it is about to be told. */
  readonly id: NotificationId | null
  ended(shown: Shown): void
}

/** A batch takes some milliseconds, so that an answer to SlashID never waits longer than that. */
export const batchLines = 500
/** Until a batch is written: what comes meanwhile shares its commit. */
export const restMs = 200
/** After what could not be written. */
export const troubleMs = 10_000
/** Beyond so many that could not be written, the oldest stay in the outbox until the next start. */
export const mostWaiting = 20_000

/** Told, and not written yet, or not how it ended. */
type Owed = { intent: Intent | null; id: NotificationId | null; shown: Shown | null }

export function createLedger(parts: {
  readonly outbox: Pick<Outbox, 'quiet' | 'ahead' | 'telling' | 'shown' | 'notShown'>
  /** There is more to read. */
  readonly onWritten: () => void
  /** At each failure; it is tried again. */
  readonly onTrouble: (error: unknown) => void
  readonly schedule: Schedule
}): Ledger {
  const { outbox, onWritten, onTrouble, schedule } = parts
  const waiting: QuietLine[] = []
  const sends = new Set<Ahead & { isSent: boolean }>()
  let owed: Owed[] = []
  let cancel: (() => void) | null = null
  let isStopped = false

  function plan(afterMs: number): void {
    if (isStopped) return
    cancel ??= schedule(() => {
      cancel = null
      if (attempt(writeSome) === null) plan(troubleMs)
      else if (waiting.length > 0 || sends.size > 0) plan(restMs)
    }, afterMs)
  }

  function writeSome(): void {
    for (const one of [...owed]) settle(one)
    const batch = waiting.slice(0, batchLines)
    if (batch.length > 0) {
      outbox.quiet(batch)
      waiting.splice(0, batch.length)
      onWritten()
    }
    const leaving = [...sends].slice(0, batchLines)
    if (leaving.length === 0) return
    outbox.ahead(leaving)
    for (const send of leaving) {
      send.isSent = true
      sends.delete(send)
    }
    onWritten()
  }

  /** As much of it as is known by now. */
  function settle(one: Owed): void {
    if (one.intent !== null) {
      one.id = outbox.telling(one.intent)
      one.intent = null
    }
    if (one.shown === null || one.id === null) return
    if (one.shown.kind === 'shown') outbox.shown(one.id, one.shown.nativeId, one.shown.service)
    else outbox.notShown(one.id)
    owed = owed.filter((other) => other !== one)
    onWritten()
  }

  /** null where it failed. */
  function attempt(work: () => void): true | null {
    try {
      work()
      return true
    } catch (error) {
      onTrouble(error)
      bound()
      return null
    }
  }

  function bound(): void {
    waiting.splice(0, Math.max(0, waiting.length - mostWaiting))
    let lines = 0
    owed = owed
      .reverse()
      .filter(({ intent }) => (lines += intent?.lines.length ?? 1) <= mostWaiting)
      .reverse()
  }

  return {
    quiet(lines) {
      for (const line of lines) {
        // A file may bring millions, faster than lines are written, and the log keeps no more of them than these.
        if (line.because !== 'imported' || waiting.length < mostWaiting) waiting.push(line)
      }
      if (waiting.length > 0) plan(restMs)
    },

    ahead(wanted) {
      const send = { ...wanted, isSent: false }
      // Beyond them the line sends it.
      if (sends.size < mostWaiting) sends.add(send)
      plan(restMs)
      return () => {
        sends.delete(send)
        return send.isSent ? null : send.hook
      }
    },

    telling(intent) {
      const one: Owed = { intent, id: null, shown: null }
      owed.push(one)
      if (attempt(() => settle(one)) === null) plan(troubleMs)
      else onWritten()
      return {
        id: one.id,
        ended(shown) {
          one.shown = shown
          // What could not be written a moment ago waits for its turn.
          if (one.intent !== null) return
          if (attempt(() => settle(one)) === null) plan(troubleMs)
        },
      }
    },

    stop() {
      isStopped = true
      cancel?.()
      // It is still undecided, and goes after the next start.
      sends.clear()
      attempt(() => {
        do writeSome()
        while (waiting.length > 0)
      })
    },
  }
}
