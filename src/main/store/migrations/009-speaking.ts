import type { Migration } from './migration.ts'

/** When to speak: what is yet to be decided about, what was raised natively, and what decides. */
export const speaking: Migration = {
  version: 9,
  up: `
    -- Changes nobody has decided about yet, written with the delivery that brought them and gone with the line of the log: what is here when
    -- Tocsin starts was kept before it ended, and is told then, or not at all. What came before this table was decided long ago.
    CREATE TABLE outbox (
      sequence INTEGER PRIMARY KEY,
      is_backlog INTEGER NOT NULL CHECK (is_backlog IN (0, 1))
    ) STRICT;

    -- One row for each native notification, written before it is raised. native_id: the number the desktop gave it; service: whose number it is.
    -- 'telling' at the start means that Tocsin ended in the middle of it, which is 'interrupted' from then on: it is never raised twice.
    -- Updated in place it tells more: told_until is the newest line of the log that it has told for certain. No id is used again: a desktop may
    -- still show what the history has forgotten.
    CREATE TABLE notifications (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at INTEGER NOT NULL,
      urgency TEXT NOT NULL CHECK (urgency IN ('normal', 'urgent')),
      state TEXT NOT NULL CHECK (state IN ('telling', 'shown', 'not-shown', 'interrupted')),
      told_until INTEGER NOT NULL DEFAULT 0,
      native_id INTEGER,
      service TEXT
    ) STRICT;
    CREATE INDEX notifications_unfinished ON notifications (id) WHERE state = 'telling';
    CREATE INDEX notifications_by_native_id ON notifications (native_id) WHERE native_id IS NOT NULL;

    ALTER TABLE notification_log ADD COLUMN notification INTEGER REFERENCES notifications (id);
    -- The rule that decided, by the name it had then.
    ALTER TABLE notification_log ADD COLUMN rule TEXT;
    CREATE INDEX notification_log_of_notification ON notification_log (notification, id) WHERE notification IS NOT NULL;

    -- place: their order, from 0. hours: days and minutes as JSON.
    CREATE TABLE rules (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      place INTEGER NOT NULL,
      name TEXT NOT NULL,
      query TEXT NOT NULL,
      action TEXT NOT NULL,
      hours TEXT,
      expires_at INTEGER,
      has_sound INTEGER NOT NULL CHECK (has_sound IN (0, 1)),
      hook INTEGER REFERENCES hooks (id) ON DELETE SET NULL,
      is_on INTEGER NOT NULL CHECK (is_on IN (0, 1))
    ) STRICT;

    -- field and value are NULL where all of Tocsin is muted; until NULL: until it is taken away.
    CREATE TABLE mutes (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      field TEXT,
      value TEXT,
      since INTEGER NOT NULL,
      until INTEGER
    ) STRICT;

    -- Never deleted while it is worth listing: lifted_at says since when it holds no more.
    CREATE TABLE suppressions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      query TEXT NOT NULL,
      reason TEXT NOT NULL,
      since INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      lifted_at INTEGER
    ) STRICT;
    CREATE INDEX suppressions_held ON suppressions (expires_at) WHERE lifted_at IS NULL;

    -- Its secret is among the secrets, under its id.
    CREATE TABLE hooks (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL,
      url TEXT NOT NULL,
      format TEXT NOT NULL,
      is_on INTEGER NOT NULL CHECK (is_on IN (0, 1)),
      sent INTEGER NOT NULL DEFAULT 0,
      failed INTEGER NOT NULL DEFAULT 0,
      last_sent_at INTEGER,
      trouble TEXT
    ) STRICT;
    -- What waits to be sent: written with the decision, gone when it is answered or given up. One change goes to one hook once.
    CREATE TABLE hook_messages (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      hook INTEGER NOT NULL REFERENCES hooks (id) ON DELETE CASCADE,
      sequence INTEGER NOT NULL,
      detection INTEGER NOT NULL REFERENCES detections (row),
      made_at INTEGER NOT NULL,
      tries INTEGER NOT NULL DEFAULT 0,
      next_at INTEGER NOT NULL,
      UNIQUE (hook, sequence)
    ) STRICT;
    CREATE INDEX hook_messages_next ON hook_messages (hook, next_at);
    CREATE INDEX hook_messages_of_detection ON hook_messages (detection);
  `,
}
