/** Runs `task` after so many milliseconds unless the returned function is called first. */
export type Schedule = (task: () => void, afterMs: number) => () => void

/** How a refresh went, when it wants to be made again, and what to do once another one may be asked for. */
export type Refreshed = { readonly kind: 'done'; readonly againInMs: number; readonly afterwards: () => void } | { readonly kind: 'failed' }

export type Refresher = {
  /** Asks for a refresh in at most so many milliseconds, or as soon afterwards as the pace allows. */
  request(afterMs: number): void
  /**
   * For a person who asks: starts a refresh whatever the backoff says, or joins the one that runs, and resolves when it is over.
   * Where six were started within the last minute it resolves at once, with when the next one is due.
   */
  askNow(): Promise<{ readonly kind: 'asked' } | { readonly kind: 'later'; readonly at: number }>
  /** Cancels what is planned, aborts what is running and waits for it. */
  stop(): Promise<void>
}

const minuteMs = 60_000
const startsPerMinute = 6
const firstBackoffMs = 5_000
const longestBackoffMs = 600_000

/**
 * Runs one task at a time and at most six in any minute, however often it is asked for; after failures it waits with
 * exponential backoff and jitter. A window over the last starts, not a bucket: a full bucket that refills would let
 * twice as many through in its first minute.
 */
export function createRefresher(dependencies: {
  readonly task: (signal: AbortSignal) => Promise<Refreshed>
  readonly now: () => number
  readonly random: () => number
  readonly schedule: Schedule
}): Refresher {
  const { task, now, random, schedule } = dependencies
  const aborter = new AbortController()
  let starts: readonly number[] = []
  let failures = 0
  let notBefore = 0
  let planned: { readonly at: number; readonly cancel: () => void } | null = null
  let running: Promise<void> | null = null

  function request(afterMs: number): void {
    // While one runs, its own answer says when to look again.
    if (aborter.signal.aborted || running !== null) return
    const at = earliest(now() + afterMs)
    // A plan that is overdue had its timer held up (the machine slept): it no longer counts.
    if (planned !== null && planned.at > now() && planned.at <= at) return
    planned?.cancel()
    if (at <= now()) run()
    else planned = { at, cancel: schedule(run, at - now()) }
  }

  async function askNow(): ReturnType<Refresher['askNow']> {
    if (running === null && !aborter.signal.aborted) {
      if (windowOpensAt() > now()) {
        request(0)
        return { kind: 'later', at: planned?.at ?? windowOpensAt() }
      }
      planned?.cancel()
      run()
    }
    await running
    return { kind: 'asked' }
  }

  function run(): void {
    planned = null
    starts = [...recentStarts(), now()]
    running = task(aborter.signal).then(
      (refreshed) => finish(refreshed),
      () => finish({ kind: 'failed' }),
    )
  }

  function finish(refreshed: Refreshed): void {
    running = null
    if (refreshed.kind === 'done') {
      failures = 0
      notBefore = 0
      request(refreshed.againInMs)
      refreshed.afterwards()
    } else {
      const backoffMs = Math.min(firstBackoffMs * 2 ** failures, longestBackoffMs)
      failures++
      notBefore = now() + backoffMs * (0.5 + random() / 2)
      request(0)
    }
  }

  function earliest(wanted: number): number {
    // The clock may have been set back meanwhile: no wait is longer than the longest backoff.
    return Math.max(wanted, windowOpensAt(), Math.min(notBefore, now() + longestBackoffMs))
  }

  function windowOpensAt(): number {
    const sixthLast = recentStarts().at(-startsPerMinute)
    return sixthLast === undefined ? 0 : sixthLast + minuteMs
  }

  function recentStarts(): readonly number[] {
    return starts.filter((start) => start <= now() && start > now() - minuteMs)
  }

  async function stop(): Promise<void> {
    aborter.abort()
    planned?.cancel()
    planned = null
    await running
  }

  return { request, askNow, stop }
}
