import type { ReceiverHealth } from '../../shared/health.ts'
import type { Gap, InletId, InletReport, InletSetUp, InletState, WaysIn } from '../../shared/inlets.ts'
import { createConfiguredInlets } from './configured-inlets.ts'
import { agreedSoFar, inletConsent, originConsent, type Agreed } from './consent.ts'
import { createGapLedger } from './gaps.ts'
import { createInletRunners } from './inlet-runners.ts'
import { createInletSecrets } from './inlet-secrets.ts'
import { isOnThisComputer } from './inlet-setup.ts'
import { createOriginProbe } from './origin-probe.ts'
import { publicHosts, targetsOf, targetUrl } from './public-origin.ts'
import { createReceiverWay, type ReceiverWay } from './receiver-way.ts'
import { createTunnelKeeper, tunnelConsent } from './tunnel-keeper.ts'
import { inCircumstances, standingOf, wayHealth } from './way-state.ts'
import type { WaysInManager, WaysInParts } from './ways-in-parts.ts'

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

  const probe = createOriginProbe({ send: parts.sendProbe, onChanged: reload, now, schedule })

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

  /** While nothing can come, nothing is learned from its not coming. */
  function lookAtOrigin(): void {
    const isPossible = receiverHealth.kind === 'listening' && !circumstances.isAsleep && !circumstances.isOffline
    probe.look(isPossible ? addressOfReceiver() : null)
  }

  /** The first receiver counts where something public leads to it, or where nothing else is there. */
  function reload(): void {
    if (isStopping) return
    const { publicOrigin, unsignedInlet } = store.settings.read()
    hosts = publicHosts([...tunnel.origins(), publicOrigin], registeredUrls(), receiverUrl())
    const isPublic = publicOrigin !== null || tunnel.read().setUp !== null
    const isOnly = unsignedInlet === null && !configured.list().some(({ isOn }) => isOn)
    lookAtOrigin()
    receiver.stand(standingOf(receiverHealth, tunnel.read(), probe.read()), { isUsed: isPublic || isOnly, isPublic })
    unsigned.stand(standingOf(unsignedHealth, null), { isUsed: unsignedInlet !== null, isPublic: publicOrigin !== null })
  }

  function agreed(): Agreed {
    return agreedSoFar(configured.list(), [store.settings.read().publicOrigin, ...tunnel.origins(), ...registeredUrls()])
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
      header: secrets.describeHeader(setUp),
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
      const receivers = [receiver, unsigned]
        .filter((way) => way.read().isUsed)
        .map((way) => wayHealth(way, stateOfReceiver(way), way.read().trouble))
      const fetching = configured.list().filter(({ isOn }) => isOn)
      return [...receivers, ...fetching.map((setUp) => wayHealth(setUp, stateOf(setUp), runners.standing(setUp.id).trouble))]
    },
    consent: (changes) => originConsent(changes, agreed()),
    inlets: {
      consent: (draft) => inletConsent(draft, agreed()),
      header(id) {
        const setUp = configured.list().find((one) => one.id === id)
        return setUp === undefined ? { kind: 'none' } : secrets.readHeader(setUp)
      },
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
        reload()
      },
      resumed() {
        circumstances = { ...circumstances, isAsleep: false }
        ledger.resumed()
        runners.reconnectAll()
        tunnel.tryNow()
        reload()
      },
      network(isOnline) {
        if (circumstances.isOffline === !isOnline) return
        circumstances = { ...circumstances, isOffline: !isOnline }
        ledger.network(isOnline)
        if (isOnline) {
          runners.reconnectAll()
          tunnel.tryNow()
        }
        reload()
      },
    },
    receiver: {
      ingest(delivery) {
        probe.heard(delivery.headers['host'])
        return receiver.ingest(delivery)
      },
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
    isProbe: probe.isOurs,
    publicHosts: () => hosts,
    targets: () => targetsOf(addressOfReceiver(), configured.list()),
    reload,
    start: configured.start,
    async stop() {
      isStopping = true
      telling?.()
      probe.stop()
      await configured.settled()
      await Promise.all([runners.stop(), tunnel.stop()])
      ledger.stop()
    },
  }
}
