import type { Detection, DetectionKey } from '../shared/detection.ts'
import type { DriftList } from '../shared/drift.ts'
import type { Health } from '../shared/health.ts'
import { isAuthenticatedRelay, type Gap, type WaysIn } from '../shared/inlets.ts'
import type {
  DetectionDetail,
  NewOrganization,
  OrganizationAdded,
  OrganizationChange,
  OrganizationChanged,
  PageAnswer,
  Requests,
  SampleOutcome,
  SettingsWritten,
} from '../shared/ipc.ts'
import type { OrganizationCount, OrganizationState } from '../shared/organization.ts'
import type { QuarantineCounts } from '../shared/quarantine.ts'
import type { Settings } from '../shared/settings.ts'
import { evidenceFileName, saveEvidence, type EvidenceWritten } from './evidence.ts'
import { createHealthMonitor } from './health.ts'
import { createHighWaterMark } from './high-water-mark.ts'
import { check } from './ingest/check.ts'
import { contentOf, summarize } from './ingest/content-of.ts'
import type { Change } from './ingest/delivery.ts'
import { observe } from './ingest/drift.ts'
import { createKeyRing } from './ingest/keys.ts'
import { parse } from './ingest/parse.ts'
import { createPipeline } from './ingest/pipeline.ts'
import type { Schedule } from './ingest/refresher.ts'
import { inletFactories } from './ways/inlet-factories.ts'
import type { InletFactories } from './ways/inlet-runners.ts'
import { createTunnel } from './inlets/tunnel.ts'
import { historyFile, markFile } from './profile.ts'
import { createOrganizations } from './organizations.ts'
import { createPublisher, type Listeners } from './publish.ts'
import { readSettings } from './ways/public-origin.ts'
import { createQuarantineWatch, type QuarantinePlace } from './quarantine.ts'
import { createReception, type Reception } from './ways/reception.ts'
import type { Keychain } from './secrets.ts'
import { sendSample } from './send-sample.ts'
import { createSlashIdAccess, type SlashIdAccess } from './slashid-access.ts'
import type { WindowBounds } from './store/settings.ts'
import { openStore, type OpenedStore } from './store/store.ts'
import type { CreateTunnel } from './ways/tunnel-keeper.ts'
import type { UnsignedInlet } from './ways/unsigned-inlet.ts'
import type { WaysInManager } from './ways/ways-in-parts.ts'

export type CoreEvents = {
  /** What deliveries changed, after their commit. */
  readonly changes: readonly Change[]
  /** What the user changed. */
  readonly touched: Detection
  readonly health: Health
  readonly organizations: readonly OrganizationState[]
  readonly quarantine: QuarantineCounts
  readonly settings: Settings
  readonly ways: WaysIn
  readonly gap: Gap
}

export type CoreParts = {
  readonly profile: string
  readonly log: { info(text: string): void; error(text: string, error?: unknown): void }
  readonly now: () => number
  readonly random: () => number
  readonly schedule: Schedule
  /** Without one, secrets last until the app quits. */
  readonly keychain?: Keychain
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The real ones where there are no others. */
  readonly inlets?: InletFactories
  readonly tunnel?: CreateTunnel
}

/** Everything Tocsin does without a window: the way of a delivery from the receiver to the history, and what can be asked of it. */
export type Core = {
  subscribe(listeners: Listeners<CoreEvents>): () => void
  health(): Health
  /** Where deliveries reach this app on loopback, secret included; null while there is no port yet. */
  receiverUrl(): string | null
  /** Tries the same address again, e.g. after another program has given the port back. */
  restartReceiver(): Promise<Health>
  page(query: Requests['timeline:page']['argument']): PageAnswer
  /** Opening a detection marks it as read. */
  open(key: DetectionKey): DetectionDetail | null
  readonly evidence: {
    /** Writes what proves a detection to a file, in the place of one that is there. */
    save(key: DetectionKey, path: string): EvidenceWritten
    fileName(key: DetectionKey): string
  }
  unread(): number
  organizations(): readonly OrganizationState[]
  organizationCounts(): readonly OrganizationCount[]
  /** Believes an organization from now on. */
  addOrganization(wanted: NewOrganization): Promise<OrganizationAdded>
  changeOrganization(change: OrganizationChange): Promise<OrganizationChanged>
  readonly quarantine: QuarantinePlace
  readonly drift: { list(): DriftList }
  readonly registration: SlashIdAccess['registration']
  readonly secretHeader: SlashIdAccess['secretHeader']
  readonly unsigned: Pick<UnsignedInlet, 'read' | 'switch'>
  readonly ways: Pick<WaysInManager, 'read' | 'consent'>
  readonly inlets: Reception['inlets']
  readonly tunnel: WaysInManager['tunnel']
  readonly gaps: { list(query: Requests['gaps:list']['argument']): readonly Gap[] }
  /** Told by whoever watches the computer. */
  readonly wake: WaysInManager['wake']
  /** Signs one detection of the demo organization and sends it to the receiver, the way SlashID would. */
  sendSample(): Promise<SampleOutcome>
  settings(): Settings
  readonly windowBounds: { read(): WindowBounds | null; write(bounds: WindowBounds): void }
  writeSettings(changes: Partial<Settings>): SettingsWritten
  /** In reverse order of the start: no new deliveries, those in flight are kept and answered, then the history closes. */
  stop(): Promise<void>
}

export type CoreStarted = { readonly kind: 'started'; readonly core: Core } | Exclude<OpenedStore, { kind: 'opened' }>

