import { parentPort, workerData } from 'node:worker_threads'
import { contentOf } from '../ingest/content-of.ts'
import { openStore, type Store } from '../store/store.ts'
import { answer, stopPlace, type Asked, type ReaderData, type Told } from './questions.ts'

/** The other thread: a read-only connection of its own, asked one question at a time. Never written to, and closed before the thread ends. */
const { file, turns } = workerData as ReaderData
const newest = new Int32Array(turns)
let current: Pick<Asked, 'lane' | 'turn'> | null = null
let store: Store | null = null

function isWanted(): boolean {
  return current === null || Atomics.load(newest, current.lane) === current.turn
}

const tell = (told: Told): void => parentPort?.postMessage(told)

function open(): Store | null {
  // For a question that is no longer wanted a minute passes between two looks at the clock, so that its time is over at the next.
  let minutes = 0
  const clock = (): number => {
    if (!isWanted()) minutes += 1
    return performance.now() + minutes * 60_000
  }
  const opened = openStore({ file, readOnly: true, contentOf, now: Date.now, clock })
  if (opened.kind === 'opened') return opened.store
  tell({ kind: 'not-opened', detail: opened.detail })
  return null
}

parentPort?.on('message', (asked: Asked | 'close') => {
  if (asked === 'close') {
    store?.close()
    store = null
    parentPort?.close()
    return
  }
  if (Atomics.load(newest, stopPlace) !== 0) return tell({ kind: 'failed', id: asked.id, detail: 'the reader is stopping' })
  current = asked
  try {
    store ??= open()
    if (store === null) tell({ kind: 'failed', id: asked.id, detail: 'the history could not be opened for reading' })
    else tell({ kind: 'answered', id: asked.id, value: answer(store, asked.name, asked.argument as never) })
  } catch (error) {
    tell({ kind: 'failed', id: asked.id, detail: error instanceof Error ? error.message : String(error) })
  }
  current = null
})
