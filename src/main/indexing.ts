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
/** Of what is older than an index: only that is written. */
const sliceOlder = 128
/** Before a slice: time for what arrives. */
const restMs = 20
/** Between what a slice commits, and what merges it. */
const pauseMs = 10
/** So many rests more while deliveries keep coming: those who wait for an answer come first, and yet the index never stands still. */
const mostRests = 25
/** After what could not be written, as on a full disk. Searches look at what is not indexed by themselves. */
const troubleMs = 10_000

export function createIndexing(parts: {
  readonly textIndex: Pick<TextIndex, 'catchUp' | 'fill' | 'merge'>
  readonly schedule: Schedule
  readonly onTrouble: (error: unknown) => void
  /** Nothing is left to index, for now. */
  readonly onCaughtUp?: () => void
}): Indexing {
  const { textIndex, schedule, onTrouble, onCaughtUp } = parts
  let cancel: (() => void) | null = null
  let isStopped = false
  let isWoken = false
  let rests = 0
  let hasMore = false
  /** What a slice wrote is merged before the next: otherwise searches would look through more and more parts of the index. */
  let isMerged = true

  function plan(afterMs: number): void {
    if (isStopped) return
    cancel ??= schedule(() => {
      cancel = null
      if (isMerged && isWoken && rests < mostRests) rest()
      else slice()
    }, afterMs)
  }

  function rest(): void {
    rests += 1
    isWoken = false
    plan(restMs)
  }

  function slice(): void {
    rests = 0
    isWoken = false
    try {
      if (!isMerged) isMerged = textIndex.merge()
      else {
        // What is new comes first: what is old can be found without.
        hasMore = !textIndex.catchUp(sliceDeliveries) || !textIndex.fill(sliceOlder)
        isMerged = false
      }
      if (hasMore || !isMerged) plan(pauseMs)
      else onCaughtUp?.()
    } catch (error) {
      onTrouble(error)
      plan(troubleMs)
    }
  }

  return {
    wake() {
      isWoken = cancel !== null
      hasMore = true
      plan(restMs)
    },
    stop() {
      isStopped = true
      cancel?.()
      cancel = null
    },
  }
}