/** Opens the history of a profile and starts to receive. A receiver that cannot listen is a state of health, not a failure to start. */
export async function startCore(parts: CoreParts): Promise<CoreStarted> {
  const { profile, log, now, random, schedule, keychain, env = {} } = parts
  const opened = openStore({ file: historyFile(profile), contentOf, now })
  if (opened.kind !== 'opened') return opened
  const { store } = opened

  const { publish, subscribe } = createPublisher<CoreEvents>((error) => log.error('a listener failed', error))
  const settingsChanged = () => publish('settings', store.settings.read())
  const health = createHealthMonitor({
    ways: () => ways.health(),
    waiting: store.health.waiting,
    onChanged: (value) => publish('health', value),
    now,
  })
  const mark = createHighWaterMark({ file: markFile(profile), history: store, now, onHealth: health.proof })
  const access = createSlashIdAccess({
    store,
    keychain: keychain ?? null,
    env,
    targets: () => ways.targets(),
    ownHeader: (inlet) => ways.inlets.header(inlet),
    onChanged() {
      ways.reload()
      settingsChanged()
    },
    onKeyWritten: (id) => void keys.refresh(id).catch((error: unknown) => log.error('keys could not be fetched', error)),
    now,
    schedule,
  })
  const keys = createKeyRing({
    store: store.keyStore,
    fetchKeys: access.fetchKeys,
    now,
    random,
    schedule,
    onKeysChanged: (id) => void pipeline.recheck(id),
    onStatesChanged() {
      publish('organizations', keys.states())
      quarantine.giveUp(keys.states())
    },
  })
  const quarantine = createQuarantineWatch({
    store: store.quarantine,
    refresh: keys.refresh,
    recheck: (id) => pipeline.recheck(id),
    onChanged(counts) {
      publish('quarantine', counts)
      // What waits is part of it, and a release or a discard is no delivery that it would count.
      publish('health', health.read())
    },
  })
  const context = {
    organization: keys.organization,
    keys,
    expected: access.expected,
    onBadSignature: keys.doubt,
    isAuthenticatedRelay,
    unsignedInlet: (inlet: string) => unsigned.organizationOf(inlet),
    now,
  }
  const pipeline = createPipeline({
    check: (delivery) => check(delivery, context),
    parse,
    observe,
    keeper: quarantine.watch(mark.follow(store.keeper)),
    publish: (changes) => publish('changes', changes),
    count: health.count,
    now,
    onStorage: health.storage,
    onFault: (error) => log.error('a delivery could not be processed', error),
  })

  const organizations = createOrganizations({ rows: store.organizations, keys })
  const reception = createReception({
    profile,
    store,
    access,
    ingest: pipeline.ingest,
    believe: organizations.believe,
    health,
    factories: parts.inlets ?? inletFactories,
    createTunnel: parts.tunnel ?? createTunnel,
    onChanged: (value) => publish('ways', value),
    onSettings: settingsChanged,
    onGap: (gap) => publish('gap', gap),
    env,
    log,
    now,
    random,
    schedule,
  })
  const { ways, receiver, unsigned } = reception

  // It tells health, which asks everything above.
  await mark.start()
  const stopWatching = store.onForeignChange(() => {
    keys.reload().catch((error: unknown) => log.error('organizations could not be read again', error))
    access.reload()
    ways.reload()
    settingsChanged()
  })
  await keys.reload()
  await reception.start()

  const core: Core = {
    subscribe,
    health: health.read,
    receiverUrl: receiver.url,
    async restartReceiver() {
      await receiver.restart()
      return health.read()
    },
    page: store.detections.page,
    open(key) {
      const detail = store.detections.detail(key)
      if (detail === null) return null
      const detection = store.detections.markRead(key) ?? detail.detection
      if (detail.detection.triage.isUnread) publish('touched', detection)
      return {
        detection,
        transitions: detail.transitions,
        deliveries: store.detections.deliveriesOf(key).map(summarize),
      }
    },
    evidence: { save: (key, path) => saveEvidence(store, key, { path, replace: true, now }), fileName: evidenceFileName },
    unread: store.detections.unread,
    organizations: keys.states,
    organizationCounts: store.organizations.counts,
    addOrganization: organizations.add,
    changeOrganization: organizations.change,
    quarantine: quarantine.place,
    drift: store.drift,
    registration: access.registration,
    secretHeader: access.secretHeader,
    unsigned,
    ways,
    inlets: reception.inlets,
    tunnel: ways.tunnel,
    gaps: store.gaps,
    wake: ways.wake,
    sendSample() {
      const url = health.read().receiver.kind === 'listening' ? receiver.url() : null
      return sendSample({ profile, url, headers: access.localHeaders, believe: organizations.believe, now })
    },
    settings: store.settings.read,
    windowBounds: {
      read: () => store.settings.readApp().windowBounds,
      write: (windowBounds) => void store.settings.writeApp({ windowBounds }),
    },
    writeSettings(changes) {
      const read = readSettings(changes)
      if (read.kind === 'refused') return read
      const settings = store.settings.write(read.changes)
      access.reload()
      ways.reload()
      publish('settings', settings)
      return { kind: 'written', settings }
    },
    async stop() {
      stopWatching()
      await reception.stop()
      await pipeline.stop()
      await access.stop()
      await keys.stop()
      await mark.stop()
      quarantine.stop()
      health.stop()
      store.close()
    },
  }
  return { kind: 'started', core }
}
