import type { OrganizationId, Sequence } from '../../shared/detection.ts'
import type { StorageHealth } from '../../shared/health.ts'
import { createCommitter } from './committer.ts'
import type { Committed } from './committer.ts'
import { examine, type Examiners } from './examine.ts'
import { createLanes } from './lanes.ts'
import type { Count } from './counters.ts'
import { unsignedInlet } from './unsigned.ts'
import type { Change, Checked, Delivery, Ingest, Keeper, Outcome } from './delivery.ts'

export type Limits = {
  /** Deliveries, and bytes of their bodies, between their arrival and their answer. */
  readonly inFlight: number
  readonly inFlightBytes: number
  /** Deliveries in one commit. */
  readonly batch: number
  /** Refused deliveries that wait for a commit to ride along with; more are only counted. */
  readonly riders: number
  readonly ridersWaitMs: number
}
export const defaultLimits: Limits = { inFlight: 1024, inFlightBytes: 64 * 1024 * 1024, batch: 256, riders: 64, ridersWaitMs: 1000 }

export type Pipeline = {
  readonly ingest: Ingest
  /** Looks again at what waits in quarantine for keys of this organization, and tells what became of it. Never rejects. */
  recheck(organizationId: OrganizationId): Promise<Rechecked>
  /** Turns new deliveries away, and resolves when all that were in flight are answered and recorded. */
  stop(): Promise<void>
}

/** What a second look has made of those that waited. */
export type Rechecked = { readonly released: number; readonly refused: number }

/** The one way in: check, keep, answer, tell. An answer is given only after the commit that makes it true. */
export function createPipeline(
  dependencies: Examiners & {
    readonly keeper: Keeper
    readonly publish: (changes: readonly Change[]) => void
    readonly count: Count
    readonly now: () => number
    /** Told when commits begin to fail and when they succeed again. */
    readonly onStorage: (health: StorageHealth) => void
    /** A bug that must not keep deliveries from being answered: log it. */
    readonly onFault: (error: unknown) => void
    readonly limits?: Limits
  },
): Pipeline {
  const { keeper, publish, count, now, onStorage, onFault } = dependencies
  const limits = dependencies.limits ?? defaultLimits
  const committer = createCommitter({ keeper, publish: tell, now, onStorage, onCommitted: repay, limits })
  const lanes = createLanes()
  const inFlight = new Set<Promise<Outcome>>()
  let bytesInFlight = 0
  let isStopping = false
  const rechecks = new Map<OrganizationId, Recheck>()
  /** Organizations whose second look the history could not take; made up for after the next commit. */
  const owed = new Set<OrganizationId>()

  function ingest(delivery: Delivery): Promise<Outcome> {
    count({ kind: 'received' })
    const size = delivery.body.byteLength
    if (isStopping || inFlight.size >= limits.inFlight || bytesInFlight + size > limits.inFlightBytes) {
      count({ kind: 'failed' })
      return Promise.resolve({ kind: 'failed', because: 'overloaded' })
    }
    bytesInFlight += size
    const outcome = take(delivery).finally(() => {
      inFlight.delete(outcome)
      bytesInFlight -= size
    })
    inFlight.add(outcome)
    return outcome
  }

  async function take(delivery: Delivery): Promise<Outcome> {
    const isOurs = isReceiver.has(delivery.inlet)
    // What is fetched comes in an order worth keeping; requests to a receiver have none, and none waits for another.
    const turn = isOurs ? null : lanes.enter(delivery.inlet)
    let checked: Checked
    let committing: Promise<Committed>
    try {
      checked = await examine(delivery, dependencies)
      await turn?.come
      const { standing } = checked
      // Our receivers answer a refusal at once: nobody who is not believed can make the history write at their pace.
      if (standing.kind === 'refused' && isOurs) {
        committer.rideAlong(checked)
        count({ kind: 'refused', because: standing.because })
        return { kind: 'refused', because: standing.because }
      }
      committing = committer.commit(checked)
    } catch (error) {
      onFault(error)
      count({ kind: 'failed' })
      return { kind: 'failed', because: 'not-committed' }
    } finally {
      turn?.leave()
    }
    const outcome = toOutcome(checked, await committing)
    countOutcome(checked, outcome)
    return outcome
  }

  function countOutcome({ standing }: Checked, outcome: Outcome): void {
    count(outcome.kind === 'refused' ? outcome : { kind: outcome.kind })
    if (outcome.kind !== 'kept' || standing.kind !== 'trusted') return
    if (standing.content.kind === 'other-trigger') count({ kind: 'otherTrigger' })
    if (standing.content.kind === 'unreadable') count({ kind: 'unreadable' })
  }

  function tell(changes: readonly Change[]): void {
    try {
      if (changes.length > 0) publish(changes)
    } catch (error) {
      onFault(error)
    }
  }

  function recheck(organizationId: OrganizationId): Promise<Rechecked> {
    const running = rechecks.get(organizationId)
    if (running !== undefined) {
      // Keys may have changed behind the place it has reached.
      running.isAskedAgain = true
      return running.done
    }
    const tally = { released: 0, refused: 0 }
    const run: Recheck = { done: Promise.resolve(tally), isAskedAgain: true, tally }
    rechecks.set(organizationId, run)
    run.done = lookAgain(organizationId, run)
    return run.done
  }

  async function lookAgain(organizationId: OrganizationId, run: Recheck): Promise<Rechecked> {
    try {
      while (run.isAskedAgain && !isStopping) {
        run.isAskedAgain = false
        // Whatever was judged by the old keys has to be in quarantine first, or this walk would miss it.
        await Promise.all(inFlight)
        await walk(organizationId, run.tally)
      }
    } catch (error) {
      onFault(error)
    }
    rechecks.delete(organizationId)
    return run.tally
  }

  async function walk(organizationId: OrganizationId, tally: Recheck['tally']): Promise<void> {
    let after: Sequence | null = null
    while (!isStopping) {
      const waiting = keeper.waiting(organizationId, after, limits.batch)
      const last = waiting.at(-1)
      if (last === undefined) return
      after = last.sequence
      const settled = await Promise.all(
        waiting.map(async ({ sequence, delivery }) => ({ sequence, checked: await examine(delivery, dependencies) })),
      )
      if (!committer.settle(settled)) {
        owed.add(organizationId)
        return
      }
      tally.released += settled.filter(({ checked }) => checked.standing.kind === 'trusted').length
      tally.refused += settled.filter(({ checked }) => checked.standing.kind === 'refused').length
    }
  }

  function repay(): void {
    const ids = [...owed]
    owed.clear()
    for (const id of ids) void recheck(id)
  }

  async function stop(): Promise<void> {
    isStopping = true
    await Promise.all([...inFlight, ...[...rechecks.values()].map((run) => run.done)])
    committer.stop()
  }

  return { ingest, recheck, stop }
}

const isReceiver: ReadonlySet<string> = new Set(['receiver', unsignedInlet])

type Recheck = { done: Promise<Rechecked>; isAskedAgain: boolean; readonly tally: { released: number; refused: number } }

function toOutcome({ standing }: Checked, committed: Committed): Outcome {
  if (committed.kind === 'not-committed') return { kind: 'failed', because: 'not-committed' }
  if (committed.kind === 'quarantine-full') return { kind: 'failed', because: 'overloaded' }
  if (standing.kind === 'refused') return { kind: 'refused', because: standing.because }
  if (committed.kind === 'duplicate') return { kind: 'duplicate' }
  return { kind: standing.kind === 'waiting' ? 'quarantined' : 'kept', sequence: committed.sequence }
}
