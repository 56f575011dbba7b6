import type { Migration } from './migration.ts'

/** What finds detections by any part of a field, wherever in it that stands. */
export const substring: Migration = {
  version: 8,
  up: `
    -- Three characters at a time, folded before they come here as the query language folds them, by the rows of detections: these lie so
    -- close together that an entry takes a byte, where a place of text_index takes six. Where in the text they stand is left out: what it
    -- gives are candidates, and which of them fit is for the query to say.
    CREATE VIRTUAL TABLE substring_index USING fts5 (
      fields, content = '', contentless_delete = 1, detail = none, tokenize = 'trigram case_sensitive 1');
    -- Both indexes are merged by whoever fills them, a little in each commit, and no longer by themselves: a lot, in a commit that somebody
    -- may wait for.
    INSERT INTO substring_index (substring_index, rank) VALUES ('automerge', 0);
    INSERT INTO text_index (text_index, rank) VALUES ('automerge', 0);
    -- Detections that were there before this index, up to the last of them: those beyond row are still to be taken up.
    CREATE TABLE substring_backlog (
      only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
      row INTEGER NOT NULL,
      last INTEGER NOT NULL
    ) STRICT;
    INSERT INTO substring_backlog SELECT 1, 0, ifnull(max(row), 0) FROM detections;
  `,
}
