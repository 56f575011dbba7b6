import { z } from 'zod'
import { hookFormats, mostHooks, type HookDraft, type HookFormat, type HookId } from '../../shared/hooks.ts'
import type { Instant } from '../../shared/detection.ts'
import type { Change } from '../ingest/delivery.ts'
import type { Database } from './database.ts'
import { changeColumns, readable, type ChangeRow } from './outbox.ts'
import { toInstant } from './time.ts'

declare const messageId: unique symbol
export type MessageId = number & { readonly [messageId]: true }

/** One change on its way to one hook. */
export type HookMessage = {
  readonly id: MessageId
  /** The change was committed with it: the same for every try of this message, and of no other message anywhere. */
  readonly chainHash: Uint8Array
  readonly tries: number
  readonly change: Change
}

/** A hook as it is kept: what else is known of it, only the sender knows. */
export type KeptHook = {
  readonly id: HookId
  readonly name: string
  readonly url: string
  readonly format: HookFormat
  readonly isOn: boolean
  readonly waiting: number
  readonly sent: number
  readonly failed: number
  readonly lastSentAt: Instant | null
  readonly trouble: string | null
}

/** Rows of where rules send what they match, and of what waits to be sent. What came of a try is one commit. */
export type HookRows = {
  /** Oldest first. What is damaged is not among them. */
  list(): readonly KeptHook[]
  read(id: HookId): KeptHook | null
  /** What is saved anew has no trouble yet. */
  save(draft: HookDraft): HookId
  /** With all that waits for it. */
  remove(id: HookId): void
  /** What may be sent by then, oldest first. What is damaged holds up no other: it is given up. */
  due(id: HookId, at: number, limit: number): readonly HookMessage[]
  /** When the next of what waits may be sent, as it is at that time; null where nothing waits. */
  nextAt(id: HookId, at: number): number | null
  answered(id: HookId, messages: readonly MessageId[], at: number): void
  /** They are to be tried again. */
  postpone(id: HookId, messages: readonly MessageId[], nextAt: number): void
  /** Nobody tries them again: they are counted as failed. */
  giveUp(id: HookId, messages: readonly MessageId[]): void
  /** The same with all that waited since then. Answers how many there were. */
  giveUpSince(id: HookId, madeAt: number): number
  /** null: the newest try went well. */
  trouble(id: HookId, words: string | null): void
  switchOff(id: HookId, words: string): void
}

/** No try is put off longer: what is further away was written before the clock was set back, and may be sent at once. */
const furthestMs = 12 * 3_600_000

const flag = z.int().transform((flag) => flag === 1)
const hookRow = z
  .object({
    id: z.int().transform((id) => id as HookId),
    name: z.string(),
    url: z.string(),
    format: z.enum(hookFormats),
    is_on: flag,
    waiting: z.int(),
    sent: z.int(),
    failed: z.int(),
    last_sent_at: z
      .int()
      .min(0)
      .max(Date.UTC(9999, 11, 31))
      .nullable()
      .transform((at) => (at === null ? null : toInstant(at))),
    trouble: z.string().nullable(),
  })
  .transform(({ is_on: isOn, last_sent_at: lastSentAt, ...rest }): KeptHook => ({ ...rest, isOn, lastSentAt }))

type MessageRow = ChangeRow & {
  readonly message: number
  readonly tries: number
  readonly chain_hash: Uint8Array
  /** Where it is not, what it is about is missing, and so is most of the rest. */
  readonly is_whole: number
}

