import type { InletId, Tested } from '../../shared/inlets.ts'
import type { HealthMonitor } from '../health.ts'
import { secretHeaderName } from '../inlets/admission.ts'
import type { Ingest } from '../ingest/delivery.ts'
import { createMainReceiver, type MainReceiver } from './main-receiver.ts'
import { signSample } from '../send-sample.ts'
import type { SlashIdAccess } from '../slashid-access.ts'
import type { Store } from '../store/store.ts'
import { createUnsignedInlet, type UnsignedInlet } from './unsigned-inlet.ts'
import { createWayTester } from './way-tester.ts'
import { createWaysIn } from './ways-in.ts'
import type { WaysInManager, WaysInParts } from './ways-in-parts.ts'
import { createProbeSender } from './origin-probe.ts'
import { createWitness } from './witness.ts'

/** Everything that lets deliveries in: the two receivers, what fetches, the tunnel, and the test of each. */
export type Reception = {
  readonly ways: WaysInManager
  readonly receiver: MainReceiver
  readonly unsigned: UnsignedInlet
  readonly inlets: WaysInManager['inlets'] & { test(id: InletId): Promise<Tested> }
  start(): Promise<void>
  /** No new deliveries; those in flight are answered within a bounded time. */
  stop(): Promise<void>
}

type Own = 'sendProbe' | 'secrets' | 'ingest' | 'receiverUrl' | 'registeredUrls' | 'onTurnedAway' | 'onHealth' | 'store'

export function createReception(
  parts: Omit<WaysInParts, Own> & {
    readonly profile: string
    readonly store: Store
    readonly access: SlashIdAccess
    readonly ingest: Ingest
    readonly believe: Parameters<typeof signSample>[0]['believe']
    readonly health: HealthMonitor
  },
): Reception {
  const { profile, store, access, believe, health, log, now, schedule } = parts
  const witness = createWitness()
  const ways = createWaysIn({
    ...parts,
    sendProbe: createProbeSender(),
    secrets: access.secrets,
    ingest: witness.wrap(parts.ingest),
    receiverUrl: () => receiver.url(),
    registeredUrls: access.registeredUrls,
    onTurnedAway: () => health.count({ kind: 'turnedAway' }),
    onHealth: health.waysChanged,
  })
  const receiving = (way: WaysInManager['receiver']) => ({
    publicHosts: ways.publicHosts,
    ingest: way.ingest,
    onTurnedAway: way.turnedAway,
    onBug: (error: unknown) => log.error('a request could not be answered', error),
    now,
  })
  const receiver = createMainReceiver({
    profile,
    settings: store.settings,
    receiver: { ...receiving(ways.receiver), secretHeader: access.requiredHeader, isProbe: ways.isProbe },
    onHealth(value) {
      health.receiver(value)
      ways.receiver.onHealth(value)
    },
    localHeaders: access.localHeaders,
    log,
  })
  const unsigned = createUnsignedInlet({
    store,
    secrets: access.secrets,
    receiver: receiving(ways.unsigned),
    onHealth: ways.unsigned.onHealth,
    onChanged() {
      ways.reload()
      parts.onSettings()
    },
    log,
  })
  const test = createWayTester({
    report: (id) => ways.read().inlets.find((one) => one.id === id) ?? null,
    sign: () => signSample({ profile, believe, now }),
    witness,
    headers(id) {
      const own = ways.inlets.header(id)
      if (own.kind !== 'none') return own.kind === 'known' ? { [secretHeaderName]: own.value } : {}
      const { name, value } = access.secretHeader.read()
      if (value !== null) return { [name]: value }
      return id === 'receiver' ? access.localHeaders : {}
    },
    receiverUrl: receiver.url,
    now,
    schedule,
  })

  return {
    ways,
    receiver,
    unsigned,
    inlets: { ...ways.inlets, test },
    async start() {
      await receiver.start()
      await unsigned.start()
      ways.start()
    },
    async stop() {
      await Promise.all([ways.stop(), receiver.stop(), unsigned.stop()])
    },
  }
}
