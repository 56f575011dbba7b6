import { Worker } from 'node:worker_threads'
import { lanes, stopPlace, type Asked, type Lane, type QuestionName, type Questions, type ReaderData, type Told } from './questions.ts'
import type { SearchIndex } from '../store/search-damage.ts'

/** Reads the history beside the main thread, so that nothing that is looked for holds up an answer to SlashID, or a frame. */
export type Reader = {
  /** Starts the thread and opens the history there, so that the first question does not wait for it. */
  begin(): void
  /**
   * A later question of the same lane makes an earlier one end early: that one is answered with what it had found by then. Rejects where
   * the thread failed, which is started again by the next question, or where the answer did: `searchDamageIn` tells of one cause.
   */
  ask<N extends QuestionName>(name: N, argument: Questions[N]['argument'], lane: Lane): Promise<Questions[N]['answer']>
  /** Nobody looks for now: the thread ends, and what it held is free, until the next question starts another. */
  rest(): void
  /** The clock on the wall is another: a thread keeps the time zone it began with, so the next question that finds nothing under way starts one. */
  renew(): void
  /**
   * What is under way is answered with what it found; what has not been begun is not answered. Closes the other connection, then ends the
   * thread, and waits a quarter of a second for that.
   */
  stop(): Promise<void>
}

/** What is under way ends with its next look at the clock. Where that takes longer, nobody waits: the thread reads only, and ends by itself. */
const stopMs = 250

type Waiting = { readonly resolve: (value: never) => void; readonly reject: (error: Error) => void }

/** Which indexes of searches are damaged, by what `ask` rejected with; empty where that has another cause. */
export function searchDamageIn(rejection: unknown): readonly SearchIndex[] {
  return (rejection as { readonly searchDamage?: readonly SearchIndex[] }).searchDamage ?? []
}

/** `thread` is the program of thread.ts, as built or as it is. */
export function createReader(parts: {
  readonly file: string
  readonly thread: URL | string
  readonly onTrouble: (detail: string) => void
}): Reader {
  const { file, thread, onTrouble } = parts
  const turns = new SharedArrayBuffer((stopPlace + 1) * Int32Array.BYTES_PER_ELEMENT)
  const newest = new Int32Array(turns)
  const waiting = new Map<number, Waiting>()
  let worker: Worker | null = null
  let ended: Promise<void> = Promise.resolve()
  let ids = 0
  let isStopping = false
  let isStale = false

  function start(): Worker {
    const started = new Worker(thread, { workerData: { file, turns } satisfies ReaderData, name: 'reader' })
    started.on('message', (told: Told) => {
      if (told.kind === 'not-opened') return onTrouble(told.detail)
      const one = waiting.get(told.id)
      waiting.delete(told.id)
      if (told.kind === 'answered') one?.resolve(told.value as never)
      else one?.reject(Object.assign(new Error(told.detail), { searchDamage: told.searchDamage ?? [] }))
    })
    started.on('error', (error) => onTrouble(`the reader failed: ${error.message}`))
    const before = ended
    const end = new Promise<void>((resolve) => {
      started.once('exit', (code) => {
        resolve()
        // One that was sent to rest owes no answer; what waits by now is asked of the next.
        if (worker !== started) return
        worker = null
        for (const { reject } of waiting.values()) reject(new Error(`the reader ended with ${code}`))
        waiting.clear()
      })
    })
    ended = Promise.all([before, end]).then(() => undefined)
    return started
  }

  function rest(): void {
    if (isStopping || worker === null || waiting.size > 0) return
    worker.postMessage('close')
    worker = null
    isStale = false
  }

  return {
    begin() {
      if (isStopping) return
      worker ??= start()
      worker.postMessage('open')
    },
    ask(name, argument, lane) {
      if (isStopping) return Promise.reject(new Error('the reader is stopping'))
      if (isStale) rest()
      worker ??= start()
      const place = lanes.indexOf(lane)
      const id = (ids += 1)
      const turn = Atomics.add(newest, place, 1) + 1
      const asked: Asked = { id, name, argument, lane: place, turn }
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        worker?.postMessage(asked)
      })
    },
    rest,
    renew: () => void (isStale = worker !== null),
    async stop() {
      isStopping = true
      // What is under way is not wanted any more; a thread that is ended with an open history could take the process with it.
      for (let lane = 0; lane < lanes.length; lane += 1) Atomics.add(newest, lane, 1)
      Atomics.store(newest, stopPlace, 1)
      worker?.postMessage('close')
      let timer: NodeJS.Timeout | undefined
      await Promise.race([ended, new Promise<void>((resolve) => (timer = setTimeout(resolve, stopMs)))])
      clearTimeout(timer)
      worker?.unref()
      for (const { reject } of waiting.values()) reject(new Error('the reader is stopping'))
      waiting.clear()
    },
  }
}
