import { createIndexing } from './indexing.ts'
import type { Schedule } from './ingest/refresher.ts'
import { createReader, type Reader } from './reader/reader.ts'
import type { Store } from './store/store.ts'

/** What is looked for in the history: read beside the main thread, in an index of words that follows what is received. */
export type Searching = {
  readonly ask: Reader['ask']
  /** There may be something to index. */
  wake(): void
  /** Nobody looks at the history for now. */
  rest(): void
  stop(): Promise<void>
}

export function createSearching(parts: {
  readonly file: string
  /** The program of reader/thread.ts, as built or as it is. */
  readonly thread: URL | string
  readonly textIndex: Store['textIndex']
  readonly schedule: Schedule
  readonly log: { error(text: string, error?: unknown): void }
}): Searching {
  const { file, thread, textIndex, schedule, log } = parts
  const indexing = createIndexing({ textIndex, schedule, onTrouble: (error) => log.error('the index of words is behind', error) })
  const reader = createReader({ file, thread, onTrouble: (detail) => log.error(detail) })
  // What the page asks first is asked of it, and comes soon after the start.
  reader.begin()
  return {
    ask: reader.ask,
    wake: indexing.wake,
    rest: reader.rest,
    stop() {
      indexing.stop()
      return reader.stop()
    },
  }
}
