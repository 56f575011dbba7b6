import { Worker } from 'node:worker_threads'
import type { HistoryLog } from './store/log.ts'
import type { LogAsked, LogThreadData, LogTold } from './store/log-line.ts'

/** Has the log of the history written back beside the main thread, so that no commit does it while SlashID waits for an answer. */
export type WritingBack = {
  /** What is under way ends first; then the other connection is closed, and its thread ends. */
  stop(): Promise<void>
}

/** 32 MiB: pages that many commits touch are written back once, and what comes meanwhile still fits into a log that need not grow. */
const longLog = 8_000
/** Measured: 1,000 pages take 15 ms, and so much comes with two full commits. */
const littleLeft = 1_000
const lookMs = 250
/** What takes longer is not waited for: commits write the log back themselves. */
const mostMs = 30_000
/** So long a thread stays that has nothing to do, and so long nobody tries again what has failed. */
const restMs = 30_000
/** A pass cannot be interrupted. On a disk that takes longer the history is closed with its log, from which the next start reads. */
const stopMs = 10_000

/** `thread` is the program of store/log-thread.ts, as built or as it is. */
export function createWritingBack(parts: {
  readonly file: string
  readonly thread: URL | string
  readonly log: HistoryLog
  /** Told once when commits have to write the log back themselves. */
  readonly onTrouble: (detail: string) => void
  /** In ms, from any start. */
  readonly clock?: () => number
  /** From how many pages on the log is written back. */
  readonly long?: number
}): WritingBack {
  const { file, thread, log, onTrouble, clock = () => performance.now(), long = longLog } = parts
  let worker: Worker | null = null
  let ended: Promise<unknown> = Promise.resolve()
  let askedAt: number | null = null
  let neededAt = Number.NEGATIVE_INFINITY
  let notBefore = Number.NEGATIVE_INFINITY
  let isInTrouble = false
  log.leaveToAnother(true)
  const looking = setInterval(look, lookMs).unref()

  function look(): void {
    const at = clock()
    if (askedAt !== null) {
      if (at - askedAt > mostMs) giveUp('it takes too long')
      return
    }
    if (at < notBefore) return
    const length = log.length()
    if (length === null) return
    const left = length.pages - length.writtenBack
    if (length.pages < long || left === 0) {
      if (at - neededAt > restMs) close()
      return
    }
    neededAt = at
    // The log begins anew only where a commit finds nothing left, and under load each pass ends beside a commit.
    if (length.pages >= 2 * long && left <= littleLeft) return attempt(log.writeBack)
    worker ??= start()
    askedAt = at
    tell(worker, 'write-back')
  }

  function start(): Worker {
    const started = new Worker(thread, { workerData: { file } satisfies LogThreadData, name: 'log' })
    started.on('message', (told: LogTold) => {
      askedAt = null
      if (told.kind === 'failed') return giveUp(told.detail)
      if (told.kind === 'busy') return
      isInTrouble = false
      log.leaveToAnother(true)
    })
    started.on('error', (error) => giveUp(error.message))
    const exit = new Promise<void>((resolve) => {
      started.once('exit', () => {
        if (worker === started) {
          worker = null
          if (askedAt !== null) giveUp('its thread has ended')
        }
        resolve()
      })
    })
    ended = Promise.all([ended, exit])
    started.unref()
    return started
  }

  function attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      giveUp((error as Error).message)
    }
  }

  function giveUp(detail: string): void {
    askedAt = null
    notBefore = clock() + restMs
    log.leaveToAnother(false)
    if (!isInTrouble) onTrouble(`the log of the history cannot be written back beside what is received: ${detail}`)
    isInTrouble = true
  }

  function close(): void {
    if (worker !== null) tell(worker, 'close')
    worker = null
  }

  return {
    async stop() {
      clearInterval(looking)
      close()
      let timer: NodeJS.Timeout | undefined
      await Promise.race([ended, new Promise<void>((resolve) => (timer = setTimeout(resolve, stopMs)))])
      clearTimeout(timer)
    },
  }
}

function tell(worker: Worker, asked: LogAsked): void {
  worker.postMessage(asked)
}
