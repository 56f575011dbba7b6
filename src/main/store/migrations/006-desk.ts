import type { Migration } from './migration.ts'

/** What the user made of detections and when, and what was said of them. */
export const desk: Migration = {
  version: 6,
  up: `
    ALTER TABLE detections ADD COLUMN verdict_reason TEXT;

    -- One row for each act: what was to be changed, as JSON with the text of its note, and of how many detections it changed anything. Made by
    -- 'user', or by 'delivery' where what was done came back. undone_at: since when all of it is taken back.
    CREATE TABLE triage_acts (
      id INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      made_by TEXT NOT NULL,
      change TEXT NOT NULL,
      count INTEGER NOT NULL,
      undone_at INTEGER
    ) STRICT;
    -- The newest ones of the user can be taken back.
    CREATE INDEX triage_acts_of_user ON triage_acts (id) WHERE made_by = 'user';

    -- What each act changed of each detection: the columns it touched as JSON, as they were and as they became, so that it can be taken back
    -- exactly, and only where nothing else has touched them since.
    CREATE TABLE triage_changes (
      act INTEGER NOT NULL REFERENCES triage_acts (id),
      detection INTEGER NOT NULL REFERENCES detections (row),
      was TEXT NOT NULL,
      became TEXT NOT NULL,
      is_undone INTEGER NOT NULL DEFAULT 0 CHECK (is_undone IN (0, 1)),
      PRIMARY KEY (act, detection)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX triage_changes_of_detection ON triage_changes (detection, act, is_undone);

    -- A note of a detection is the text of an act: one that was written on thousands is kept once.
    CREATE TABLE notes (
      detection INTEGER NOT NULL REFERENCES detections (row),
      act INTEGER NOT NULL REFERENCES triage_acts (id),
      PRIMARY KEY (detection, act)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX notes_of_act ON notes (act);

    -- One line for each change that was decided about: 'normal' or 'urgent' where it was told, else the name of the silence.
    CREATE TABLE notification_log (
      id INTEGER PRIMARY KEY,
      sequence INTEGER NOT NULL,
      detection INTEGER NOT NULL REFERENCES detections (row),
      at INTEGER NOT NULL,
      said TEXT NOT NULL
    ) STRICT;
    CREATE INDEX notification_log_of_detection ON notification_log (detection, id);
    CREATE INDEX notification_log_by_said ON notification_log (said, id);
  `,
}
