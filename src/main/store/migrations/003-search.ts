import type { Migration } from './migration.ts'

/** What finds detections: an index of their words, and one for each field that a list can be narrowed by. */
export const search: Migration = {
  version: 3,
  up: `
    -- The words of each detection, filled after its delivery was acknowledged. A place is the second of its newest change and its row,
    -- so that the newest come first without sorting: (changed_at / 1000) << 31 | row.
    CREATE VIRTUAL TABLE text_index USING fts5 (tokens, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '2 3 4');
    CREATE TABLE text_places (row INTEGER PRIMARY KEY, place INTEGER NOT NULL) STRICT;
    -- Everything up to this delivery is indexed, but for the rows that a second look at quarantine has changed since.
    CREATE TABLE text_watermark (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), sequence INTEGER NOT NULL) STRICT;
    INSERT INTO text_watermark VALUES (1, 0);
    CREATE TABLE text_behind (row INTEGER PRIMARY KEY) STRICT;

    -- Each ends in the order of all lists. The row is the last column of every index.
    CREATE INDEX detections_by_organization ON detections (organization_id COLLATE NOCASE, changed_at);
    CREATE INDEX detections_by_kind ON detections (kind COLLATE NOCASE, changed_at);
    CREATE INDEX detections_by_type ON detections (type COLLATE NOCASE, changed_at);
    CREATE INDEX detections_by_status ON detections (status COLLATE NOCASE, changed_at);
    CREATE INDEX detections_by_source ON detections (source_type COLLATE NOCASE, changed_at);
    CREATE INDEX detections_by_entity_type ON detections (entity_type COLLATE NOCASE, changed_at);
    CREATE INDEX detections_by_entity ON detections (entity_id COLLATE NOCASE, changed_at);
    CREATE INDEX detections_by_connection ON detections (connection_id COLLATE NOCASE, changed_at);
    -- With what a range of time has to be sorted by, so that no row of it is read for that.
    CREATE INDEX detections_by_time ON detections (detected_at, changed_at);
    CREATE INDEX detections_unread_by_change ON detections (changed_at) WHERE opened_at IS NULL AND triage_state = 'new';
  `,
}
