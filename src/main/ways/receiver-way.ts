import type { Instant } from '../../shared/detection.ts'
import type { GapReason, InletCounters, InletId, InletKind, InletReport } from '../../shared/inlets.ts'
import type { GapLedger } from './gap-ledger.ts'
import type { Ingest } from '../ingest/delivery.ts'
import { createMeter } from './inlet-meter.ts'
import { stateOf, type Stands } from './way-state.ts'

/** A receiver on this computer as a way in like the others: counted, and with an account of its gaps while it counts. */
export type ReceiverWay = {
  readonly id: InletId
  readonly name: string
  /** What the receiver is given instead of the pipeline's own. */
  readonly ingest: Ingest
  turnedAway(): void
  /** `isUsed`: somebody can be expected to send here. `isPublic`: from elsewhere, over a network. */
  stand(stands: Stands, use: { readonly isUsed: boolean; readonly isPublic: boolean }): void
  /** `trouble` is what kept it from being live since it last was. */
  read(): { readonly isUsed: boolean; readonly isPublic: boolean; readonly trouble: GapReason | null }
  report(): Pick<
    InletReport,
    'id' | 'kind' | 'name' | 'setUp' | 'state' | 'lastDeliveryAt' | 'latencyMs' | 'secret' | 'header' | 'publicKey'
  > & {
    readonly counters: InletCounters
  }
}

export function createReceiverWay(parts: {
  readonly id: InletId
  readonly kind: Extract<InletKind, 'receiver' | 'unsigned'>
  readonly name: string
  readonly ledger: GapLedger
  readonly ingest: Ingest
  /** Counted for the app as a whole. */
  readonly onTurnedAway: () => void
  readonly onChanged: () => void
  readonly now: () => number
}): ReceiverWay {
  const { id, kind, name, ledger, onTurnedAway, onChanged, now } = parts
  const meter = createMeter({ ingest: parts.ingest, onHeard: () => ledger.heard(id), onRecorded: () => {}, onChanged, now })
  const instant = () => new Date(now()).toISOString() as Instant
  let stands: Stands = { kind: 'connecting' }
  let liveSince = instant()
  let trouble: GapReason | null = null
  let use = { isUsed: false, isPublic: false }

  return {
    id,
    name,
    ingest: meter.ingest,
    turnedAway() {
      meter.turnedAway()
      onTurnedAway()
    },
    stand(next, nextUse) {
      if (next.kind === 'live' && stands.kind !== 'live') liveSince = instant()
      if (next.kind === 'live') trouble = null
      else if (next.kind === 'down') trouble = next.because
      stands = next
      use = nextUse
      if (!use.isUsed) ledger.unwatch(id)
      else {
        ledger.watch({ id, offline: use.isPublic ? 'unreached' : 'unaffected', reconnects: false, isKeptMeanwhile: () => false })
        if (stands.kind === 'live') ledger.live(id, null)
        else if (stands.kind === 'connecting') ledger.connecting(id)
        else ledger.down(id, stands.because, stands.since)
      }
      onChanged()
    },
    read: () => ({ trouble, ...use }),
    report: () => ({
      id,
      kind,
      name,
      setUp: null,
      state: stateOf(stands, liveSince),
      ...meter.read(),
      secret: null,
      header: null,
      publicKey: null,
    }),
  }
}
