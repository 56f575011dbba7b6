import type { Migration } from './migration.ts'

/** Indexes that are merged when there is time for it. */
export const merging: Migration = {
  version: 9,
  up: `
    -- By whoever fills them, a little in each commit, and no longer by themselves: a lot, in a commit that somebody may wait for.
    INSERT INTO text_index (text_index, rank) VALUES ('automerge', 0);
    INSERT INTO substring_index (substring_index, rank) VALUES ('automerge', 0);
  `,
}
