import type { Keeper } from '../ingest/delivery.ts'
import type { KeyStore } from '../ingest/key-store.ts'
import { openDatabase } from './database.ts'
import type { Database, NotOpened } from './database.ts'
import { createDeliveries } from './deliveries.ts'
import type { Deliveries } from './deliveries.ts'
import { createDetections } from './detections.ts'
import type { Detections } from './detections.ts'
import { createDriftLog } from './drift.ts'
import type { DriftLog } from './drift.ts'
import { createGapRows } from './gaps.ts'
import type { GapRows } from './gaps.ts'
import { createInletRows } from './inlets.ts'
import type { InletRows } from './inlets.ts'
import { createOrganizations } from './organizations.ts'
import type { Organizations } from './organizations.ts'
import { createPresent } from './present.ts'
import type { ContentOf } from './present.ts'
import { createProof } from './proof.ts'
import type { Proof } from './proof.ts'
import { createQuarantineStore } from './quarantine-list.ts'
import type { QuarantineStore } from './quarantine-list.ts'
import { createQuarantine } from './quarantine.ts'
import { createSecretRows } from './secrets.ts'
import type { SecretRows } from './secrets.ts'
import { createSettings } from './settings.ts'
import type { SettingsStore } from './settings.ts'
import { createWebhookRows } from './webhooks.ts'
import type { WebhookRows } from './webhooks.ts'

/** The history: everything Tocsin remembers, in one SQLite file. */
export type Store = {
  /** The write path of deliveries, for the pipeline. */
  readonly keeper: Keeper
  readonly keyStore: KeyStore
  readonly organizations: Organizations
  readonly detections: Detections
  readonly quarantine: QuarantineStore
  readonly drift: Pick<DriftLog, 'list'>
  readonly settings: SettingsStore
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
  /** Calls back within a quarter of a second of a commit by another process, until the returned function is called. */
  onForeignChange(listener: () => void): () => void
  /** Writes the log back into the history, then closes it. Nothing may be asked of the store afterwards. */
  close(): void
}

export type StoreOptions = {
  readonly file: string
  readonly readOnly?: boolean
  /** How a kept body is read again. */
  readonly contentOf: ContentOf
  readonly now: () => number
}

export type OpenedStore = { readonly kind: 'opened'; readonly store: Store } | NotOpened

const foreignChangePollMs = 250

/** Opens the history and prepares every statement. What cannot be opened is left as it is, and said. */
export function openStore({ file, readOnly = false, contentOf, now }: StoreOptions): OpenedStore {
  const opened = openDatabase(file, { readOnly })
  if (opened.kind !== 'opened') return opened
  const { db } = opened
  const quarantine = createQuarantine(db, now)
  const drift = createDriftLog(db)
  const deliveries = createDeliveries(db, createPresent(db, contentOf), quarantine, drift)
  const polls = new Set<NodeJS.Timeout>()

  const store: Store = {
    keeper: deliveries.keeper,
    ...createOrganizations(db, now),
    detections: createDetections(db, now),
    quarantine: createQuarantineStore(db, quarantine),
    drift,
    settings: createSettings(db),
    secrets: createSecretRows(db),
    webhooks: createWebhookRows(db),
    gaps: createGapRows(db),
    inlets: createInletRows(db),
    health: { waiting: () => quarantine.waiting().rows },
    chain: deliveries,
    proof: createProof(db, contentOf),

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
      if (!readOnly) checkpoint(db)
      db.close()
    },
  }
  return { kind: 'opened', store }
}

function checkpoint(db: Database): void {
  try {
    db.pragma('wal_checkpoint(TRUNCATE)')
  } catch {
    // A full or failing disk: what was committed is safe in the log, and the next start reads it from there.
  }
}
