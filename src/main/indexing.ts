import type { Schedule } from './ingest/refresher.ts'
import type { TextIndex } from './store/text-index.ts'

/** Lets the index of words follow the deliveries, a little at a time, and never while deliveries could be waiting for it. */
export type Indexing = {
  /** There may be something to index. */
  wake(): void
  stop(): void
}

/** A slice takes a few milliseconds, so that an answer to SlashID never waits longer than that. */
const sliceDeliveries = 64
/** Between two slices: time for what arrives. */
const restMs = 20
/** After what could not be written, as on a full disk. Searches look at what is not indexed by themselves. */
const troubleMs = 10_000

export function createIndexing(parts: {
  readonly textIndex: Pick<TextIndex, 'catchUp'>
  readonly schedule: Schedule
  readonly onTrouble: (error: unknown) => void
}): Indexing {
  const { textIndex, schedule, onTrouble } = parts
  let cancel: (() => void) | null = null
  let isStopped = false

  function plan(afterMs: number): void {
    if (isStopped) return
    cancel ??= schedule(() => {
      cancel = null
      slice()
    }, afterMs)
  }

  function slice(): void {
    try {
      if (!textIndex.catchUp(sliceDeliveries)) plan(restMs)
    } catch (error) {
      onTrouble(error)
      plan(troubleMs)
    }
  }

  return {
    wake: () => plan(restMs),
    stop() {
      isStopped = true
      cancel?.()
      cancel = null
    },
  }
}