export function createHookRows(db: Database): HookRows {
  const columns = '*, (SELECT count(*) FROM hook_messages WHERE hook = hooks.id) AS waiting'
  const all = db.prepare<[number], unknown>(`SELECT ${columns} FROM hooks ORDER BY id LIMIT ?`)
  const one = db.prepare<[number], unknown>(`SELECT ${columns} FROM hooks WHERE id = ?`)
  const insert = db
    .prepare<[HookValues], number>('INSERT INTO hooks (name, url, format, is_on) VALUES (@name, @url, @format, @isOn) RETURNING id')
    .pluck()
  const update = db.prepare<[HookValues & { id: number }]>(
    'UPDATE hooks SET name = @name, url = @url, format = @format, is_on = @isOn, trouble = NULL WHERE id = @id',
  )
  const drop = db.prepare<[number]>('DELETE FROM hooks WHERE id = ?')
  const due = db.prepare<[{ hook: number; at: number; far: number; limit: number }], MessageRow>(`
    SELECT hook_messages.id AS message, tries, chain_hash, hook_messages.sequence AS sequence, 0 AS is_backlog, ${changeColumns},
      transitions.sequence IS NOT NULL AND chain_hash IS NOT NULL AND detections.row IS NOT NULL AS is_whole
    FROM hook_messages LEFT JOIN transitions USING (sequence) LEFT JOIN deliveries USING (sequence)
      LEFT JOIN detections ON detections.row = hook_messages.detection
    WHERE hook = @hook AND (next_at <= @at OR next_at > @far) ORDER BY hook_messages.id LIMIT @limit`)
  const next = db.prepare<[number], number | null>('SELECT min(next_at) FROM hook_messages WHERE hook = ?').pluck()
  const leave = db.prepare<[number]>('DELETE FROM hook_messages WHERE id = ?')
  const wait = db.prepare<[number, number]>('UPDATE hook_messages SET tries = tries + 1, next_at = ? WHERE id = ?')
  const leaveSince = db.prepare<[number, number]>('DELETE FROM hook_messages WHERE hook = ? AND made_at <= ?')
  const countSent = db.prepare<[number, number, number]>('UPDATE hooks SET sent = sent + ?, last_sent_at = ?, trouble = NULL WHERE id = ?')
  const countFailed = db.prepare<[number, number]>('UPDATE hooks SET failed = failed + ? WHERE id = ?')
  const say = db.prepare<[string | null, number]>('UPDATE hooks SET trouble = ? WHERE id = ?')
  const turnOff = db.prepare<[string, number]>('UPDATE hooks SET is_on = 0, trouble = ? WHERE id = ?')

  const giveUp = db.transaction((id: HookId, messages: readonly MessageId[]): void => {
    countFailed.run(
      messages.reduce((sum, message) => sum + leave.run(message).changes, 0),
      id,
    )
  }).immediate

  return {
    list: () => all.all(mostHooks).flatMap((row) => toHook(row) ?? []),
    read: (id) => toHook(one.get(id)),
    save: db.transaction((draft: HookDraft): HookId => {
      const { id, name, url, format, isOn } = draft
      const values = { name, url, format, isOn: isOn ? 1 : 0 }
      if (id === null) return insert.get(values) as HookId
      update.run({ ...values, id })
      return id
    }).immediate,
    remove: (id) => void drop.run(id),
    due(id, at, limit) {
      const read = due
        .all({ hook: id, at, far: at + furthestMs, limit })
        .map(({ message, tries, chain_hash: chainHash, is_whole, ...row }) => ({
          ...{ id: message as MessageId, tries, chainHash },
          change: is_whole === 1 ? readable(row) : null,
        }))
      const damaged = read.flatMap(({ id: message, change }) => (change === null ? [message] : []))
      if (damaged.length > 0) giveUp(id, damaged)
      return read.flatMap(({ change, ...rest }) => (change === null ? [] : [{ ...rest, change }]))
    },
    nextAt(id, at) {
      const nextAt = next.get(id) ?? null
      return nextAt !== null && nextAt > at + furthestMs ? at : nextAt
    },
    answered: db.transaction((id: HookId, messages: readonly MessageId[], at: number): void => {
      for (const message of messages) leave.run(message)
      countSent.run(messages.length, at, id)
    }).immediate,
    postpone: db.transaction((_: HookId, messages: readonly MessageId[], nextAt: number): void => {
      for (const message of messages) wait.run(nextAt, message)
    }).immediate,
    giveUp,
    giveUpSince: db.transaction((id: HookId, madeAt: number): number => {
      const { changes } = leaveSince.run(id, madeAt)
      if (changes > 0) countFailed.run(changes, id)
      return changes
    }).immediate,
    trouble: (id, words) => void say.run(words, id),
    switchOff: (id, words) => void turnOff.run(words, id),
  }
}

type HookValues = { readonly name: string; readonly url: string; readonly format: string; readonly isOn: number }

function toHook(row: unknown): KeptHook | null {
  const read = hookRow.safeParse(row)
  return read.success ? read.data : null
}
