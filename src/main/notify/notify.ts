import type { Change } from '../ingest/delivery.ts'
import { compose, type Note } from './compose.ts'
import { decide, type NotifyContext } from './decide.ts'
import { createGathering } from './gather.ts'

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
export function createNotify(parts: { notifier: Notifier; context: () => NotifyContext; schedule: Schedule }): Notify {
  const { notifier, context, schedule } = parts
  const gathering = createGathering()
  let step = 0
  let cancel: (() => void) | null = null
  let stopped = false
  const backlog = createGathering()
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
      const gathered = backlog.take()
      const { enabled, timelineFocused } = context()
      if (gathered !== null && enabled && !timelineFocused) notifier.show(compose(gathered))
    }, backlogQuietMs)
  }

  function speak(): boolean {
    const gathered = gathering.take()
    if (gathered === null) return false
    notifier.show(compose(gathered))
    return true
  }

  function listen(): void {
    cancel = schedule(() => {
      cancel = null
      if (stopped) return
      // The user may have turned notes off, or come to look at the timeline, while they were gathered.
      const { enabled, timelineFocused } = context()
      if (!enabled || timelineFocused) gathering.clear()
      if (!speak()) {
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
      for (const change of changes) {
        const decision = decide(change, context())
        if (!decision.show) continue
        if (change.isBacklog !== true) gathering.add(change.detection, decision.urgency)
        else {
          backlog.add(change.detection, decision.urgency, true)
          isBacklogComing = cancelBacklog !== null
          if (cancelBacklog === null) awaitBacklog()
        }
      }
      if (cancel === null && speak()) listen()
    },
    async stop() {
      stopped = true
      cancel?.()
      cancelBacklog?.()
      cancel = null
      cancelBacklog = null
      gathering.clear()
      backlog.clear()
    },
  }
}
