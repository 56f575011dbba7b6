import type { Database } from './database.ts'

/** Inside the transaction that keeps a delivery: what it changed is yet to be decided about. */
export type OutboxEntry = (sequence: number, isBacklog: boolean) => void

export function createOutboxEntry(db: Database): OutboxEntry {
  const enter = db.prepare<[number, number]>('INSERT INTO outbox (sequence, is_backlog) VALUES (?, ?)')
  return (sequence, isBacklog) => void enter.run(sequence, isBacklog ? 1 : 0)
}
