import type { Instant, Sequence } from '../../shared/detection.ts'
import type { StorageHealth } from '../../shared/health.ts'
import type { Change, Checked, Kept, Keeper } from './delivery.ts'
import { toInstant } from './instant.ts'

export type Committed = Kept | { readonly kind: 'not-committed' }

export type Committer = {
  /** Resolves after the commit that holds it, or after that commit failed. */
  commit(checked: Checked): Promise<Committed>
  /** Records it with the next commit, or by itself a little later; forgets it where too many are waiting already. */
  rideAlong(checked: Checked): void
  /** One commit of second looks; false where it failed. */
  settle(batch: readonly { readonly sequence: Sequence; readonly checked: Checked }[]): boolean
  /** Records what still rides along. To be called when nothing is being committed any more. */
  stop(): void
}

const mostBesideOthers = 4

type Waiting = { readonly checked: Checked; readonly answer: (committed: Committed) => void }

/**
 * Group commit: what is ready by the time the event loop comes round shares one fsync. The commit itself is synchronous,
 * so while it runs the thread pool goes on verifying, and whatever it has finished by then is the next batch.
 */
export function createCommitter(dependencies: {
  readonly keeper: Pick<Keeper, 'keep' | 'settle'>
  readonly publish: (changes: readonly Change[]) => void
  readonly now: () => number
  readonly onStorage: (health: StorageHealth) => void
  /** After each commit that succeeded. */
  readonly onCommitted: () => void
  readonly limits: { readonly batch: number; readonly riders: number; readonly ridersWaitMs: number }
}): Committer {
  const { keeper, publish, now, onStorage, onCommitted, limits } = dependencies
  let queue: Waiting[] = []
  const riders: Checked[] = []
  let isFlushPlanned = false
  let ridersTimer: NodeJS.Timeout | null = null
  let ridersSince = Number.NEGATIVE_INFINITY
  let ridden = 0
  let isStopping = false
  let failingSince: Instant | null = null

  function commit(checked: Checked): Promise<Committed> {
    return new Promise((answer) => {
      queue.push({ checked, answer })
      planFlush()
    })
  }

  function planFlush(): void {
    if (isFlushPlanned) return
    isFlushPlanned = true
    setImmediate(() => {
      isFlushPlanned = false
      flush()
      if (queue.length > 0) planFlush()
    })
  }

  function rideAlong(checked: Checked): void {
    if (riders.length >= limits.riders) return
    riders.push(checked)
    planRiders()
  }

  /** Refusals are worth recording, not worth keeping the process alive for. */
  function planRiders(): void {
    ridersTimer ??= setTimeout(() => {
      ridersTimer = null
      flush()
      if (riders.length > 0) planRiders()
    }, limits.ridersWaitMs).unref()
  }

  function flush(): void {
    const batch = queue.slice(0, limits.batch)
    queue = queue.slice(batch.length)
    const along = takeRiders(batch.length)
    if (riders.length === 0 && ridersTimer !== null) {
      clearTimeout(ridersTimer)
      ridersTimer = null
    }
    if (batch.length + along.length === 0) return

    const all = [...batch.map(({ checked }) => checked), ...along]
    const kept = attempt(() => keeper.keep(all))
    batch.forEach(({ answer }, index) => answer(kept?.[index] ?? { kind: 'not-committed' }))
    if (kept === null) return
    publish(
      kept.flatMap((one, index) => {
        if (one.kind !== 'kept' || one.change === null) return []
        return all[index]?.delivery.isBacklog === true ? [{ ...one.change, isBacklog: true }] : [one.change]
      }),
    )
    onCommitted()
  }

  /** A few with each commit, and no more in a while than are worth their cost: whoever floods us with forgeries must not slow down the others. */
  function takeRiders(batched: number): readonly Checked[] {
    if (now() - ridersSince >= limits.ridersWaitMs || now() < ridersSince) {
      ridersSince = now()
      ridden = 0
    }
    const most = isStopping ? riders.length : Math.min(limits.riders - ridden, batched > 0 ? mostBesideOthers : limits.riders)
    const along = riders.splice(0, Math.max(0, Math.min(most, limits.batch - batched)))
    ridden += along.length
    return along
  }

  function settle(batch: readonly { readonly sequence: Sequence; readonly checked: Checked }[]): boolean {
    const changes = attempt(() => keeper.settle(batch))
    if (changes === null) return false
    publish(changes.flatMap((change) => (change === null ? [] : [change])))
    return true
  }

  /** null where the history could not commit; tells when that begins and when it is over. */
  function attempt<T>(work: () => T): T | null {
    let result: T
    try {
      result = work()
    } catch (error) {
      if (failingSince === null) {
        failingSince = toInstant(now())
        onStorage({ kind: 'failing', since: failingSince, detail: error instanceof Error ? error.message : String(error) })
      }
      return null
    }
    if (failingSince !== null) {
      failingSince = null
      onStorage({ kind: 'ok' })
    }
    return result
  }

  function stop(): void {
    isStopping = true
    while (queue.length + riders.length > 0) flush()
  }

  return { commit, rideAlong, settle, stop }
}
