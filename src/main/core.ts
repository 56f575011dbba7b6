import type { Detection, DetectionKey, OrganizationId } from '../shared/detection.ts'
import type { Health } from '../shared/health.ts'
import type { DriftList } from '../shared/drift.ts'
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
import { readNewOrganization, readOrganizationChange } from './new-organization.ts'
import { createPathSecret, createReceiver, receiverUrl, type Receiver } from './inlets/receiver.ts'
import { historyFile, markFile, removeConnection, writeConnection } from './profile.ts'
import { createPublisher, type Listeners } from './publish.ts'
import { publicHosts, readSettings } from './public-origin.ts'
import { createQuarantineWatch, type QuarantinePlace } from './quarantine.ts'
import type { Keychain } from './secrets.ts'
import { sendSample } from './send-sample.ts'
import { createSlashIdAccess, type SlashIdAccess } from './slashid-access.ts'
import type { WindowBounds } from './store/settings.ts'
import type { OrganizationToAdd } from './store/organizations.ts'
import { openStore, type OpenedStore } from './store/store.ts'
import { createUnsignedInlet, type UnsignedInlet } from './unsigned-inlet.ts'

export type CoreEvents = {
  /** What deliveries changed, after their commit. */
  readonly changes: readonly Change[]
  /** What the user changed. */
  readonly touched: Detection
  readonly health: Health
  readonly organizations: readonly OrganizationState[]
  readonly quarantine: QuarantineCounts
  readonly settings: Settings
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
export async function startCore({ profile, log, now, random, schedule, keychain, env = {} }: CoreParts): Promise<CoreStarted> {
  const opened = openStore({ file: historyFile(profile), contentOf, now })
  if (opened.kind !== 'opened') return opened
  const { store } = opened

  const { publish, subscribe } = createPublisher<CoreEvents>((error) => log.error('a listener failed', error))
  const settingsChanged = () => publish('settings', store.settings.read())
  const health = createHealthMonitor({ waiting: store.health.waiting, onChanged: (value) => publish('health', value), now })
  const mark = createHighWaterMark({ file: markFile(profile), history: store, now, onHealth: health.proof })
  await mark.start()
  const access = createSlashIdAccess({
    store,
    keychain: keychain ?? null,
    env,
    receiverUrl: () => core.receiverUrl(),
    onChanged: settingsChanged,
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
    isAuthenticatedRelay: () => false,
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

  const receiving = {
    publicHosts: () => publicHosts(store.settings.read()),
    ingest: pipeline.ingest,
    onTurnedAway: () => health.count({ kind: 'turnedAway' }),
    onBug: (error: unknown) => log.error('a request could not be answered', error),
    now,
  }
  const unsigned = createUnsignedInlet({ store, secrets: access.secrets, receiver: receiving, onChanged: settingsChanged, log })

  const stopWatching = store.onForeignChange(() => {
    keys.reload().catch((error: unknown) => log.error('organizations could not be read again', error))
    access.reload()
    settingsChanged()
  })
  await keys.reload()

  let receiver: Receiver | null = null
  await startReceiver()
  await unsigned.start()

  /** The first start takes any free port and a new secret; every later one the same, so that a registered address goes on working. */
  async function startReceiver(): Promise<Health> {
    const known = store.settings.readApp()
    const secret = known.pathSecret ?? createPathSecret()
    receiver = createReceiver({
      port: known.receiverPort ?? 0,
      secret,
      secretHeader: access.requiredHeader,
      onHealth: health.receiver,
      ...receiving,
    })
    const started = await receiver.start()
    if (started.kind === 'listening') {
      if (known.receiverPort === null || known.pathSecret === null)
        store.settings.writeApp({ receiverPort: started.port, pathSecret: secret })
      writeConnection(profile, { url: receiverUrl(started.port, secret), pid: process.pid, headers: access.localHeaders })
      log.info(`receiver: listening on port ${started.port}`)
    } else {
      log.error(`receiver: ${started.kind}`)
    }
    return health.read()
  }

  async function believe(organization: OrganizationToAdd): Promise<OrganizationAdded> {
    const added = store.organizations.add(organization)
    if (added.kind === 'refused') return added
    await keys.reload()
    return { kind: 'added', organization: stateOf(organization.id) }
  }

  function stateOf(organizationId: OrganizationId): OrganizationState {
    const state = keys.states().find(({ id }) => id === organizationId)
    if (state === undefined) throw new Error('an organization that was just written is not there')
    return state
  }

  const core: Core = {
    subscribe,
    health: health.read,
    receiverUrl() {
      const { receiverPort, pathSecret } = store.settings.readApp()
      return receiverPort === null || pathSecret === null ? null : receiverUrl(receiverPort, pathSecret)
    },
    async restartReceiver() {
      await receiver?.stop()
      removeConnection(profile)
      return startReceiver()
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
    async addOrganization(wanted) {
      const read = readNewOrganization(wanted)
      if (read.kind === 'refused') return read
      return believe(read.organization)
    },
    async changeOrganization(wanted) {
      const read = readOrganizationChange(wanted)
      if (read.kind === 'refused') return read
      if (!store.organizations.change(read.change))
        return { kind: 'refused', detail: 'Only an organization that you added can be changed.' }
      await keys.reload()
      return { kind: 'changed', organization: stateOf(wanted.id) }
    },
    quarantine: quarantine.place,
    drift: store.drift,
    registration: access.registration,
    secretHeader: access.secretHeader,
    unsigned,
    sendSample() {
      const url = health.read().receiver.kind === 'listening' ? core.receiverUrl() : null
      return sendSample({ profile, url, headers: access.localHeaders, believe, now })
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
      publish('settings', settings)
      return { kind: 'written', settings }
    },
    async stop() {
      stopWatching()
      await Promise.all([receiver?.stop(), unsigned.stop()])
      removeConnection(profile)
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
