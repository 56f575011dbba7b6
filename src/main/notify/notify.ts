import type { NotificationId } from '../../shared/inbox.ts'
import type { Rule } from '../../shared/rules.ts'
import type { Sequence } from '../../shared/detection.ts'
import type { Change } from '../ingest/delivery.ts'
import type { Schedule } from '../ingest/refresher.ts'
import type { Outbox, QuietLine, Undecided } from '../store/outbox.ts'
import { decide, type Decision, type NotifyContext } from './decide.ts'
import { createEpisode, lineOf, type Episode } from './episode.ts'
import { slim } from './held.ts'
import type { Ledger } from './ledger.ts'
import type { Notifier } from './notifier.ts'
import type { PostureMemory } from './posture-memory.ts'
import { createWindows, windowsMs } from './windows.ts'

export type Notify = {
  /** First of all: what was left undecided when Tocsin ended is told now, in one note, or not at all where it is too old. */
  recover(): void
  /** To be called after the commit, with the changes of one publish. */
  changed(changes: readonly Change[]): void
  /** The user has closed it: what comes next is told in another one. */
  closed(id: NotificationId): void
  /** The computer slept, and no timer ran meanwhile: what was still gathered is told at once, and the episode is over where nothing was. */
  woke(): void
  /** Nothing is shown afterwards; what was still gathered is told after the next start. Waits a moment for what is being shown. */
  stop(): Promise<void>
}

/** A backlog is told in one note: once nothing more of it has come for this long, and no later than `mostBacklogMs` after its first. */
export const backlogQuietMs = 2_000
export const mostBacklogMs = 30_000
/** What was received longer ago than this when Tocsin starts is no news that is worth a notification: it is in the digest. */
export const staleMs = 600_000
/** So many are read at once, so that what arrives is answered meanwhile. */
const recoverAtOnce = 500
const recoverRestMs = 10
const mostStopMs = 1_000

/** What the user, the desktop and the clock say at this moment. */
export type Circumstances = Omit<NotifyContext, 'now' | 'postureToldAt' | 'lowerMs'>

/**
 * Decides once about each change, speaks at once when it was quiet before, then gathers: see `createWindows`. One note grows in its place, and
 * says all of its episode. What is urgent is not kept waiting for a flood to end: where no note of it was urgent yet, one is told within two
 * seconds. What had waited for us is gathered apart, and told when it is in.
 */
