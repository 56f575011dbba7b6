import { silences } from '../../shared/inbox.ts'
import type { Database } from './database.ts'

/** Keeps the log a small part of any history. Both belong inside the transaction that makes or takes lines. */
export type LogTrim = {
  /** After so many new lines. */
  after(lines: number): void
  /** All lines of a detection that goes. */
  forget(detection: number): void
}

/** Lines of each urgency and each silence: an import of a million says why it was quiet, and crowds nothing out but its like. */
export const mostLines = 20_000
/** Lines between two looks at what is too much. */
const trimEvery = 1_000

export const toldWords = ['normal', 'urgent'] as const
const allWords = [...toldWords, ...silences]

export function createLogTrim(db: Database, most = mostLines): LogTrim {
  const trim = db
    .prepare<[{ said: string; most: number }], number | null>(
      `DELETE FROM notification_log WHERE said = @said AND id <= (
        SELECT id FROM notification_log WHERE said = @said ORDER BY id DESC LIMIT 1 OFFSET @most) RETURNING notification`,
    )
    .pluck()
  const forgetLines = db.prepare<[number], number | null>('DELETE FROM notification_log WHERE detection = ? RETURNING notification').pluck()
  // One that is being told, or may still be updated, is known to those who do.
  const forgetEmpty = db.prepare<[{ id: number }]>(`
    DELETE FROM notifications WHERE id = @id AND state <> 'telling' AND NOT EXISTS (SELECT 1 FROM notification_log WHERE notification = @id)`)
  let untrimmed = trimEvery

  function forgetNotifications(ofLines: readonly (number | null)[]): void {
    for (const id of new Set(ofLines)) if (id !== null) forgetEmpty.run({ id })
  }

  return {
    after(lines) {
      untrimmed += lines
      if (untrimmed < trimEvery) return
      untrimmed = 0
      for (const said of allWords) forgetNotifications(trim.all({ said, most }))
    },
    forget: (detection) => forgetNotifications(forgetLines.all(detection)),
  }
}
