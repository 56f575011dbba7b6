import type { Detection } from '../shared/detection.ts'
import type { DriftList } from '../shared/drift.ts'
import type { Health } from '../shared/health.ts'
import { isAuthenticatedRelay, type Gap } from '../shared/inlets.ts'
import type { NewOrganization, OrganizationAdded, OrganizationChange, OrganizationChanged, Requests, SampleOutcome } from '../shared/ipc.ts'
import type { OrganizationCount, OrganizationState } from '../shared/organization.ts'
import { createCare, type CarePlace } from './care/care.ts'
import type { StartCareProcess } from './care/history-files.ts'
import type { CoreEvents } from './core-events.ts'
import { createDesk, type DeskPlace } from './desk/desk.ts'
import { createInsight, type InsightPlace } from './desk/insight.ts'
import { createDetectionPlace, type DetectionPlace } from './detection-place.ts'
import { createExporting } from './exporting/exporting.ts'
import { createHealthMonitor } from './health.ts'
import { createAppHooks } from './hooks/hooks.ts'
import type { HooksPlace } from './hooks/hooks-place.ts'
import { createHighWaterMark } from './high-water-mark.ts'
import { check } from './ingest/check.ts'
import { contentOf } from './ingest/content-of.ts'
import type { Change } from './ingest/delivery.ts'
import { observe } from './ingest/drift.ts'
import { createInbox, type InboxPlace } from './inbox/inbox-place.ts'
import { createKeyRing } from './ingest/keys.ts'
import { parse } from './ingest/parse.ts'
import { createPipeline } from './ingest/pipeline.ts'
import type { Schedule } from './ingest/refresher.ts'
import { inletFactories } from './ways/inlet-factories.ts'
import type { InletFactories } from './ways/inlet-runners.ts'
import { createTunnel } from './inlets/tunnel.ts'
import { historyFile, markFile } from './profile.ts'
import { createOrganizations } from './organizations.ts'
import { createPaced } from './paced.ts'
import { createPublisher, type Listeners } from './publish.ts'
import { createQuarantineWatch, type QuarantinePlace } from './quarantine.ts'
import { createReception, type Reception } from './ways/reception.ts'
import { createRulesPlace, type RulesPlace } from './rules/rules-place.ts'
import { createSearching } from './searching.ts'
import type { Keychain } from './secrets.ts'
import { sendSample } from './send-sample.ts'
import { createSettingsPlace, type SettingsPlace } from './settings-place.ts'
import { createSlashIdAccess, type SlashIdAccess } from './slashid-access.ts'
import { createSpeaking, type SpeakingPlace } from './speaking/speaking.ts'
import { theApp } from './store/history-lock.ts'
import { openStore, type OpenedStore } from './store/store.ts'
import { createTasks, type Tasks } from './tasks.ts'
import { createTriagePlace, type TriagePlace } from './triage/triage-place.ts'
import type { CreateTunnel } from './ways/tunnel-keeper.ts'
import type { UnsignedInlet } from './ways/unsigned-inlet.ts'
import { createWritingBack } from './writing-back.ts'
import type { WaysInManager } from './ways/ways-in-parts.ts'

export type CoreParts = {
  readonly profile: string
  readonly log: { info(text: string): void; error(text: string, error?: unknown): void }
  readonly now: () => number
  readonly random: () => number
  readonly schedule: Schedule
  /** Without one, secrets last until the app quits. */
  readonly keychain?: Keychain
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The program of reader/thread.ts, as built or as it is. */
  readonly readerThread: URL | string
  /** The program of exporting/thread.ts, likewise. */
  readonly exportThread: URL | string
  /** The program of store/log-thread.ts, likewise. Without it commits write the log back themselves. */
  readonly logThread?: URL | string
  /** Starts store/care-process.ts beside this process. */
  readonly careProcess: StartCareProcess
  /** The folder of the files that the running app opens. */
  readonly resources: string
  /** The real ones where there are no others. */
  readonly inlets?: InletFactories
  readonly tunnel?: CreateTunnel
}

/** Everything Tocsin does without a window: the way of a delivery from the receiver to the history, and what can be asked of it. */
export type Core = SettingsPlace & {
  subscribe(listeners: Listeners<CoreEvents>): () => void
  health(): Health
  /** Where deliveries reach this app on loopback, secret included; null while there is no port yet. */
  receiverUrl(): string | null
  /** Tries the same address again, e.g. after another program has given the port back. */
  restartReceiver(): Promise<Health>
  readonly desk: DeskPlace
  readonly insight: InsightPlace
  readonly triage: TriagePlace
  readonly inbox: InboxPlace
  readonly rules: RulesPlace
  readonly hooks: HooksPlace
  readonly speaking: SpeakingPlace
  readonly open: DetectionPlace['open']
  readonly evidence: DetectionPlace['evidence']
  readonly tasks: Omit<Tasks, 'stop'>
  readonly care: CarePlace
  /** The window is gone: what only served it is given back, until it is asked something again. */
  rest(): void
  unread(): number
  newest(most: number): readonly Detection[]
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
  /** In reverse order of the start: no new deliveries, those in flight are kept and answered, then the history closes. */
  stop(): Promise<void>
}

export type CoreStarted = { readonly kind: 'started'; readonly core: Core } | Exclude<OpenedStore, { kind: 'opened' }>

