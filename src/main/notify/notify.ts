import type { Change } from '../ingest/delivery.ts'
import type { Note } from './compose.ts'
import { decide, type NotifyContext } from './decide.ts'
import { createHolding, type Decided } from './holding.ts'

/** Whatever can put a note in front of the user. */
export type Notifier = {
  show(note: Note): void
}

/** Runs `task` after so many milliseconds unless the returned function is called first. */
export type Schedule = (task: () => void, afterMs: number) => () => void

export type Notify = {
  /** To be called after the commit, with the changes of one publish. */
  changed(changes: readonly Change[]): void
  /** Nothing is shown afterwards; what was still gathered stays unread on the timeline. */
  stop(): Promise<void>
}

/** How long changes are gathered after a note. Each window that was needed is followed by a longer one, up to the last. */
export const windowsMs = [2_000, 10_000, 60_000] as const

/** A backlog is told in one note: once nothing more of it has come for this long, and no later than `mostBacklogMs` after its first. */
export const backlogQuietMs = 2_000
export const mostBacklogMs = 30_000

/**
 * Speaks at once when it was quiet before, then gathers: a flood of any size is told in a note at 0 s, 2 s, 12 s, 72 s and
 * one a minute from there. A window in which nothing happened ends the flood. What had waited for us is gathered apart, and told when it is in.
 */
export function createNotify(parts: {
  readonly notifier: Notifier
  readonly context: () => NotifyContext
  /** Once for each change that is news, as soon as it is known what became of it. */
  readonly onDecided: (decided: readonly Decided[]) => void
  readonly schedule: Schedule
}): Notify {
  const { notifier, context, onDecided, schedule } = parts
  const hold = (beyond: 'burst' | 'backlog') => createHolding({ show: (note) => notifier.show(note), context, onDecided, beyond })
  const present = hold('burst')
  let step = 0
  let cancel: (() => void) | null = null
  let stopped = false
  const backlog = hold('backlog')
  let backlogSteps = 0
  let cancelBacklog: (() => void) | null = null
  let isBacklogComing = false

  /** Looks every so often whether more has come; the last look, if not the first quiet one, ends it. */
  function awaitBacklog(): void {
    cancelBacklog = schedule(() => {
      cancelBacklog = null
      if (stopped) return
      backlogSteps += 1
      if (isBacklogComing && backlogSteps * backlogQuietMs < mostBacklogMs) {
        isBacklogComing = false
        awaitBacklog()
        return
      }
      isBacklogComing = false
      backlogSteps = 0
      backlog.tell()
    }, backlogQuietMs)
  }

  function listen(): void {
    cancel = schedule(() => {
      cancel = null
      if (stopped) return
      if (!present.tell()) {
        step = 0
        return
      }
      step = Math.min(step + 1, windowsMs.length - 1)
      listen()
    }, windowsMs[step] ?? windowsMs[2])
  }

  return {
    changed(changes) {
      if (stopped) return
      const quiet: Decided[] = []
      for (const change of changes) {
        const decision = decide(change, context())
        if (decision.show) {
          if (change.isBacklog !== true) present.add(change, decision.urgency)
          else {
            backlog.add(change, decision.urgency)
            isBacklogComing = cancelBacklog !== null
            if (cancelBacklog === null) awaitBacklog()
          }
        } else if (decision.because !== 'unchanged') {
          // Being told the same again is no news, and nobody asks why it was not told.
          quiet.push({ sequence: change.transition.sequence, said: { kind: 'quiet', because: decision.because } })
        }
      }
      if (quiet.length > 0) onDecided(quiet)
      if (cancel === null && present.tell()) listen()
    },
    async stop() {
      stopped = true
      cancel?.()
      cancelBacklog?.()
      cancel = null
      cancelBacklog = null
      present.drop()
      backlog.drop()
    },
  }
}
