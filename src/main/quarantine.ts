import type { Instant, OrganizationId, Sequence } from '../shared/detection.ts'
import type { OrganizationState } from '../shared/organization.ts'
import type { Looked, QuarantineCounts, QuarantinePage, Untrusted } from '../shared/quarantine.ts'
import type { Keeper } from './ingest/delivery.ts'
import type { KeyRing } from './ingest/keys.ts'
import { unknownKeyPatienceMs } from './ingest/organization-keys.ts'
import type { Pipeline } from './ingest/pipeline.ts'
import { readUntrusted } from './ingest/untrusted.ts'
import type { QuarantineStore } from './store/quarantine-list.ts'

/** Quarantine as a place one can visit. */
export type QuarantinePlace = {
  page(query: { readonly before: Sequence | null; readonly limit: number }): QuarantinePage
  /** What a delivery in quarantine holds, as sent; null where it is there no longer. */
  open(sequence: Sequence): Untrusted | null
  /** Asks the issuer for keys now, within the pace, and looks again at what waits for them. */
  look(organizationId: OrganizationId): Promise<Looked>
  discard(sequences: readonly Sequence[]): QuarantineCounts
}

export type QuarantineWatch = {
  readonly place: QuarantinePlace
  /** The same keeper, watched: what it does to quarantine is told. */
  watch(keeper: Keeper): Keeper
  /** After the issuer answered: gives up on what has waited too long for a key that it does not publish. */
  giveUp(states: readonly OrganizationState[]): void
  stop(): void
}

/** Under load, quarantine is a picture twice a second. */
const tellEveryMs = 500

export function createQuarantineWatch(parts: {
  readonly store: QuarantineStore
  readonly refresh: KeyRing['refresh']
  readonly recheck: Pipeline['recheck']
  readonly onChanged: (counts: QuarantineCounts) => void
}): QuarantineWatch {
  const { store, refresh, recheck, onChanged } = parts
  let telling: NodeJS.Timeout | null = null

  function changed(): void {
    telling ??= setTimeout(() => {
      telling = null
      onChanged(store.counts())
    }, tellEveryMs)
  }

  return {
    place: {
      page: store.page,
      open(sequence) {
        const body = store.body(sequence)
        return body === null ? null : readUntrusted(body)
      },
      async look(organizationId) {
        const keys = await refresh(organizationId)
        // Also where the keys are the old ones: a look that was missed for want of disk space is made up for.
        const rechecked = await recheck(organizationId)
        return { keys, ...rechecked, waiting: store.waitingOf(organizationId) }
      },
      discard(sequences) {
        store.discard(sequences)
        changed()
        return store.counts()
      },
    },
    watch: (keeper) => ({
      ...keeper,
      keep(batch) {
        const kept = keeper.keep(batch)
        if (batch.some(({ standing }) => standing.kind !== 'trusted')) changed()
        return kept
      },
      settle(batch) {
        const changes = keeper.settle(batch)
        changed()
        return changes
      },
    }),
    giveUp(states) {
      for (const { id, keysConfirmedAt } of states) {
        if (keysConfirmedAt !== null && store.hasWaitedSince(id, before(keysConfirmedAt, unknownKeyPatienceMs))) void recheck(id)
      }
    },
    stop() {
      if (telling !== null) clearTimeout(telling)
    },
  }
}

function before(moment: Instant, ms: number): Instant {
  return new Date(Date.parse(moment) - ms).toISOString() as Instant
}
