import type { ReceiverHealth, WayHealth } from '../../shared/health.ts'
import type {
  Gap,
  InletDraft,
  InletId,
  InletReport,
  InletSaved,
  InletSetUp,
  InletState,
  TunnelSaved,
  TunnelSetUp,
  WaysIn,
} from '../../shared/inlets.ts'
import { createConfiguredInlets } from './configured-inlets.ts'
import { createGapLedger } from './gaps.ts'
import type { Ingest } from '../ingest/delivery.ts'
import type { Schedule } from '../ingest/refresher.ts'
import { createInletRunners, type InletFactories } from './inlet-runners.ts'
import { createInletSecrets, secretConsent } from './inlet-secrets.ts'
import { isOnThisComputer } from './inlet-setup.ts'
import { publicHosts, targetUrl } from './public-origin.ts'
import { createReceiverWay, type ReceiverWay } from './receiver-way.ts'
import type { Secrets } from '../secrets.ts'
import type { Store } from '../store/store.ts'
import { createTunnelKeeper, tunnelConsent, type CreateTunnel } from './tunnel-keeper.ts'
import { inCircumstances, standingOf, wayHealth } from './way-state.ts'

/** What a page asks for and only a person may grant. */
export type Consent = { readonly message: string; readonly detail: string } | null

