import type { Schedule } from './ingest/refresher.ts'

/** Tells at once, and then of whatever came meanwhile once in so many ms: the last of a storm is told as well. */
export function createPaced(
  tellNow: () => void,
  { everyMs, schedule }: { readonly everyMs: number; readonly schedule: Schedule },
): { tell(): void; stop(): void } {
  let cancel: (() => void) | null = null
  let isOwed = false
  let isStopped = false

  function tell(): void {
    if (isStopped) return
    if (cancel !== null) {
      isOwed = true
      return
    }
    isOwed = false
    cancel = schedule(() => {
      cancel = null
      if (isOwed) tell()
    }, everyMs)
    tellNow()
  }

  return {
    tell,
    stop() {
      isStopped = true
      cancel?.()
      cancel = null
    },
  }
}
