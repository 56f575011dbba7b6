import type { Keeper } from '../ingest/delivery.ts'
import type { KeyStore } from '../ingest/key-store.ts'
import { openWith } from './database.ts'
import type { Database, NotOpened } from './database.ts'
import { createDeliveries } from './deliveries.ts'
import type { Deliveries } from './deliveries.ts'
import { createDetections } from './detections.ts'
import type { Detections } from './detections.ts'
import { createDigest } from './digest.ts'
import { createDriftLog } from './drift.ts'
import { createFoundRows } from './found-rows.ts'
import { createHookQueue } from './hook-queue.ts'
import { createHookRows } from './hooks.ts'
import type { HookRows } from './hooks.ts'
import { createLogTrim } from './log-trim.ts'
import { createNotificationLog } from './notification-log.ts'
import type { NotificationLog } from './notification-log.ts'
import { createOutbox } from './outbox.ts'
import type { Outbox } from './outbox.ts'
import { createTriage } from './triage.ts'
import type { Triage } from './triage.ts'
import { createTriageTrail } from './triage-trail.ts'
import type { TriageTrail } from './triage-trail.ts'
import { shareHistory } from './history-lock.ts'
import { createHistoryLog } from './log.ts'
import type { HistoryLog } from './log.ts'
import { createImportStore } from './imported.ts'
import type { ImportStore } from './imported.ts'
import type { DriftLog } from './drift.ts'
import { createEntities } from './entities.ts'
import type { Entities } from './entities.ts'
import { createGapRows } from './gaps.ts'
import type { GapRows } from './gaps.ts'
import { createInletRows } from './inlets.ts'
import type { InletRows } from './inlets.ts'
import { createMappings } from './mappings.ts'
import type { MappingsAnswer } from './mappings.ts'
import { createOrganizations } from './organizations.ts'
import type { Organizations } from './organizations.ts'
import { createOverview } from './overview.ts'
import type { Overview, Searched } from './overview.ts'
import { createPastChanges } from './past-changes.ts'
import type { PastChanges } from './past-changes.ts'
import { createPosture } from './posture.ts'
import type { Posture } from './posture.ts'
import { createPresent } from './present.ts'
import type { ContentOf } from './present.ts'
import { createProof } from './proof.ts'
import type { Proof } from './proof.ts'
import { createQuarantineStore } from './quarantine-list.ts'
import type { QuarantineStore } from './quarantine-list.ts'
import { createQuarantine } from './quarantine.ts'
import { createRetention } from './retention.ts'
import type { Retention } from './retention.ts'
import { createRuleRows } from './rules.ts'
import type { RuleRows } from './rules.ts'
import { createSavedViewRows } from './saved-views.ts'
import type { SavedViewRows } from './saved-views.ts'
import { createSearchReader } from './search-reader.ts'
import type { SearchReader } from './search-reader.ts'
import { createSecretRows } from './secrets.ts'
import type { SecretRows } from './secrets.ts'
import { createSettings } from './settings.ts'
import { createTextIndex } from './text-index.ts'
import type { TextIndex } from './text-index.ts'
import type { SettingsStore } from './settings.ts'
import { openSnapshot, sizeOfLog } from './walk.ts'
import type { OpenedSnapshot } from './walk.ts'
import { createWebhookRows } from './webhooks.ts'
import type { WebhookRows } from './webhooks.ts'

/** The history: everything Tocsin remembers, in one SQLite file. */
export type Store = {
  /** The write path of deliveries, for the pipeline. */
  readonly keeper: Keeper
  readonly keyStore: KeyStore
  readonly organizations: Organizations
  readonly detections: Detections
  readonly textIndex: Pick<TextIndex, 'catchUp' | 'isUpToDate' | 'fill' | 'isFilled' | 'merge' | 'beginAnew'>
  readonly overview: Overview
  readonly posture: Posture
  readonly entities: Entities
  /** How what a search finds is mapped to ATT&CK. */
  mappings(wanted: Searched): MappingsAnswer
  readonly triage: Triage
  readonly triageTrail: TriageTrail
  readonly foundRows: ReturnType<typeof createFoundRows>
  readonly notificationLog: NotificationLog
  readonly outbox: Outbox
  readonly digest: ReturnType<typeof createDigest>
  readonly quarantine: QuarantineStore
  readonly drift: Pick<DriftLog, 'list'>
  readonly settings: SettingsStore
  readonly rules: RuleRows
  readonly hooks: HookRows
  readonly pastChanges: PastChanges
  readonly savedViews: SavedViewRows
  readonly secrets: SecretRows
  readonly webhooks: WebhookRows
  readonly gaps: GapRows
  readonly inlets: InletRows
  readonly health: {
    /** Deliveries in quarantine now that may still become good. */
    waiting(): number
  }
  readonly chain: Pick<Deliveries, 'genesis' | 'head' | 'chain'>
  readonly proof: Proof
  readonly imported: ImportStore
  readonly log: HistoryLog
  readonly retention: Retention
  readonly readSearch: SearchReader
  /** From now until `end`, whatever is asked is answered as it is now. Of a history that is open for reading only; to be ended soon. */
  holdStill(): Still
  /** The history as it is now, to be walked over at leisure and closed soon. */
  snapshot(): OpenedSnapshot
  /** Calls back within a quarter of a second of a commit by another process, until the returned function is called. */
  onForeignChange(listener: () => void): () => void
  /** Writes the log back into the history, then closes it. Nothing may be asked of the store afterwards. */
  close(): void
}

