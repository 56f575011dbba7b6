import { mostWaiting } from '../../shared/hooks.ts'
import type { Database } from './database.ts'
import type { EnqueueHook } from './outbox.ts'

/**
 * What a hook is to be sent waits in a table, at most once for each change and `mostWaiting` of a hook: what comes beyond is counted as failed.
 * One that is turned off is sent nothing, and none is sent a demonstration.
 */
export function createHookQueue(db: Database, most = mostWaiting): EnqueueHook {
  const enqueue = db.prepare<[{ hook: number; sequence: number; at: number }]>(`
    INSERT OR IGNORE INTO hook_messages (hook, sequence, detection, made_at, next_at)
    SELECT hooks.id, transitions.sequence, detection, @at, @at
    FROM hooks, transitions JOIN detections ON detections.row = detection
    WHERE hooks.id = @hook AND is_on = 1 AND is_demo = 0 AND transitions.sequence = @sequence`)
  const waiting = db.prepare<[number], number>('SELECT count(*) FROM hook_messages WHERE hook = ?').pluck()
  const refuse = db.prepare<[string, number]>('UPDATE hooks SET failed = failed + 1, trouble = ? WHERE id = ? AND is_on = 1')
  // How many more fit for certain: messages leave without a word to here, and to count them for each that comes would cost the more of them wait.
  const room = new Map<number, number>()

  return (hook, sequence, at) => {
    let left = room.get(hook) ?? 0
    if (left <= 0) left = most - (waiting.get(hook) ?? 0)
    if (left <= 0) {
      refuse.run(overflowWords, hook)
      return
    }
    room.set(hook, left - enqueue.run({ hook, sequence, at }).changes)
  }
}

const overflowWords =
  'As many messages wait as may: what came since is not sent, and counted as failed. The history has it. It goes on as soon as the other side answers.'
