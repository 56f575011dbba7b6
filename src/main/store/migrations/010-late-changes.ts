import type { Migration } from './migration.ts'

/** What tells whether a detection changed since somebody looked, where the place of its delivery does not. */
export const lateChanges: Migration = {
  version: 10,
  up: `
    -- Detections that a delivery changed which had waited to be believed: its place in the sequence is an older one than the change.
    -- The newest are kept, see late-changes.ts.
    CREATE TABLE late_changes (number INTEGER PRIMARY KEY AUTOINCREMENT, detection INTEGER NOT NULL) STRICT;
    CREATE INDEX late_changes_by_detection ON late_changes (detection, number);
  `,
}
