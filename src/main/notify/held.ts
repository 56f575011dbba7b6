import type { Change } from '../ingest/delivery.ts'
import type { HookId } from '../../shared/hooks.ts'
import type { Rule } from '../../shared/rules.ts'
import type { QuietLine } from '../store/outbox.ts'
import type { Urgency } from './notifier.ts'

/** A change that is to be told, until it is. */
export type Held = {
  /** Without what may be large: its rule was found when it came. */
  readonly change: Change
  readonly urgency: Urgency
  /** The user's rule that was the first to match it. */
  readonly rule: Rule | null
  /** What is written of it where no note can name it, but for its hook. */
  readonly line: Omit<QuietLine, 'because' | 'hook'>
  /** Where its line has to send it, to be asked when that is made. */
  readonly hook: () => HookId | null
  /** To be called where it is not told after all. */
  readonly forget: () => void
}

export type Holding = {
  /** Answers what has to go for it, where there are too many: one that is not urgent, if any is not. */
  add(held: Held): Held | null
  readonly size: () => number
  /** In the order in which they came. */
  take(): readonly Held[]
}

/** Twice what a note tells apart: beyond it, a note says that there was more. */
export const mostHeld = 20_000

export function createHolding(most = mostHeld): Holding {
  const urgent = new Set<Held>()
  const normal = new Set<Held>()
  return {
    add(held) {
      const own = held.urgency === 'urgent' ? urgent : normal
      own.add(held)
      if (urgent.size + normal.size <= most) return null
      const [oldest] = normal
      const gone = own === urgent && oldest !== undefined ? oldest : held
      normal.delete(gone)
      urgent.delete(gone)
      return gone
    },
    size: () => urgent.size + normal.size,
    take() {
      const taken = [...urgent, ...normal].sort((one, other) => one.change.transition.sequence - other.change.transition.sequence)
      urgent.clear()
      normal.clear()
      return taken
    },
  }
}

/** What a decision that was made already, and a note, still need of it. */
export function slim(change: Change): Change {
  const { detection, transition } = change
  return {
    ...change,
    detection: { ...detection, metadata: {}, extra: {}, tactics: [], techniques: [], frameworks: [] },
    // That its confidence rose is what makes it worth telling.
    transition: { ...transition, changes: transition.changes.filter(({ field }) => field === 'confidence') },
  }
}
