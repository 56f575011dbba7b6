import { isAuthenticatedRelay } from '../shared/inlets.ts'
import { createCare } from './care/care.ts'
import type { CoreEvents } from './core-events.ts'
import type { Core, CoreParts } from './core-parts.ts'
import { createDesk } from './desk/desk.ts'
import { createInsight } from './desk/insight.ts'
import { createDetectionPlace } from './detection-place.ts'
import { createExporting } from './exporting/exporting.ts'
import { createHealthMonitor } from './health.ts'
import { check } from './ingest/check.ts'
import { contentOf } from './ingest/content-of.ts'
import type { Change } from './ingest/delivery.ts'
import { observe } from './ingest/drift.ts'
import { createKeyRing } from './ingest/keys.ts'
import { parse } from './ingest/parse.ts'
import { createPipeline } from './ingest/pipeline.ts'
import { inletFactories } from './ways/inlet-factories.ts'
import { createTunnel } from './inlets/tunnel.ts'
import { historyFile, markFile } from './profile.ts'
import { createOrganizations } from './organizations.ts'
import { createPaced } from './paced.ts'
import { createHighWaterMark } from './proof/high-water-mark.ts'
import { createPublisher } from './publish.ts'
import { createQuarantineWatch } from './quarantine.ts'
import { createReception } from './ways/reception.ts'
import { createSearching } from './searching.ts'
import { sendSample } from './send-sample.ts'
import { createSettingsPlace } from './settings-place.ts'
import { createSlashIdAccess } from './slashid-access.ts'
import { theApp } from './store/history-lock.ts'
import { openStore, type OpenedStore } from './store/store.ts'
import { createTasks } from './tasks.ts'
import { createTelling } from './telling.ts'
import { createTriagePlace } from './triage/triage-place.ts'
import { createWritingBack } from './writing-back.ts'

export type CoreStarted = { readonly kind: 'started'; readonly core: Core } | Exclude<OpenedStore, { kind: 'opened' }>

/** Opens the history of a profile and starts to receive. A receiver that cannot listen is a state of health, not a failure to start. */
export async function startCore(parts: CoreParts): Promise<CoreStarted> {
  const { profile, log, now, random, schedule, keychain, env = {} } = parts
  const opened = openStore({ file: historyFile(profile), as: theApp, contentOf, now })
  if (opened.kind !== 'opened') return opened
  const { store } = opened

  const publisher = createPublisher<CoreEvents>((error) => log.error('a listener failed', error))
  const { publish, subscribe } = publisher
  const settingsChanged = () => publish('settings', store.settings.read())
  const { textIndex } = store
  const searching = createSearching({
    file: historyFile(profile),
    thread: parts.readerThread,
    textIndex,
    schedule,
    log,
    now,
    onMending: (told) => care.searchMending(told),
  })
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
  const care = createCare({
    profile,
    store,
    careProcess: parts.careProcess,
    mendSearch: searching.mend,
    health,
    publish,
    log,
    now,
    schedule,
  })
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
  // The mark compares first, before anything is kept. It may write for a while, during which its health is told with that of everything above.
  await Promise.all([mark.start(), keys.reload()])
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
    onCarried: (detections) => touched({ changed: detections, more: false }),
    onFault: (error) => log.error('a task failed', error),
    now,
    schedule,
  })
  const telling = createTelling({
    store,
    ask: searching.ask,
    secrets: access.secrets,
    resources: parts.resources,
    publisher,
    onDesktop: health.desktop,
    log,
    now,
    random,
    schedule,
  })
  const touched = (changed: CoreEvents['touched']) => {
    publish('touched', changed)
    telling.touched()
  }
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
    inbox: telling.inbox,
    rules: telling.rules,
    hooks: telling.hooks,
    speaking: telling.speaking,
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
    wake: {
      ...ways.wake,
      resumed() {
        ways.wake.resumed()
        telling.woke()
      },
      clockSet() {
        searching.renew()
        publish('rules', telling.rules.list())
      },
    },
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
      await telling.stop()
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
  care.open()
  await reception.start()
  care.start()
  searching.wake()
  return { kind: 'started', core }
}
