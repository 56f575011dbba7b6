import type { Database } from './database.ts'
import { createLogTrim } from './log-trim.ts'

/** What was to be said, and was said, of what goes; inside the transaction that removes it. */
export type SpokenRemains = {
  /** Before one change of a detection goes: nobody decides about it any more, and nothing of it is sent. */
  forgetChange(detection: number, sequence: number): void
  /** Before a detection goes, with the rest of what was said of it. */
  forget(detection: number): void
}

export function createSpokenRemains(db: Database): SpokenRemains {
  const log = createLogTrim(db)
  const dropUndecided = db.prepare<[number]>('DELETE FROM outbox WHERE sequence = ?')
  const dropMessage = db.prepare<[number, number]>('DELETE FROM hook_messages WHERE detection = ? AND sequence = ?')
  const dropMessages = db.prepare<[number]>('DELETE FROM hook_messages WHERE detection = ?')

  return {
    forgetChange(detection, sequence) {
      dropUndecided.run(sequence)
      dropMessage.run(detection, sequence)
    },
    forget(detection) {
      dropMessages.run(detection)
      log.forget(detection)
    },
  }
}
