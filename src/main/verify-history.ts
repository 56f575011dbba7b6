import { setImmediate as nextTurn } from 'node:timers/promises'
import { assertNever } from '../shared/assert-never.ts'
import type { OrganizationId } from '../shared/detection.ts'
import type { Refusal } from '../shared/trust.ts'
import { compareMark, type FoundLoss, type MarkComparison, type MarkReading } from './high-water-mark.ts'
import { check, type CheckContext } from './ingest/check.ts'
import type { Delivery } from './ingest/delivery.ts'
import { importKeptKeys } from './ingest/kept-keys.ts'
import { unsignedInlet } from './ingest/unsigned.ts'
import { walkChain, type ChainReport } from './store/chain.ts'
import type { ProvedDelivery } from './store/proof.ts'
import type { Store } from './store/store.ts'

export type VerifiedHistory = {
  readonly deliveries: number
  readonly detections: number
  /** Deliveries of which the content is gone, by why. */
  readonly tombstones: Readonly<Record<string, number>>
  readonly signatures: {
    readonly verified: number
    readonly failed: number
    /** Believed once, and no key is kept that could be asked again. */
    readonly noKey: number
    /** From an inlet declared unsigned: there is nothing to verify. */
    readonly unsigned: number
    /** The first ones, at most 100. */
    readonly failures: readonly { readonly sequence: number; readonly because: Refusal }[]
  }
  readonly chain: Pick<ChainReport, 'broken' | 'breaks'>
  readonly mark: MarkComparison
  /** What earlier comparisons found missing. */
  readonly losses: readonly FoundLoss[]
  readonly durationMs: number
  readonly holds: boolean
}

/** Signatures on the thread pool at a time, and deliveries in memory: twice as many. */
const inFlight = 64
const mostFailures = 100

/**
 * Walks all of the history that is there when it begins: its chain, the mark beside it, and every signature that was believed,
 * by the keys that were kept and at the time it came. Reads portion by portion, so that an app may go on writing. Resolves
 * with null where `signal` ended it.
 */
export async function verifyHistory(parts: {
  readonly store: Pick<Store, 'chain' | 'proof' | 'detections' | 'keyStore'>
  readonly mark: MarkReading
  readonly now: () => number
  readonly signal: AbortSignal
}): Promise<VerifiedHistory | null> {
  const { store, mark, now, signal } = parts
  const startedAt = now()
  const comparison = compareMark(mark, store)
  const context = await keptContext(store, now)
  const walk = walkChain(store.chain.genesis())
  const tombstones: Record<string, number> = {}
  const counts = { verified: 0, failed: 0, noKey: 0, unsigned: 0 }
  const failures: { sequence: number; because: Refusal }[] = []
  const end = store.chain.head().sequence

  async function recheck({ sequence, delivery }: Believed): Promise<void> {
    const { decision } = await check(delivery, context)
    switch (decision.kind) {
      case 'trusted':
        counts.verified += 1
        return
      case 'waiting':
        counts.noKey += 1
        return
      case 'refused':
        counts.failed += 1
        if (failures.length < mostFailures) failures.push({ sequence, because: decision.because })
        return
      default:
        assertNever(decision)
    }
  }

  let rechecking: Promise<unknown> = Promise.resolve()
  for (let after = 0; after < end;) {
    // Where nothing is rechecked nothing else would let a signal through.
    await nextTurn()
    if (signal.aborted) return null
    const portion = store.proof.portion(after, Math.min(inFlight, end - after))
    const last = portion.at(-1)
    if (last === undefined) break
    after = last.sequence
    const believed: Believed[] = []
    for (const delivery of portion) {
      walk.step(delivery)
      if (delivery.content === null) {
        const because = delivery.removedBecause ?? 'unknown'
        tombstones[because] = (tombstones[because] ?? 0) + 1
      } else if (delivery.trust === 'unsigned' && delivery.inlet === unsignedInlet) counts.unsigned += 1
      // Whoever calls a signed one unsigned does not spare it the check: the chain holds which inlet brought it.
      else if (delivery.trust !== null) believed.push(toBelieved(delivery, delivery.content.body))
    }
    // While the pool verifies these, the next portion is read and hashed.
    await rechecking
    rechecking = Promise.all(believed.map(recheck))
  }
  await rechecking

  const { broken, breaks, checked } = walk.report()
  const losses = mark.kind === 'read' ? mark.mark.losses : []
  return {
    deliveries: checked,
    detections: store.detections.total(),
    tombstones,
    signatures: { ...counts, failures: [...failures].sort((one, other) => one.sequence - other.sequence) },
    chain: { broken, breaks },
    mark: comparison,
    losses,
    durationMs: now() - startedAt,
    holds: broken === 0 && counts.failed === 0 && counts.noKey === 0 && comparison.kind === 'ok' && losses.length === 0,
  }
}

/** The check as it is made at arrival, with what is kept instead of what can be asked. */
async function keptContext({ keyStore }: Pick<Store, 'keyStore'>, now: () => number): Promise<CheckContext> {
  const organizations = new Map(keyStore.organizations().map((organization) => [organization.id, organization]))
  return {
    organization: (id) => organizations.get(id) ?? null,
    keys: await importKeptKeys([...organizations.keys()].map((id: OrganizationId) => [id, keyStore.keys(id)] as const)),
    expected: () => ({ targetUrl: null, webhookId: null }),
    isAuthenticatedRelay: () => false,
    unsignedInlet: () => null,
    now,
  }
}

type Believed = { readonly sequence: number; readonly delivery: Delivery }

function toBelieved({ sequence, inlet, receivedAt }: ProvedDelivery, body: Uint8Array): Believed {
  // Headers are no part of the check, and damaged ones no reason not to make it.
  return { sequence, delivery: { body, headers: {}, inlet, receivedAt } }
}
