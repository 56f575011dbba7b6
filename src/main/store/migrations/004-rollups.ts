import type { Migration } from './migration.ts'

/**
 * Counts that are kept with every delivery, so that an overview of any range reads hundreds of rows and not the history. Time is parted into
 * a grid of whole multiples in UTC; no level knows of calendars, so that days and months of any zone can be summed up from it.
 */
export const rollups: Migration = {
  version: 4,
  up: `
    -- row_ms: how long the time is whose states stand in one row.
    CREATE TABLE rollup_levels (level INTEGER PRIMARY KEY, ms INTEGER NOT NULL, row_ms INTEGER NOT NULL) STRICT;
    INSERT INTO rollup_levels VALUES
      (0, 60000, 3600000), (1, 3600000, 86400000), (2, 86400000, 1382400000), (3, 1382400000, 22118400000), (4, 22118400000, 1415577600000);

    -- What is counted. dimension: 1 kind and status, 2 type, 3 source, 4 entity type, 5 organization, 6 trust, 8 tactic, 9 technique,
    -- 10 entity. Ids from 0 are those of 1, from 2^26 those of 2 to 9, from 2^27 those of 10. None is ever deleted: they stand in the
    -- packed counts below.
    CREATE TABLE rollup_words (id INTEGER PRIMARY KEY, dimension INTEGER NOT NULL, value TEXT NOT NULL, UNIQUE (dimension, value)) STRICT;

    -- By detected_at: 1024 counters each, packed, so that a delivery writes few rows and a sum reads few. place: which ids (0, 1, 2 as above)
    -- * 8 + level, bucket + 2^27 in 28 bits, and in 16 bits which of the words. Of kind and status: 16 words, of each bucket in a longer
    -- one; minutes too. Of all others: 1024 words of one bucket. No CHECK: a wrong count must never keep a delivery out.
    CREATE TABLE rollups (place INTEGER PRIMARY KEY, counts BLOB NOT NULL) STRICT;

    -- By detected_at, in any triage but 'new': that is what is left.
    CREATE TABLE triage_rollups (
      level INTEGER NOT NULL,
      bucket INTEGER NOT NULL,
      state TEXT NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (level, bucket, state)
    ) STRICT, WITHOUT ROWID;

    -- By changed_at, the order of all lists: what turns a place in a list into a key.
    CREATE TABLE change_rollups (
      level INTEGER NOT NULL,
      bucket INTEGER NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (level, bucket)
    ) STRICT, WITHOUT ROWID;

    -- What is there already. Upserts row by row, since a sort of the whole history would need room for all of it.
    CREATE TABLE rollup_dimensions (dimension INTEGER PRIMARY KEY, book INTEGER NOT NULL) STRICT;
    INSERT INTO rollup_dimensions VALUES (1, 0), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (8, 1), (9, 1), (10, 2);
    CREATE VIEW rollup_values AS
      SELECT detected_at, book, dimension, CASE dimension WHEN 1 THEN kind || ' ' || status WHEN 2 THEN type WHEN 3 THEN source_type
        WHEN 4 THEN entity_type WHEN 5 THEN organization_id WHEN 6 THEN trust WHEN 10 THEN entity_id END AS value
      FROM detections CROSS JOIN rollup_dimensions WHERE dimension NOT IN (8, 9)
      UNION ALL
      SELECT detected_at, book, dimension, item.value
      FROM detections CROSS JOIN rollup_dimensions
        CROSS JOIN json_each(CASE dimension WHEN 8 THEN detections.tactics ELSE detections.techniques END) AS item
      WHERE dimension IN (8, 9) AND NOT EXISTS (
        SELECT 1 FROM json_each(CASE dimension WHEN 8 THEN detections.tactics ELSE detections.techniques END) AS earlier
        WHERE earlier.value = item.value AND earlier.key < item.key);
    INSERT INTO rollup_words
      SELECT (book << 26) + row_number() OVER (PARTITION BY book ORDER BY dimension, value) - 1, dimension, value
      FROM (SELECT DISTINCT book, dimension, value FROM rollup_values WHERE value IS NOT NULL);
    CREATE TABLE rollup_counters (
      place INTEGER NOT NULL,
      counter INTEGER NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (place, counter)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO rollup_counters
      SELECT
        iif(book = 0,
          ((level << 28) + (detected_at - (detected_at % row_ms + row_ms) % row_ms) / row_ms + 134217728 << 16) + (id >> 4),
          ((book * 8 + level << 28) + (detected_at - (detected_at % ms + ms) % ms) / ms + 134217728 << 16) + ((id & 67108863) >> 10)),
        iif(book = 0, ((detected_at % row_ms + row_ms) % row_ms / ms << 4) + (id & 15), id & 1023),
        1
      FROM rollup_values CROSS JOIN rollup_words ON rollup_words.dimension = rollup_values.dimension AND rollup_words.value = rollup_values.value
        CROSS JOIN rollup_levels
      WHERE level > 0 OR book = 0
      ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO rollups SELECT place, pack_counts(counter, count) FROM rollup_counters GROUP BY place;
    INSERT INTO triage_rollups
      SELECT level, (detected_at - (detected_at % ms + ms) % ms) / ms, triage_state, 1
      FROM detections CROSS JOIN rollup_levels WHERE triage_state <> 'new' AND level > 0
      ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO change_rollups
      SELECT level, (changed_at - (changed_at % ms + ms) % ms) / ms, 1 FROM detections CROSS JOIN rollup_levels WHERE TRUE
      ON CONFLICT DO UPDATE SET count = count + 1;
    DROP TABLE rollup_counters;
    DROP VIEW rollup_values;
    DROP TABLE rollup_dimensions;

    -- Triage is changed from several places, none of which has to know of this.
    CREATE TRIGGER rollups_of_triage AFTER UPDATE OF triage_state ON detections WHEN new.triage_state <> old.triage_state BEGIN
      INSERT INTO triage_rollups
        SELECT level, (new.detected_at - (new.detected_at % ms + ms) % ms) / ms, moved.state, moved.delta
        FROM (SELECT old.triage_state AS state, -1 AS delta UNION ALL SELECT new.triage_state, 1) AS moved CROSS JOIN rollup_levels
        WHERE level > 0 AND moved.state <> 'new'
        ON CONFLICT DO UPDATE SET count = count + excluded.count;
      DELETE FROM triage_rollups WHERE count = 0
        AND (level, bucket) IN (SELECT level, (new.detected_at - (new.detected_at % ms + ms) % ms) / ms FROM rollup_levels);
    END;
  `,
}
