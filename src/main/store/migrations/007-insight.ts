import type { Migration } from './migration.ts'

/** What overviews of posture, of entities and of ATT&CK are read from. */
export const insight: Migration = {
  version: 7,
  up: `
    -- Each posture detection is in one of the two, with all that an overview asks of it, so that no row of the table is read.
    CREATE INDEX detections_open_posture ON detections (detected_at, type, source_type, entity_id, frameworks)
      WHERE kind = 'posture' AND status <> 'resolved';
    CREATE INDEX detections_closed_posture ON detections (resolved_at, detected_at, type, frameworks)
      WHERE kind = 'posture' AND status = 'resolved';
    -- The few that were resolved and came back.
    CREATE INDEX transitions_reopening ON transitions (detection) WHERE from_status = 'resolved' AND to_status <> 'resolved';

    -- Entities by the beginning of their id.
    CREATE INDEX rollup_words_by_beginning ON rollup_words (dimension, value COLLATE NOCASE);
  `,
}