export function createNotify(parts: {
  readonly notifier: Pick<Notifier, 'show'>
  readonly outbox: Pick<Outbox, 'undecided' | 'lowerMs'>
  readonly ledger: Ledger
  readonly postures: PostureMemory
  readonly circumstances: () => Circumstances
  /** What was left could not be read: the next start tries again. */
  readonly onTrouble: (error: unknown) => void
  readonly now: () => number
  readonly schedule: Schedule
}): Notify {
  const { notifier, outbox, ledger, postures, circumstances, onTrouble, now, schedule } = parts
  const context = (): NotifyContext => ({ ...circumstances(), now: now(), postureToldAt: postures.toldAt, lowerMs })
  const present = createEpisode({ notifier, ledger, context, beyond: 'burst' })
  const windows = createWindows()
  /** `forMs` is 0 once its time is over, and it waits only for the desktop. */
  let window: { readonly forMs: number; readonly cancel: () => void } | null = null
  const backlog = createEpisode({ notifier, ledger, context, beyond: 'backlog' })
  let backlogSteps = 0
  let cancelBacklog: (() => void) | null = null
  let isBacklogComing = false
  /** What comes while that of before is still read. */
  let meanwhile: Change[] | null = null
  let cancelRecovery: (() => void) | null = null
  let isStopped = false

  function lowerMs({ transition }: Change): number | null {
    try {
      return outbox.lowerMs(transition.sequence)
    } catch {
      // That it cannot be read is no reason to keep quiet what is urgent.
      return null
    }
  }

  /** Looks every so often whether more has come; the last look, if not the first quiet one, ends it. */
  function awaitBacklog(): void {
    cancelBacklog = schedule(() => {
      cancelBacklog = null
      backlogSteps += 1
      if (isBacklogComing && backlogSteps * backlogQuietMs < mostBacklogMs) {
        isBacklogComing = false
        awaitBacklog()
        return
      }
      isBacklogComing = false
      backlogSteps = 0
      backlog.whenIdle(() => {
        if (isStopped) return
        backlog.tell()
        // The next one is another backlog, and so is its note.
        backlog.whenIdle(backlog.end)
      })
    }, backlogQuietMs)
  }

  function listen(forMs: number): void {
    const cancel = schedule(() => {
      window = { forMs: 0, cancel }
      // What a slow desktop still shows is shown first; all that came until then is told in one.
      present.whenIdle(() => {
        if (isStopped) return
        window = null
        const told = present.tell()
        if (told > 0) listen(windows.next(told))
        else present.end()
      })
    }, forMs)
    window = { forMs, cancel }
  }

  function tellPresent(): void {
    if (window !== null) return
    const told = present.tell()
    if (told > 0) listen(windows.first(told))
  }

  /** A note that is not urgent yet becomes so soon; by the length of the window, since a clock that is set says nothing of when it ends. */
  function hurry(): void {
    if (window === null || window.forMs <= windowsMs[0]) return
    window.cancel()
    listen(windowsMs[0])
  }

  function take(changes: readonly Change[], hold: (change: Change) => Episode, isStale: (change: Change) => boolean): void {
    const at = context()
    const matched: { rule: Rule | null } = { rule: null }
    const ruleOf: NotifyContext['rules']['ruleOf'] = (change, moment) => (matched.rule = at.rules.ruleOf(change, moment))
    const watched: NotifyContext = { ...at, rules: { ...at.rules, ruleOf } }
    const quiet: QuietLine[] = []
    let isUrgent = false
    for (const change of changes) {
      matched.rule = null
      const decision: Decision = decide(change, watched)
      if (!decision.show) quiet.push({ ...lineOf(change, decision, at.now), because: decision.because })
      else if (isStale(change)) quiet.push({ ...lineOf(change, decision, at.now), because: 'stale' })
      else {
        const { kind, type } = change.detection
        const forget = kind === 'posture' ? postures.told(type, at.now) : () => {}
        const episode = hold(change)
        const { hookId } = decision
        episode.hold({
          change: slim(change),
          urgency: decision.urgency,
          rule: matched.rule,
          line: lineOf(change, decision, at.now),
          hook: hookId === null ? () => null : ledger.ahead({ sequence: change.transition.sequence, at: at.now, hook: hookId }),
          forget,
        })
        isUrgent ||= episode === present && decision.urgency === 'urgent'
      }
    }
    ledger.quiet(quiet)
    if (isUrgent && !present.isUrgent()) hurry()
  }

  function episodeOf(change: Change): Episode {
    if (change.isBacklog !== true) return present
    isBacklogComing = cancelBacklog !== null
    if (cancelBacklog === null) awaitBacklog()
    return backlog
  }

  function readLeft(after: Sequence | null): Undecided {
    try {
      return outbox.undecided(after, recoverAtOnce)
    } catch (error) {
      // It is no reason to keep quiet what comes now.
      onTrouble(error)
      return { changes: [], unreadable: [], next: null }
    }
  }

  function recover(after: Sequence | null, newcomers: Change[]): void {
    const { changes: page, unreadable, next } = readLeft(after)
    const known = new Set(newcomers.map(({ transition }) => transition.sequence))
    const left = page.filter(({ transition }) => !known.has(transition.sequence))
    // Otherwise it would be read at every start.
    ledger.quiet(unreadable.map((sequence) => ({ sequence, at: now(), because: 'unreadable', rule: null, hook: null })))
    take(
      left,
      () => present,
      ({ transition }) => now() - Date.parse(transition.receivedAt) > staleMs,
    )
    if (next !== null) {
      cancelRecovery = schedule(() => recover(next, newcomers), recoverRestMs)
      return
    }
    meanwhile = null
    tellPresent()
    changed(newcomers)
  }

  function changed(changes: readonly Change[]): void {
    if (isStopped || changes.length === 0) return
    if (meanwhile !== null) {
      meanwhile.push(...changes)
      return
    }
    take(changes, episodeOf, () => false)
    tellPresent()
  }

  return {
    recover() {
      meanwhile = []
      recover(null, meanwhile)
    },
    changed,
    closed(id) {
      present.closed(id)
    },
    woke() {
      // One whose time is over waits for the desktop already: it would be told twice at once.
      if (window === null || window.forMs === 0) return
      window.cancel()
      listen(0)
    },
    async stop() {
      isStopped = true
      window?.cancel()
      cancelBacklog?.()
      cancelRecovery?.()
      await new Promise<void>((resolve) => {
        const cancel = schedule(resolve, mostStopMs)
        present.whenIdle(() =>
          backlog.whenIdle(() => {
            cancel()
            resolve()
          }),
        )
      })
      ledger.stop()
    },
  }
}
