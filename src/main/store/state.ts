import type { Database } from './database.ts'

/**
 * A word that is another one once anything was committed by others, or written by this connection, also to `temp`: what was looked up before
 * holds as long as it is the same. Asking costs no disk access.
 */
export function createState(db: Database): () => string {
  const commits = db.prepare<[], number>('PRAGMA data_version').pluck()
  const changes = db.prepare<[], number>('SELECT total_changes()').pluck()
  return () => `${commits.get()} ${changes.get()}`
}
