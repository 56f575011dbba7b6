import type { Migration } from './migration.ts'

/** Times without a way in, and how far each way in has come. */
export const waysIn: Migration = {
  version: 2,
  up: `
    -- A time in which one inlet was not listening; ending: open, backlog, lost, unknown. One that has ended may stay open in its ending
    -- until what was kept meanwhile is in. lost_count is NULL where the far end does not say how much is gone.
    CREATE TABLE gaps (
      id INTEGER PRIMARY KEY,
      inlet TEXT NOT NULL,
      from_at INTEGER NOT NULL,
      to_at INTEGER,
      because TEXT NOT NULL,
      ending TEXT NOT NULL,
      delivered INTEGER NOT NULL CHECK (delivered >= 0),
      lost_count INTEGER CHECK (lost_count >= 0),
      CHECK (to_at IS NULL OR to_at >= from_at),
      CHECK (ending = 'open' OR ending = 'lost' OR to_at IS NOT NULL)
    ) STRICT;
    CREATE UNIQUE INDEX gaps_one_at_a_time ON gaps (inlet) WHERE to_at IS NULL;
    CREATE INDEX gaps_of_inlet ON gaps (inlet, from_at, id);
    CREATE INDEX gaps_newest ON gaps (from_at, id);

    -- position: where a fetching inlet has come to, in its transport's own words. watched_until: until when the running app knew how it
    -- stood; it was live then unless it has a gap that lasts. NULL while nobody watches it.
    CREATE TABLE inlets (inlet TEXT PRIMARY KEY, position TEXT, watched_until INTEGER) STRICT, WITHOUT ROWID;
  `,
}
