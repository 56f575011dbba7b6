import type { Migration } from './migration.ts'

/** What retention has to know: what must stay, and what it has taken away. */
export const care: Migration = {
  version: 5,
  up: `
    -- Evidence that the user wants to keep, whatever its age.
    CREATE TABLE kept_detections (detection INTEGER PRIMARY KEY REFERENCES detections (row), kept_at INTEGER NOT NULL) STRICT;
    INSERT INTO tally VALUES ('retention', 0);
    -- Believed, and shown under no detection: few, and otherwise found by reading every delivery.
    CREATE INDEX deliveries_beside ON deliveries (sequence, received_at, size) WHERE state IN ('other-trigger', 'unreadable');
  `,
}
