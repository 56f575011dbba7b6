import { setImmediate as nextTurn } from 'node:timers/promises'
import { assertNever } from '../../shared/assert-never.ts'
import type { DetectionKey, OrganizationId } from '../../shared/detection.ts'
import type { Refusal } from '../../shared/trust.ts'
import { compareMark, type FoundLoss, type MarkComparison, type MarkReading } from './high-water-mark.ts'
import { check, type CheckContext } from '../ingest/check.ts'
import type { Delivery } from '../ingest/delivery.ts'
import { importKeptKeys } from '../ingest/kept-keys.ts'
import { walkChain, type ChainReport } from '../store/chain.ts'
import type { RecordedDelivery } from '../store/proof.ts'
import type { RebuildFinding } from '../store/rebuild.ts'
import type { Store } from '../store/store.ts'
import { compareBelieved, declaredBy, judgeQuarantined, judgeTombstone, wasKnown, type RowFinding } from './verify-row.ts'

/** A row that says other than what was signed; `detection` names the one it was made anew from, null where it is about a delivery. */
export type Finding = (RowFinding | RebuildFinding) & { readonly detection: DetectionKey | null }

export type KeyToCompare = {
  readonly organizationId: OrganizationId
  readonly issuer: string
  readonly kid: string
  readonly thumbprint: string
  readonly isCurrent: boolean
}

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
  /** What was kept in columns and is shown, compared with what the bodies say. */
  readonly shown: {
    readonly differing: number
    /** The first ones, at most 100. */
    readonly findings: readonly Finding[]
    /** In quarantine or refused, with a signature that verifies, which nothing speaks against: its key, its organization or its address came later. */
    readonly setAside: number
  }
  /** What every signature stands on; nothing here can tell whether they are the issuer's. */
  readonly keys: readonly KeyToCompare[]
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
 * by the keys that were kept and at the time it came. What is kept in columns is compared with what was signed, and every
 * detection made anew from its deliveries. Reads portion by portion, so that an app may go on writing. Resolves
 * with null where `signal` ended it.
 */
export async function verifyHistory(parts: {
  readonly store: Pick<Store, 'chain' | 'proof' | 'keyStore'>
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

  const shown = { differing: 0, setAside: 0 }
  const findings: Finding[] = []
  const find = (finding: RowFinding | RebuildFinding, detection: DetectionKey | null = null): void => {
    shown.differing += 1
    if (findings.length < mostFailures) findings.push({ ...finding, detection })
  }

  function checkAgain(recorded: RecordedDelivery, delivery: Delivery) {
    // Who was declared unsigned then is known by the row alone; the chain holds that it came by that inlet.
    return check(delivery, { ...context, unsignedInlet: () => declaredBy(recorded) })
  }

  async function recheck({ recorded, delivery }: ToRecheck): Promise<void> {
    const examined = await checkAgain(recorded, delivery)
    const { decision } = examined
    switch (decision.kind) {
      case 'trusted':
        counts[decision.trust === 'unsigned' ? 'unsigned' : 'verified'] += 1
        compareBelieved(recorded, examined).forEach((finding) => find(finding))
        return
      case 'waiting':
        counts.noKey += 1
        return
      case 'refused':
        counts.failed += 1
        if (failures.length < mostFailures) failures.push({ sequence: recorded.sequence, because: decision.because })
        return
      default:
        assertNever(decision)
    }
  }

  async function lookAtQuarantined({ recorded, delivery }: ToRecheck): Promise<void> {
    if (recorded.state !== 'waiting' && recorded.state !== 'refused')
      find({ what: 'delivery-changed', sequence: recorded.sequence, columns: ['state', 'trust'] })
    const { token, decision } = await checkAgain(recorded, delivery)
    if (token === null || decision.kind !== 'trusted' || decision.trust === 'unsigned') return
    const { organizationId, keyId } = token.facts
    const finding = judgeQuarantined(recorded, wasKnown(store.keyStore.keys(organizationId), keyId, delivery.receivedAt))
    if (finding === null) shown.setAside += 1
    else find(finding)
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
    const again: (() => Promise<void>)[] = []
    for (const recorded of portion) {
      walk.step(recorded)
      if (recorded.content === null) {
        const because = recorded.removedBecause ?? 'unknown'
        tombstones[because] = (tombstones[because] ?? 0) + 1
        const finding = judgeTombstone(recorded)
        if (finding !== null) find(finding)
        continue
      }
      const look = recorded.trust === null ? lookAtQuarantined : recheck
      const one = toRecheck(recorded, recorded.content.body)
      again.push(() => look(one))
    }
    // While the pool verifies these, the next portion is read and hashed.
    await rechecking
    rechecking = Promise.all(again.map((look) => look()))
  }
  await rechecking

  let detections = 0
  for (let row = Number.MIN_SAFE_INTEGER; ;) {
    if (detections % inFlight === 0) await nextTurn()
    if (signal.aborted) return null
    const rebuilt = store.proof.rebuildAfter(row)
    if (rebuilt === null) break
    row = rebuilt.row
    detections += 1
    rebuilt.findings.forEach((finding) => find(finding, rebuilt.key))
    shown.differing += rebuilt.found - rebuilt.findings.length
  }

  const { broken, breaks, checked } = walk.report()
  const losses = mark.kind === 'read' ? mark.mark.losses : []
  return {
    deliveries: checked,
    detections,
    tombstones,
    signatures: { ...counts, failures: [...failures].sort((one, other) => one.sequence - other.sequence) },
    shown: { ...shown, findings },
    keys: keysOf(store),
    chain: { broken, breaks },
    mark: comparison,
    losses,
    durationMs: now() - startedAt,
    holds:
      broken === 0 && counts.failed === 0 && counts.noKey === 0 && shown.differing === 0 && comparison.kind === 'ok' && losses.length === 0,
  }
}

/** The check as it is made at arrival, with what is kept instead of what can be asked. */
async function keptContext({ keyStore }: Pick<Store, 'keyStore'>, now: () => number): Promise<CheckContext> {
  const organizations = new Map(keyStore.organizations().map((organization) => [organization.id, organization]))
  return {
    organization: (id) => organizations.get(id) ?? null,
    keys: await importKeptKeys([...organizations.keys()].map((id: OrganizationId) => [id, keyStore.keys(id)] as const)),
    expected: () => ({ targetUrls: null, webhookIds: null }),
    isAuthenticatedRelay: () => false,
    unsignedInlet: () => null,
    now,
  }
}

type ToRecheck = { readonly recorded: RecordedDelivery; readonly delivery: Delivery }

function toRecheck(recorded: RecordedDelivery, body: Uint8Array): ToRecheck {
  // Headers are no part of the check, and damaged ones no reason not to make it.
  return { recorded, delivery: { body, headers: {}, inlet: recorded.inlet, receivedAt: recorded.receivedAt } }
}

function keysOf({ keyStore }: Pick<Store, 'keyStore'>): readonly KeyToCompare[] {
  return keyStore.organizations().flatMap(({ id, issuer }) =>
    keyStore.keys(id).map(({ kid, thumbprint, retiredAt }) => ({
      organizationId: id,
      issuer,
      kid,
      thumbprint,
      isCurrent: retiredAt === null,
    })),
  )
}
