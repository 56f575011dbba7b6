import type { Migration } from './migration.ts'

/** Deliveries and their proof, the detections made of them, the organizations that are believed, and settings. */
export const history: Migration = {
  version: 1,
  up: `
    -- Another file put in this one's place has another id, and with it another hash chain.
    CREATE TABLE identity (
      only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
      id TEXT NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT;
    INSERT INTO identity VALUES (1, lower(hex(randomblob(16))), CAST(unixepoch('subsec') * 1000 AS INTEGER));

    -- Counts that would otherwise need a walk over the whole history.
    CREATE TABLE tally (name TEXT PRIMARY KEY, count INTEGER NOT NULL CHECK (count >= 0)) STRICT, WITHOUT ROWID;
    INSERT INTO tally VALUES ('detections', 0), ('crowded-out', 0), ('discarded', 0);

    CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

    -- Either sealed by the system's keychain or only where to read it: never a secret in the clear.
    CREATE TABLE secrets (
      name TEXT PRIMARY KEY,
      ciphertext BLOB,
      reference TEXT,
      CHECK ((ciphertext IS NULL) <> (reference IS NULL))
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE organizations (
      id TEXT PRIMARY KEY,
      issuer TEXT NOT NULL,
      name TEXT NOT NULL,
      colour TEXT NOT NULL,
      key_source TEXT NOT NULL,
      is_demo INTEGER NOT NULL CHECK (is_demo IN (0, 1)),
      added_at INTEGER NOT NULL
    ) STRICT;

    -- The webhook of an organization at SlashID. Of its secret header only hashes are kept, the newest first: enough to know it again.
    CREATE TABLE webhooks (
      organization_id TEXT PRIMARY KEY REFERENCES organizations (id),
      webhook_id TEXT NOT NULL,
      target_url TEXT,
      header_name TEXT NOT NULL,
      header_hashes TEXT NOT NULL,
      registered_at INTEGER NOT NULL
    ) STRICT;
    -- Every address it ever had: a delivery sent to one of them may still be on its way, or wait in quarantine.
    CREATE TABLE webhook_addresses (
      organization_id TEXT NOT NULL REFERENCES organizations (id),
      webhook_id TEXT NOT NULL,
      target_url TEXT NOT NULL,
      first_at INTEGER NOT NULL,
      PRIMARY KEY (organization_id, webhook_id, target_url)
    ) STRICT;

    -- None is ever deleted: the proof of an old delivery needs its key.
    CREATE TABLE keys (
      organization_id TEXT NOT NULL REFERENCES organizations (id),
      kid TEXT NOT NULL,
      thumbprint TEXT NOT NULL,
      jwk TEXT NOT NULL,
      first_seen_at INTEGER NOT NULL,
      confirmed_at INTEGER NOT NULL,
      retired_at INTEGER,
      PRIMARY KEY (organization_id, kid, thumbprint)
    ) STRICT;

    -- state: detection, other-trigger, unreadable (all three trusted), waiting, refused, removed.
    -- A removed one is a tombstone: it keeps its place in the sequence, its hashes and its identity, and loses its content.
    -- Bodies come last, so that reading anything else of a row never touches their overflow pages.
    CREATE TABLE deliveries (
      sequence INTEGER PRIMARY KEY CHECK (sequence > 0),
      inlet TEXT NOT NULL,
      received_at INTEGER NOT NULL,
      state TEXT NOT NULL,
      trust TEXT,
      reason TEXT,
      organization_id TEXT,
      kid TEXT,
      jti TEXT,
      is_jti_reused INTEGER NOT NULL CHECK (is_jti_reused IN (0, 1)),
      signing_hash BLOB CHECK (length(signing_hash) = 32),
      waiting_hash BLOB CHECK (length(waiting_hash) = 32),
      issued_at INTEGER,
      expires_at INTEGER,
      trigger_name TEXT,
      removed_at INTEGER,
      removed_because TEXT,
      size INTEGER NOT NULL,
      content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
      chain_hash BLOB NOT NULL CHECK (length(chain_hash) = 32),
      headers TEXT,
      body BLOB,
      CHECK ((state = 'removed') = (body IS NULL)),
      CHECK ((state = 'removed') = (headers IS NULL)),
      CHECK ((state = 'removed') = (removed_at IS NOT NULL)),
      CHECK (state = 'removed' OR (state IN ('waiting', 'refused')) = (trust IS NULL)),
      CHECK (state <> 'waiting' OR waiting_hash IS NOT NULL)
    ) STRICT;
    -- Only what was believed claims its signing input, and goes on claiming it as a tombstone: a forgery must not keep the true one out.
    CREATE UNIQUE INDEX deliveries_once ON deliveries (organization_id, signing_hash) WHERE trust IS NOT NULL;
    -- The signature of a waiting one is unchecked, so it is told from others by its whole body: two that share a signing input both wait.
    CREATE UNIQUE INDEX deliveries_waiting_once ON deliveries (organization_id, waiting_hash) WHERE state = 'waiting';
    CREATE INDEX deliveries_by_jti ON deliveries (jti) WHERE jti IS NOT NULL AND trust IS NOT NULL;
    CREATE INDEX deliveries_waiting ON deliveries (organization_id, sequence, size) WHERE state = 'waiting';
    CREATE INDEX deliveries_refused ON deliveries (sequence, size) WHERE state = 'refused';
    CREATE INDEX deliveries_quarantined ON deliveries (sequence) WHERE state IN ('waiting', 'refused');

    -- The present of each detection: what its newest delivery by (issued_at, sequence) says, and what the user made of it. Where any
    -- of them was signed, the newest signed one.
    CREATE TABLE detections (
      row INTEGER PRIMARY KEY,
      organization_id TEXT NOT NULL,
      id TEXT NOT NULL,
      kind TEXT NOT NULL,
      type TEXT NOT NULL,
      status TEXT NOT NULL,
      trust TEXT NOT NULL,
      detected_at INTEGER NOT NULL,
      changed_at INTEGER NOT NULL,
      newest_sequence INTEGER NOT NULL REFERENCES deliveries (sequence),
      received_at INTEGER NOT NULL,
      resolved_at INTEGER,
      entity_id TEXT,
      entity_type TEXT,
      source_type TEXT,
      connection_id TEXT,
      confidence REAL,
      tracking_status TEXT,
      is_demo INTEGER NOT NULL CHECK (is_demo IN (0, 1)),
      is_imported INTEGER NOT NULL CHECK (is_imported IN (0, 1)),
      triage_state TEXT NOT NULL DEFAULT 'new',
      verdict TEXT,
      labels TEXT NOT NULL DEFAULT '[]',
      snoozed_until INTEGER,
      note_count INTEGER NOT NULL DEFAULT 0,
      opened_at INTEGER,
      tactics TEXT NOT NULL,
      techniques TEXT NOT NULL,
      frameworks TEXT NOT NULL,
      metadata TEXT NOT NULL,
      extra TEXT NOT NULL,
      UNIQUE (organization_id, id)
    ) STRICT;
    -- The row id is the last column of every index: this one is (changed_at, row), the order of all pages.
    CREATE INDEX detections_by_change ON detections (changed_at);
    CREATE INDEX detections_unread ON detections (organization_id) WHERE opened_at IS NULL AND triage_state = 'new';

    CREATE TABLE organization_tally (organization_id TEXT PRIMARY KEY, detections INTEGER NOT NULL) STRICT, WITHOUT ROWID;

    -- What each delivery changed; also the way from a detection to its deliveries.
    CREATE TABLE transitions (
      sequence INTEGER PRIMARY KEY REFERENCES deliveries (sequence),
      detection INTEGER NOT NULL REFERENCES detections (row),
      issued_at INTEGER NOT NULL,
      from_status TEXT,
      to_status TEXT NOT NULL,
      changes TEXT NOT NULL
    ) STRICT;
    CREATE INDEX transitions_by_detection ON transitions (detection, issued_at, sequence);

    -- What believed deliveries said beyond what is documented; bounded per organization, the rest is counted as 'overflow'.
    CREATE TABLE drift (
      organization_id TEXT NOT NULL,
      what TEXT NOT NULL,
      value TEXT NOT NULL,
      first_seen_at INTEGER NOT NULL,
      last_seen_at INTEGER NOT NULL,
      count INTEGER NOT NULL CHECK (count > 0),
      PRIMARY KEY (organization_id, what, value)
    ) STRICT, WITHOUT ROWID;
  `,
}
