import { createIndexing } from './indexing.ts'
import type { Schedule } from './ingest/refresher.ts'
import { createReader, searchDamageIn, type Reader } from './reader/reader.ts'
import type { Lane } from './reader/questions.ts'
import { createSearchMending, type SearchMending } from './search-mending.ts'
import { indexesDamagedBy } from './store/search-damage.ts'
import type { Store } from './store/store.ts'
import type { IntegrityHealth } from '../shared/care.ts'

/** What is looked for in the history: read beside the main thread, in an index of words that follows what is received. */
export type Searching = {
  /** Where an index turns out to be damaged, it is begun anew, and asked once more: what it does not hold yet is looked for without it. */
  readonly ask: Reader['ask']
  /** Begins indexes anew that were found to be damaged. */
  readonly mend: SearchMending['mend']
  /** There may be something to index. */
  wake(): void
  /** Nobody looks at the history for now. */
  rest(): void
  /** The clock on the wall is another: what a search says of days goes by it from now on. */
  renew(): void
  stop(): Promise<void>
}

export function createSearching(parts: {
  readonly file: string
  /** The program of reader/thread.ts, as built or as it is. */
  readonly thread: URL | string
  readonly textIndex: Store['textIndex']
  readonly schedule: Schedule
  readonly log: { error(text: string, error?: unknown): void }
  /** What searches go by was damaged, in words. */
  readonly onMending: (health: IntegrityHealth) => void
  readonly now: () => number
}): Searching {
  const { file, thread, textIndex, schedule, log, onMending, now } = parts
  const mending = createSearchMending({ textIndex, onHealth: onMending, now })
  const indexing = createIndexing({
    textIndex,
    schedule,
    onTrouble(error) {
      if (!mend(indexesDamagedBy(error))) log.error('the index of words is behind', error)
    },
    onCaughtUp: mending.caughtUp,
  })
  const reader = createReader({ file, thread, onTrouble: (detail) => log.error(detail) })
  // What the page asks first is asked of it, and comes soon after the start.
  reader.begin()
  const asked = new Map<Lane, number>()

  const mend: Searching['mend'] = (indexes) => {
    const isBegun = mending.mend(indexes)
    if (isBegun) indexing.wake()
    return isBegun
  }

  const ask: Reader['ask'] = async (name, argument, lane) => {
    const turn = (asked.get(lane) ?? 0) + 1
    asked.set(lane, turn)
    const timesBefore = mending.times()
    try {
      return await reader.ask(name, argument, lane)
    } catch (error) {
      const damaged = searchDamageIn(error)
      if (damaged.length === 0) throw error
      // Another question may have met the same damage sooner.
      const isMended = mend(damaged) || mending.times() !== timesBefore
      // Nobody waits for one that another has followed in its lane, which it would end if it came after that.
      if (!isMended || asked.get(lane) !== turn) throw error
      return reader.ask(name, argument, lane)
    }
  }

  return {
    ask,
    mend,
    wake: indexing.wake,
    rest: reader.rest,
    renew: reader.renew,
    stop() {
      indexing.stop()
      return reader.stop()
    },
  }
}