export type StoreOptions = {
  readonly file: string
  readonly readOnly?: boolean
  /** Who opens it, in words, for whoever cannot meanwhile. */
  readonly as?: string
  /** How a kept body is read again. */
  readonly contentOf: ContentOf
  readonly now: () => number
  /** What long searches measure their time with, in ms from any start. */
  readonly clock?: () => number
}

export type Still = {
  /** Bytes of the write-ahead log now beyond those at the beginning: while this holds, it cannot start over. */
  logGrowth(): number
  /** Asked again it does nothing. */
  end(): void
}

export type OpenedStore = { readonly kind: 'opened'; readonly store: Store } | NotOpened

const foreignChangePollMs = 250

/** Opens the history and prepares every statement. What cannot be opened is left as it is, and said. */
export function openStore(options: StoreOptions): OpenedStore {
  const { file, readOnly = false, as = 'a command of Tocsin', contentOf, now, clock = () => performance.now() } = options
  const held = readOnly ? null : shareHistory(file, as)
  if (held?.kind === 'refused') return { kind: 'unavailable', detail: held.detail }
  const release = (): void => held?.release()
  let opened: OpenedStore | null = null
  try {
    opened = openWith(file, { readOnly, now }, (db) => {
      return { kind: 'opened', store: createStore(db, { file, readOnly, contentOf, now, clock, release }) }
    })
    return opened
  } finally {
    if (opened?.kind !== 'opened') release()
  }
}

type StoreParts = Required<Omit<StoreOptions, 'as'>> & { readonly release: () => void }

function createStore(db: Database, { file, readOnly, contentOf, now, clock, release }: StoreParts): Store {
  const quarantine = createQuarantine(db, now)
  const drift = createDriftLog(db)
  const textIndex = createTextIndex(db)
  const deliveries = createDeliveries(db, createPresent(db, contentOf), quarantine, drift, textIndex)
  const notificationLog = createNotificationLog(db)
  const readSearch = createSearchReader(db, now)
  const gaps = createGapRows(db)
  const polls = new Set<NodeJS.Timeout>()

  return {
    keeper: deliveries.keeper,
    ...createOrganizations(db, now),
    detections: createDetections(db, { textIndex, now, clock }),
    textIndex,
    overview: createOverview(db, { textIndex, now, clock }),
    posture: createPosture({ file, now, clock }),
    entities: createEntities(db, { clock }),
    mappings: createMappings(db, { textIndex, now, clock }),
    triage: createTriage(db, now),
    triageTrail: createTriageTrail(db, notificationLog),
    foundRows: createFoundRows(db, { textIndex, now, clock }),
    notificationLog,
    outbox: createOutbox(db, { enqueueHook: createHookQueue(db), trim: createLogTrim(db) }),
    digest: createDigest(db, { gaps, readSearch }),
    quarantine: createQuarantineStore(db, quarantine),
    drift,
    settings: createSettings(db),
    rules: createRuleRows(db),
    hooks: createHookRows(db),
    pastChanges: createPastChanges(db, clock),
    savedViews: createSavedViewRows(db),
    secrets: createSecretRows(db),
    webhooks: createWebhookRows(db),
    gaps,
    inlets: createInletRows(db),
    health: { waiting: () => quarantine.waiting().rows },
    chain: deliveries,
    proof: createProof(db, contentOf),
    imported: createImportStore(db, now),
    log: createHistoryLog(db),
    retention: createRetention(db, textIndex, now),
    readSearch,
    holdStill() {
      if (!readOnly) throw new Error('a history that is written cannot be held still')
      const logAtStart = sizeOfLog(file)
      db.exec('BEGIN')
      // The first read fixes the moment.
      db.prepare('SELECT 1 FROM tally LIMIT 1').get()
      return { logGrowth: () => sizeOfLog(file) - logAtStart, end: () => void (db.inTransaction && db.exec('COMMIT')) }
    },
    snapshot: () => openSnapshot(file, now, clock),

    onForeignChange(listener) {
      // Changes with every commit but our own; asking costs no disk access.
      const version = () => Number(db.pragma('data_version', { simple: true }))
      let last = version()
      const poll = setInterval(() => {
        const next = version()
        if (next === last) return
        last = next
        listener()
      }, foreignChangePollMs)
      poll.unref()
      polls.add(poll)
      return () => {
        clearInterval(poll)
        polls.delete(poll)
      }
    },

    close() {
      for (const poll of polls) clearInterval(poll)
      try {
        if (!readOnly) checkpoint(db)
        db.close()
      } finally {
        release()
      }
    },
  }
}

function checkpoint(db: Database): void {
  try {
    db.pragma('wal_checkpoint(TRUNCATE)')
  } catch {
    // A full or failing disk: what was committed is safe in the log, and the next start reads it from there.
  }
}
