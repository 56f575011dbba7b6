import { parentPort, workerData } from 'node:worker_threads'
import { contentOf } from '../ingest/content-of.ts'
import { indexesDamagedBy, mendSearchCommand, searchDamageWords } from '../store/search-damage.ts'
import { openStore, type Store } from '../store/store.ts'
import { answer, isInSteps, stopPlace, type Asked, type ReaderData, type Told } from './questions.ts'

/** The other thread: a read-only connection of its own, asked one question at a time. Never written to, and closed before the thread ends. */
const { file, turns } = workerData as ReaderData
const newest = new Int32Array(turns)
/** One question, and the minutes that passed for it alone. */
type Work = { readonly asked: Asked; minutes: number }
let current: Work | null = null
let store: Store | null = null

function isWanted({ lane, turn }: Asked): boolean {
  return Atomics.load(newest, lane) === turn
}

const tell = (told: Told): void => parentPort?.postMessage(told)

function open(): Store | null {
  // For a question that is no longer wanted a minute passes between two looks at the clock, so that its time is over at the next.
  const clock = (): number => {
    if (current !== null && !isWanted(current.asked)) current.minutes += 1
    return performance.now() + (current?.minutes ?? 0) * 60_000
  }
  const opened = openStore({ file, readOnly: true, contentOf, now: Date.now, clock })
  if (opened.kind === 'opened') return opened.store
  tell({ kind: 'not-opened', detail: opened.detail })
  return null
}

/** Under way: each goes on once what was asked meanwhile is answered. */
const underWay = new Set<Generator<void, unknown>>()

parentPort?.on('message', (asked: Asked | 'open' | 'close') => {
  if (asked === 'open') {
    store ??= open()
    return
  }
  if (asked === 'close') {
    for (const steps of underWay) steps.return(undefined)
    underWay.clear()
    store?.close()
    store = null
    parentPort?.close()
    return
  }
  if (Atomics.load(newest, stopPlace) !== 0) return tell({ kind: 'failed', id: asked.id, detail: 'the reader is stopping' })
  const one: Work = { asked, minutes: 0 }
  attend(one, () => {
    store ??= open()
    if (store === null) return tell({ kind: 'failed', id: asked.id, detail: 'the history could not be opened for reading' })
    const answered = answer(store, asked.name, asked.argument as never)
    if (!isInSteps(answered)) return tell({ kind: 'answered', id: asked.id, value: answered })
    underWay.add(answered)
    goOn(one, answered)
  })
})

function goOn(one: Work, steps: Generator<void, unknown>): void {
  if (!underWay.delete(steps)) return
  attend(one, () => {
    const step = steps.next()
    if (step.done === true) return tell({ kind: 'answered', id: one.asked.id, value: step.value })
    underWay.add(steps)
    setImmediate(goOn, one, steps)
  })
}

function attend(one: Work, work: () => void): void {
  current = one
  try {
    work()
  } catch (error) {
    tell(failed(one.asked.id, error))
  }
  current = null
}

function failed(id: number, error: unknown): Told {
  const detail = error instanceof Error ? error.message : String(error)
  const searchDamage = indexesDamagedBy(error)
  if (searchDamage.length === 0) return { kind: 'failed', id, detail }
  const next = `Tocsin makes it anew by itself: search again in a moment. Where that does not help, quit Tocsin and run ${mendSearchCommand}.`
  return { kind: 'failed', id, detail: `${searchDamageWords(searchDamage)} (${detail}). ${next}`, searchDamage }
}
