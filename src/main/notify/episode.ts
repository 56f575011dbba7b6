import type { NotificationId, Silence } from '../../shared/inbox.ts'
import type { Change } from '../ingest/delivery.ts'
import type { QuietLine, ToldLine } from '../store/outbox.ts'
import { compose } from './compose.ts'
import { decide, type Decision, type NotifyContext } from './decide.ts'
import { createGathering } from './gather.ts'
import { createHolding, type Held } from './held.ts'
import type { Ledger } from './ledger.ts'
import type { Notifier, Shown } from './notifier.ts'

/** One notification that grows: what comes while it is up is told by the same one, in its place, with all that it told before. */
export type Episode = {
  hold(held: Held): void
  readonly isUrgent: () => boolean
  /** In one note for all that is held. Answers of how many it told; 0 where nothing is left to tell. Not to be called while one is under way. */
  tell(): number
  /** Calls back at once, or when the note that is under way is on the screen, or is not. */
  whenIdle(task: () => void): void
  /** The user has closed it, or it is over: the next note is a new one, and says only what is new. */
  closed(id: NotificationId): void
  end(): void
}

export function createEpisode(parts: {
  readonly notifier: Pick<Notifier, 'show'>
  readonly ledger: Pick<Ledger, 'quiet' | 'telling'>
  readonly context: () => NotifyContext
  /** Of what no note could name. */
  readonly beyond: Silence
}): Episode {
  const { notifier, ledger, context, beyond } = parts
  const holding = createHolding()
  const gathering = createGathering()
  let id: NotificationId | null = null
  let isTelling = false
  let whenDone: (() => void)[] = []

  function end(): void {
    id = null
    gathering.clear()
  }

  function tell(): number {
    const present = context()
    const told: ToldLine[] = []
    const quiet: QuietLine[] = []
    const forgets: (() => void)[] = []
    let hasSound = false
    let counted = 0
    for (const held of holding.take()) {
      const { change } = held
      // Meanwhile it may have been muted, or the hours have become quiet, or the user has come to look.
      const decision = decideAgain(held, present)
      const line = { ...lineOf(change, decision, present.now), hook: decision.hookId === null ? null : held.hook() }
      if (!decision.show) {
        held.forget()
        quiet.push({ ...line, because: decision.because })
        continue
      }
      counted += 1
      if (gathering.add(change.detection, decision.urgency, change.isBacklog === true)) {
        told.push({ ...line, urgency: decision.urgency })
        hasSound ||= decision.hasSound
        forgets.push(held.forget)
      } else {
        held.forget()
        quiet.push({ ...line, because: beyond })
      }
    }
    ledger.quiet(quiet)
    const gathered = told.length === 0 ? null : gathering.peek()
    if (gathered === null) return counted
    const telling = ledger.telling({ id, at: present.now, urgency: gathered.urgency, lines: told })
    // Where that could not be written, the notification that is there takes it up all the same.
    id = telling.id ?? id
    isTelling = true
    const showing = notifier.show(compose(gathered, { id, hasSound, now: present.now }))
    void showing
      .catch((error: unknown): Shown => ({ kind: 'not-shown', detail: String(error) }))
      .then((shown) => {
        isTelling = false
        telling.ended(shown)
        if (shown.kind === 'not-shown') {
          for (const forget of forgets) forget()
          end()
        }
        const tasks = whenDone
        whenDone = []
        for (const task of tasks) task()
      })
    return counted
  }

  return {
    hold(held) {
      const gone = holding.add(held)
      if (gone === null) return
      gone.forget()
      ledger.quiet([{ ...gone.line, hook: gone.hook(), because: beyond }])
    },
    isUrgent: () => gathering.peek()?.urgency === 'urgent',
    tell,
    whenIdle(task) {
      if (isTelling) whenDone.push(task)
      else task()
    },
    closed(closed) {
      if (closed === id) end()
    },
    end,
  }
}

/** The rule that was found when it came stays, and so does that it was the first of its type; everything else is judged by how it is now. */
function decideAgain({ change, rule }: Held, present: NotifyContext): Decision {
  return decide(change, { ...present, rules: { ...present.rules, ruleOf: () => rule }, postureToldAt: () => null })
}

export function lineOf(change: Change, { rule, hookId }: Decision, at: number): Omit<QuietLine, 'because'> {
  return { sequence: change.transition.sequence, at, rule, hook: hookId }
}