/** Every way in: those that are set up, the receivers, and the tunnel; how each stands, and what each missed. */
export type WaysInManager = {
  read(): WaysIn
  health(): readonly WayHealth[]
  readonly inlets: {
    consent(draft: InletDraft): Consent
    save(draft: InletDraft): Promise<InletSaved>
    switch(change: { readonly id: InletId; readonly isOn: boolean }): Promise<WaysIn>
    remove(id: InletId): Promise<WaysIn>
    reconnect(id: InletId): WaysIn
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
  /** Hosts besides loopback whose requests the receivers answer. */
  publicHosts(): readonly string[]
  /** What SlashID is given to send to; null while there is nothing public. */
  targetUrl(): string | null
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

const tellEveryMs = 250
const gapsShown = 5

export function createWaysIn(parts: WaysInParts): WaysInManager {
  const { store, receiverUrl, registeredUrls, onTurnedAway, onHealth, log, now, random, schedule } = parts
  let receiverHealth: ReceiverHealth = { kind: 'starting' }
  let unsignedHealth: ReceiverHealth = { kind: 'stopped' }
  let circumstances = { isAsleep: false, isOffline: false }
  let telling: (() => void) | null = null
  let isStopping = false
  let hosts: readonly string[] = []

  const ledger = createGapLedger({
    rows: store.gaps,
    inlets: store.inlets,
    onChanged(gap) {
      parts.onGap(gap)
      changed()
    },
    onFault: (error) => log.error('a gap could not be kept', error),
    now,
    schedule,
  })
  const secrets = createInletSecrets(parts.secrets)
  const common = { ledger, ingest: parts.ingest, onTurnedAway, onChanged: changed, now }
  const runners = createInletRunners({
    ...common,
    factories: parts.factories,
    rows: store.inlets,
    secretOf: secrets.read,
    onBug: (error) => log.error('a way in failed in a way nobody foresaw', error),
    random,
    schedule,
  })
  const configured = createConfiguredInlets({ store, secrets, runners, ledger, onChanged: settingsChanged })
  const receiver = createReceiverWay({ ...common, id: 'receiver' as InletId, kind: 'receiver', name: 'Receiver' })
  const unsigned = createReceiverWay({ ...common, id: 'unsigned' as InletId, kind: 'unsigned', name: 'Unsigned receiver' })
  const tunnel = createTunnelKeeper({
    create: parts.createTunnel,
    settings: store.settings,
    onChanged: reload,
    run: { now, random, schedule, env: parts.env, log: log.info },
  })

  function changed(): void {
    onHealth()
    if (isStopping) return
    telling ??= schedule(() => {
      telling = null
      parts.onChanged(read())
    }, tellEveryMs)
  }

  function settingsChanged(): void {
    parts.onSettings()
    reload()
  }

  /** Through the tunnel that runs, or the one that the user runs. */
  function addressOfReceiver(): string | null {
    return targetUrl({ publicOrigin: tunnel.origin() ?? store.settings.read().publicOrigin }, receiverUrl())
  }

  /** The first receiver counts where something public leads to it, or where nothing else is there. */
  function reload(): void {
    if (isStopping) return
    const { publicOrigin, unsignedInlet } = store.settings.read()
    hosts = publicHosts([...tunnel.origins(), publicOrigin], registeredUrls(), receiverUrl())
    const isPublic = publicOrigin !== null || tunnel.read().setUp !== null
    const isOnly = unsignedInlet === null && !configured.list().some(({ isOn }) => isOn)
    receiver.stand(standingOf(receiverHealth, tunnel.read()), { isUsed: isPublic || isOnly, isPublic })
    unsigned.stand(standingOf(unsignedHealth, null), { isUsed: unsignedInlet !== null, isPublic: publicOrigin !== null })
  }

  function stateOfReceiver(way: ReceiverWay): InletState {
    return inCircumstances(way.report().state, circumstances, way.read().isPublic ? 'needed' : 'not-needed')
  }

  function stateOf(setUp: InletSetUp): InletState {
    return inCircumstances(runners.standing(setUp.id).state, circumstances, isOnThisComputer(setUp) ? 'not-needed' : 'in-doubt')
  }

  function reportOfReceiver(way: ReceiverWay, address: string | null): InletReport {
    return { ...way.report(), state: stateOfReceiver(way), address, gaps: gapsOf(way.id) }
  }

  function gapsOf(id: InletId): readonly Gap[] {
    return store.gaps.list({ inlet: id, since: null, limit: gapsShown })
  }

  function reportOf(setUp: InletSetUp): InletReport {
    const { id, kind, name, address } = setUp
    return {
      id,
      kind,
      name,
      setUp,
      state: stateOf(setUp),
      ...runners.meter(id),
      address,
      secret: secrets.describe(setUp),
      publicKey: secrets.publicKey(setUp),
      gaps: gapsOf(id),
    }
  }

  function read(): WaysIn {
    return {
      inlets: [
        reportOfReceiver(receiver, addressOfReceiver()),
        ...(unsigned.read().isUsed ? [reportOfReceiver(unsigned, null)] : []),
        ...configured.list().map(reportOf),
      ],
      receiver: receiverHealth,
      tunnel: tunnel.read(),
    }
  }

  return {
    read,
    health() {
      const receivers = [receiver, unsigned].filter((way) => way.read().isUsed).map((way) => wayHealth(way, stateOfReceiver(way), null))
      const fetching = configured.list().filter(({ isOn }) => isOn)
      return [...receivers, ...fetching.map((setUp) => wayHealth(setUp, stateOf(setUp), runners.standing(setUp.id).trouble))]
    },
    inlets: {
      consent: secretConsent,
      async save(draft) {
        const saved = await configured.save(draft)
        return saved.kind === 'refused' ? saved : { ...saved, ways: read() }
      },
      async switch({ id, isOn }) {
        await configured.switch(id, isOn)
        return read()
      },
      async remove(id) {
        await configured.remove(id)
        return read()
      },
      reconnect(id) {
        runners.reconnect(id)
        return read()
      },
    },
    tunnel: {
      consent: (setUp) => tunnelConsent(setUp, tunnel.read().setUp),
      async save(setUp) {
        const saved = await tunnel.save(setUp)
        if (saved.kind === 'refused') return saved
        settingsChanged()
        return { kind: 'saved', ways: read() }
      },
      restart() {
        tunnel.restart()
        return read()
      },
    },
    wake: {
      suspended(at = now()) {
        circumstances = { ...circumstances, isAsleep: true }
        ledger.suspended(at)
        changed()
      },
      resumed() {
        circumstances = { ...circumstances, isAsleep: false }
        ledger.resumed()
        runners.reconnectAll()
        tunnel.tryNow()
        changed()
      },
      network(isOnline) {
        if (circumstances.isOffline === !isOnline) return
        circumstances = { ...circumstances, isOffline: !isOnline }
        ledger.network(isOnline)
        if (isOnline) {
          runners.reconnectAll()
          tunnel.tryNow()
        }
        changed()
      },
    },
    receiver: {
      ingest: receiver.ingest,
      turnedAway: receiver.turnedAway,
      onHealth(health) {
        receiverHealth = health
        tunnel.lead(health.kind === 'listening' ? health.port : null)
        reload()
      },
    },
    unsigned: {
      ingest: unsigned.ingest,
      turnedAway: unsigned.turnedAway,
      onHealth(health) {
        unsignedHealth = health
        reload()
      },
    },
    publicHosts: () => hosts,
    targetUrl() {
      const fetched = configured.list().find(({ kind, isOn, address }) => isOn && kind !== 'smee' && address?.startsWith('https:'))
      return addressOfReceiver() ?? fetched?.address ?? null
    },
    reload,
    start: configured.start,
    async stop() {
      isStopping = true
      telling?.()
      await configured.settled()
      await Promise.all([runners.stop(), tunnel.stop()])
      ledger.stop()
    },
  }
}
