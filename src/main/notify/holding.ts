import type { Sequence } from '../../shared/detection.ts'
import type { Said, Silence } from '../../shared/inbox.ts'
import type { Change } from '../ingest/delivery.ts'
import { compose, type Note } from './compose.ts'
import type { NotifyContext, Urgency } from './decide.ts'
import { createGathering } from './gather.ts'

/** What became of one change, named by the delivery that brought it. */
export type Decided = { readonly sequence: Sequence; readonly said: Said }

/** Changes that are to be told, until they are, in one note, or are kept quiet after all. Of each it is said in the end what became of it. */
export type Holding = {
  add(change: Change, urgency: Urgency): void
  /** In one note for all of them. Answers whether there was any, and the user can still be told. */
  tell(): boolean
  /** They will not be told any more. */
  drop(): void
}

/** Changes that are remembered one by one: those of a flood beyond that are no more than counted in the note. */
const mostHeld = 20_000

export function createHolding(parts: {
  readonly show: (note: Note) => void
  readonly context: () => NotifyContext
  readonly onDecided: (decided: readonly Decided[]) => void
  /** Of what no note could name. */
  readonly beyond: Silence
}): Holding {
  const { show, context, onDecided, beyond } = parts
  const gathering = createGathering()
  let held: { readonly sequence: Sequence; readonly urgency: Urgency }[] = []

  function end(saidOf: (urgency: Urgency) => Said): void {
    const decided = held.map(({ sequence, urgency }) => ({ sequence, said: saidOf(urgency) }))
    held = []
    gathering.clear()
    if (decided.length > 0) onDecided(decided)
  }

  return {
    add({ detection, transition: { sequence }, isBacklog = false }, urgency) {
      const isCounted = gathering.add(detection, urgency, isBacklog)
      if (isCounted && held.length < mostHeld) held.push({ sequence, urgency })
      else onDecided([{ sequence, said: { kind: 'quiet', because: beyond } }])
    },

    tell() {
      // The user may have turned notes off, or come to look at the timeline, while they were gathered.
      const { enabled, timelineFocused } = context()
      if (!enabled || timelineFocused) {
        end(() => ({ kind: 'quiet', because: enabled ? 'focused' : 'off' }))
        return false
      }
      const gathered = gathering.take()
      if (gathered === null) return false
      show(compose(gathered))
      end((urgency) => ({ kind: 'told', urgency }))
      return true
    },

    drop: () => end(() => ({ kind: 'quiet', because: beyond })),
  }
}
