import type { Migration } from './migration.ts'

/**
 * Counts that are kept with every delivery, so that an overview of any range reads hundreds of rows and not the history. Time is parted into
 * a grid of whole multiples in UTC; no level knows of calendars, so that days and months of any zone can be summed up from it.
 */
export const rollups: Migration = {
  version: 4,
  up: `
    CREATE TABLE rollup_levels (level INTEGER PRIMARY KEY, ms INTEGER NOT NULL) STRICT;
    INSERT INTO rollup_levels VALUES (0, 60000), (1, 3600000), (2, 86400000), (3, 1382400000), (4, 22118400000);

    -- What is counted. dimension: 1 kind and status, 2 type, 3 source, 4 entity type, 5 organization, 6 trust, 7 triage, 8 tactic,
    -- 9 technique, 10 entity. None is ever deleted: ids stand in the packed counts below.
    CREATE TABLE rollup_words (id INTEGER PRIMARY KEY, dimension INTEGER NOT NULL, value TEXT NOT NULL, UNIQUE (dimension, value)) STRICT;

    -- By detected_at. The bucket comes before the dimension, so that what one delivery changes lies together on few pages. Minutes of kind and
    -- status only. No CHECK: a wrong count must never keep a delivery out.
    CREATE TABLE rollups (
      level INTEGER NOT NULL,
      bucket INTEGER NOT NULL,
      dimension INTEGER NOT NULL,
      word INTEGER NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (level, bucket, dimension, word)
    ) STRICT, WITHOUT ROWID;

    -- The counts of 1024 entities each, packed: thousands of them are in every bucket. place: level, bucket + 2^27 in 28 bits, word / 1024 in 16.
    CREATE TABLE entity_rollups (place INTEGER PRIMARY KEY, counts BLOB NOT NULL) STRICT;

    -- By changed_at, the order of all lists: what turns a place in a list into a key.
    CREATE TABLE change_rollups (
      level INTEGER NOT NULL,
      bucket INTEGER NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (level, bucket)
    ) STRICT, WITHOUT ROWID;

    -- What is there already. Upserts row by row, since a sort of the whole history would need room for all of it.
    CREATE TABLE rollup_dimensions (dimension INTEGER PRIMARY KEY) STRICT;
    INSERT INTO rollup_dimensions VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10);
    CREATE VIEW rollup_values AS
      SELECT detected_at, dimension, CASE dimension WHEN 1 THEN kind || ' ' || status WHEN 2 THEN type WHEN 3 THEN source_type
        WHEN 4 THEN entity_type WHEN 5 THEN organization_id WHEN 6 THEN trust WHEN 7 THEN triage_state WHEN 10 THEN entity_id END AS value
      FROM detections CROSS JOIN rollup_dimensions WHERE dimension NOT IN (8, 9)
      UNION ALL
      SELECT detected_at, dimension, item.value
      FROM detections CROSS JOIN rollup_dimensions
        CROSS JOIN json_each(CASE dimension WHEN 8 THEN detections.tactics ELSE detections.techniques END) AS item
      WHERE dimension IN (8, 9) AND NOT EXISTS (
        SELECT 1 FROM json_each(CASE dimension WHEN 8 THEN detections.tactics ELSE detections.techniques END) AS earlier
        WHERE earlier.value = item.value AND earlier.key < item.key);
    INSERT OR IGNORE INTO rollup_words (dimension, value) SELECT dimension, value FROM rollup_values WHERE value IS NOT NULL;
    INSERT INTO rollups
      SELECT level, (detected_at - (detected_at % ms + ms) % ms) / ms, rollup_values.dimension, id, 1
      FROM rollup_values CROSS JOIN rollup_words ON rollup_words.dimension = rollup_values.dimension AND rollup_words.value = rollup_values.value
        CROSS JOIN rollup_levels
      WHERE level > 0 OR rollup_values.dimension = 1
      ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO entity_rollups
      SELECT ((level << 28) + bucket + 134217728 << 16) + (word >> 10), pack_counts(word & 1023, count)
      FROM rollups WHERE dimension = 10 GROUP BY level, bucket, word >> 10;
    DELETE FROM rollups WHERE dimension = 10;
    INSERT INTO change_rollups
      SELECT level, (changed_at - (changed_at % ms + ms) % ms) / ms, 1 FROM detections CROSS JOIN rollup_levels WHERE TRUE
      ON CONFLICT DO UPDATE SET count = count + 1;
    DROP VIEW rollup_values;
    DROP TABLE rollup_dimensions;

    -- Triage is changed from several places, none of which has to know of this.
    CREATE TRIGGER rollups_of_triage AFTER UPDATE OF triage_state ON detections WHEN new.triage_state <> old.triage_state BEGIN
      INSERT OR IGNORE INTO rollup_words (dimension, value) VALUES (7, new.triage_state);
      INSERT INTO rollups
        SELECT level, (new.detected_at - (new.detected_at % ms + ms) % ms) / ms, 7, id, iif(value = new.triage_state, 1, -1)
        FROM rollup_words CROSS JOIN rollup_levels WHERE dimension = 7 AND value IN (old.triage_state, new.triage_state) AND level > 0
        ON CONFLICT DO UPDATE SET count = count + excluded.count;
      DELETE FROM rollups WHERE count = 0 AND dimension = 7
        AND (level, bucket) IN (SELECT level, (new.detected_at - (new.detected_at % ms + ms) % ms) / ms FROM rollup_levels);
    END;
  `,
}