/** Opens the history of a profile and starts to receive. A receiver that cannot listen is a state of health, not a failure to start. */
export async function startCore(parts: CoreParts): Promise<CoreStarted> {
  const { profile, log, now, random, schedule, keychain, env = {} } = parts
  const opened = openStore({ file: historyFile(profile), as: theApp, contentOf, now })
  if (opened.kind !== 'opened') return opened
  const { store } = opened

  const { publish, subscribe } = createPublisher<CoreEvents>((error) => log.error('a listener failed', error))
  const settingsChanged = () => publish('settings', store.settings.read())
  const { textIndex } = store
  const searching = createSearching({ file: historyFile(profile), thread: parts.readerThread, textIndex, schedule, log })
  const writingBack =
    parts.logThread === undefined
      ? null
      : createWritingBack({ file: historyFile(profile), thread: parts.logThread, log: store.log, onTrouble: (detail) => log.error(detail) })
  const health = createHealthMonitor({
    ways: () => ways.health(),
    waiting: store.health.waiting,
    onChanged: (value) => publish('health', value),
    now,
  })
  const mark = createHighWaterMark({ file: markFile(profile), history: store, now, onHealth: health.proof })
  const care = createCare({ profile, store, careProcess: parts.careProcess, health, publish, log, now, schedule })
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
  const keeper = quarantine.watch(mark.follow(store.keeper))
  const changed = (changes: readonly Change[]) => {
    publish('changes', changes)
    searching.wake()
  }
  const pipeline = createPipeline({
    check: (delivery) => check(delivery, context),
    parse,
    observe,
    keeper,
    publish: changed,
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

  // Compares before anything is kept, and may write for a while, during which its health is told with that of everything above.
  const marking = mark.start()
  const foreign = createPaced(() => publish('foreign', null), { everyMs: 1_000, schedule })
  const stopWatching = store.onForeignChange(() => {
    mark.wake()
    searching.wake()
    foreign.tell()
    keys.reload().catch((error: unknown) => log.error('organizations could not be read again', error))
    access.reload()
    ways.reload()
    settingsChanged()
  })
  await keys.reload()
  const tasks = createTasks({
    store,
    keeper,
    exportBeside: createExporting({ file: historyFile(profile), thread: parts.exportThread }),
    resources: parts.resources,
    onChanged(task) {
      publish('task', task)
      // What an import brought is no delivery that is counted, and more may be unread.
      if (task.kind === 'import') publish('health', health.read())
    },
    onImported: changed,
    onFault: (error) => log.error('a task failed', error),
    now,
    schedule,
  })
  const inbox = createInbox({
    ask: searching.ask,
    settings: store.settings,
    onChanged: () => publish('inbox', null),
    now,
    schedule,
  })
  const touched = (changed: CoreEvents['touched']) => {
    publish('touched', changed)
    inbox.touched()
  }
  const rules = createRulesPlace({ rows: store.rules, ask: searching.ask, onChanged: (changed) => publish('rules', changed), now })
  const hooks = createAppHooks({
    rows: store.hooks,
    secrets: access.secrets,
    resources: parts.resources,
    onChanged: (list) => publish('hooks', list),
    onRemoved: () => publish('rules', rules.list()),
    onFault: (error) => log.error('a hook could not be sent to', error),
    now,
    random,
    schedule,
  })
  const speaking = createSpeaking({
    outbox: store.outbox,
    rules: rules.list,
    settings: store.settings.read,
    onSaid() {
      inbox.touched()
      hooks.wake()
    },
    onTrouble: (error) => log.error('what was said could not be written down', error),
    now,
    schedule,
  })
  subscribe({ changes: speaking.changed, rules: speaking.rulesChanged, settings: speaking.settingsChanged })
  const place = createDetectionPlace({ store, onTouched: (detection) => touched({ changed: [detection], more: false }), now })

  const core: Core = {
    subscribe,
    health: health.read,
    receiverUrl: receiver.url,
    async restartReceiver() {
      await receiver.restart()
      return health.read()
    },
    desk: createDesk({ ask: searching.ask, rows: store.savedViews, onViews: (views) => publish('views', views) }),
    insight: createInsight({ ask: searching.ask, resources: parts.resources, now }),
    triage: createTriagePlace({ rows: store.triage, writeBack: store.retention.writeBack, ask: searching.ask, onTriaged: touched, now }),
    inbox: inbox.place,
    rules,
    hooks: hooks.place,
    speaking: speaking.place,
    ...place,
    tasks,
    care: care.place,
    rest: searching.rest,
    unread: store.detections.unread,
    newest: store.detections.newest,
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
    ...createSettingsPlace(store.settings, (settings) => {
      access.reload()
      ways.reload()
      publish('settings', settings)
    }),
    async stop() {
      stopWatching()
      foreign.stop()
      await tasks.stop()
      await care.stop()
      await reception.stop()
      await pipeline.stop()
      await searching.stop()
      await speaking.stop()
      await hooks.stop()
      inbox.stop()
      await access.stop()
      await keys.stop()
      await mark.stop()
      quarantine.stop()
      health.stop()
      await writingBack?.stop()
      store.close()
      await care.closed()
    },
  }
  await marking
  care.open()
  await reception.start()
  care.start()
  searching.wake()
  return { kind: 'started', core }
}
