import type { ReceiverHealth, WayHealth } from '../../shared/health.ts'
import type { Gap, InletDraft, InletId, InletSaved, TunnelSaved, TunnelSetUp, WaysIn } from '../../shared/inlets.ts'
import type { Settings } from '../../shared/settings.ts'
import type { Ingest } from '../ingest/delivery.ts'
import type { Schedule } from '../ingest/refresher.ts'
import type { Secrets } from '../secrets.ts'
import type { Store } from '../store/store.ts'
import type { Consent } from './consent.ts'
import type { InletFactories } from './inlet-runners.ts'
import type { InletSecrets } from './inlet-secrets.ts'
import type { SendProbe } from './origin-probe.ts'
import type { Target } from './public-origin.ts'
import type { ReceiverWay } from './receiver-way.ts'
import type { CreateTunnel } from './tunnel-keeper.ts'

/** Every way in: those that are set up, the receivers, and the tunnel; how each stands, and what each missed. */
export type WaysInManager = {
  read(): WaysIn
  health(): readonly WayHealth[]
  /** Before these settings are written. */
  consent(changes: Partial<Settings>): Consent
  readonly inlets: {
    consent(draft: InletDraft): Consent
    save(draft: InletDraft): Promise<InletSaved>
    switch(change: { readonly id: InletId; readonly isOn: boolean }): Promise<WaysIn>
    remove(id: InletId): Promise<WaysIn>
    reconnect(id: InletId): WaysIn
    /** The secret header that its senders have to show, where it has one of its own. */
    header(id: InletId): ReturnType<InletSecrets['readHeader']>
  }
  readonly tunnel: {
    consent(setUp: TunnelSetUp | null): Consent
    save(setUp: TunnelSetUp | null): Promise<TunnelSaved>
    restart(): WaysIn
  }
  readonly wake: {
    /** `at` is when, in epoch ms, where that was noticed only later. */
    suspended(at?: number): void
    resumed(): void
    network(isOnline: boolean): void
  }
  readonly receiver: Pick<ReceiverWay, 'ingest' | 'turnedAway'> & { onHealth(health: ReceiverHealth): void }
  readonly unsigned: Pick<ReceiverWay, 'ingest' | 'turnedAway'> & { onHealth(health: ReceiverHealth): void }
  /** Whether a request with this value is our own look at whether the public address leads here. */
  isProbe(value: string): boolean
  /** Hosts besides loopback whose requests the receivers answer. */
  publicHosts(): readonly string[]
  /** What SlashID can be given to send to; none while there is nothing public. */
  targets(): readonly Target[]
  /** Settings or registrations may have changed. */
  reload(): void
  start(): void
  stop(): Promise<void>
}

export type WaysInParts = {
  readonly store: Pick<Store, 'settings' | 'inlets' | 'gaps'>
  readonly secrets: Secrets
  readonly factories: InletFactories
  readonly createTunnel: CreateTunnel
  readonly sendProbe: SendProbe
  readonly ingest: Ingest
  readonly receiverUrl: () => string | null
  readonly registeredUrls: () => readonly string[]
  readonly onTurnedAway: () => void
  /** At most four times a second. */
  readonly onChanged: (ways: WaysIn) => void
  readonly onHealth: () => void
  readonly onSettings: () => void
  readonly onGap: (gap: Gap) => void
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: { info(text: string): void; error(text: string, error?: unknown): void }
  readonly now: () => number
  readonly random: () => number
  readonly schedule: Schedule
}
