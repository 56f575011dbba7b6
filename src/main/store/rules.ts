import { z } from 'zod'
import {
  ruleActions,
  weekdays,
  type Arrangement,
  type Hours,
  type Mute,
  type Rule,
  type RuleDraft,
  type RuleId,
} from '../../shared/rules.ts'
import { mostRules, mostSuppressions, type Suppression, type SuppressionDraft } from '../../shared/rules.ts'
import type { Database } from './database.ts'
import { createMuteRows, type MuteRows } from './mutes.ts'
import { instantOfRow, instantOrNullOfRow, remember } from './rule-columns.ts'
import { toMillis } from './time.ts'

/** Rows of what decides when Tocsin speaks. Whether they make sense, and how many there may be, is for others to say. */
export type RuleRows = Omit<MuteRows, 'readMutes'> & {
  read(): KeptRules
  /** A new one comes last. Answers its id. */
  save(draft: RuleDraft): RuleId
  /** Those it removes go, those it names come first, in its order, and are put back where they were removed; one that is nowhere is left out. */
  arrange(arrangement: Arrangement): void
  remove(id: RuleId): void
  /** One that was removed since this history was opened, and is not there: what it takes to put it back as it was is still known. */
  removed(id: RuleId): { readonly name: string } | null
  hasHook(id: number): boolean
  /** Of those that hold no more, the oldest go beyond `mostSuppressions`. */
  addSuppression(draft: SuppressionDraft, now: number): number
  liftSuppression(id: Suppression['id'], at: number): void
  /** false where it is gone. */
  restoreSuppression(id: Suppression['id']): boolean
}

/** What can be read of it: one that is damaged takes no other with it. */
export type KeptRules = {
  /** In their order. */
  readonly rules: readonly Rule[]
  readonly mutes: readonly Mute[]
  /** Newest first. */
  readonly suppressions: readonly Suppression[]
  /** Rules that are there, and cannot be read. */
  readonly damaged: readonly { readonly id: RuleId; readonly name: string }[]
  /** Suppressions that are there, were not lifted, and cannot be read. */
  readonly damagedSuppressions: readonly { readonly id: Suppression['id']; readonly query: string }[]
}

type RuleRow = { readonly id: number; readonly name: string; readonly query: string } & Readonly<Record<string, unknown>>
type SuppressionRow = { readonly id: number; readonly query: string; readonly lifted_at: number | null }

const minute = z.int().min(0).max(1_440)
const hours: z.ZodType<Hours> = z.object({ days: z.array(z.literal(weekdays)).min(1).max(weekdays.length), from: minute, to: minute })
const flag = z.int().transform((flag) => flag === 1)

const rule = z
  .object({
    id: z.int().transform((id) => id as RuleId),
    name: z.string(),
    query: z.string(),
    action: z.enum(ruleActions),
    // Hours that cannot be read are not no hours: it would hold when it was not meant to.
    hours: z
      .string()
      .nullable()
      .transform((text) => parseJson(text))
      .pipe(hours.nullable()),
    expires_at: instantOrNullOfRow,
    has_sound: flag,
    hook: z
      .int()
      .nullable()
      .transform((id) => id as Rule['hookId']),
    is_on: flag,
  })
  .transform(({ expires_at: expiresAt, has_sound: hasSound, hook: hookId, is_on: isOn, ...rest }): Rule => ({
    ...rest,
    expiresAt,
    hasSound,
    hookId,
    isOn,
  }))
const suppression = z
  .object({
    id: z.int().transform((id) => id as Suppression['id']),
    query: z.string(),
    reason: z.string(),
    since: instantOfRow,
    expires_at: instantOfRow,
    lifted_at: instantOrNullOfRow,
  })
  .transform(({ expires_at: expiresAt, lifted_at: liftedAt, ...rest }): Suppression => ({ ...rest, expiresAt, liftedAt }))

export function createRuleRows(db: Database): RuleRows {
  const allRules = db.prepare<[number], RuleRow>('SELECT * FROM rules ORDER BY place, id LIMIT ?')
  const allSuppressions = db.prepare<[number], SuppressionRow>(
    'SELECT * FROM (SELECT * FROM suppressions ORDER BY lifted_at IS NOT NULL, expires_at DESC LIMIT ?) ORDER BY id DESC',
  )
  const addRule = db
    .prepare<[RuleValues], number>(
      `INSERT INTO rules (place, name, query, action, hours, expires_at, has_sound, hook, is_on)
       VALUES ((SELECT coalesce(max(place) + 1, 0) FROM rules), @name, @query, @action, @hours, @expiresAt, @hasSound, @hook, @isOn) RETURNING id`,
    )
    .pluck()
  const changeRule = db.prepare<[RuleValues & { id: number }]>(`
    UPDATE rules SET name = @name, query = @query, action = @action, hours = @hours, expires_at = @expiresAt, has_sound = @hasSound,
      hook = @hook, is_on = @isOn WHERE id = @id`)
  const putAt = db.prepare<[number, number]>('UPDATE rules SET place = ? WHERE id = ?')
  const turn = db.prepare<[number, number]>('UPDATE rules SET is_on = ? WHERE id = ?')
  const removeRule = db.prepare<[number], RuleRow>('DELETE FROM rules WHERE id = ? RETURNING *')
  // Where it was sent to may be gone since.
  const putBack = db.prepare<[RuleRow]>(`
    INSERT OR IGNORE INTO rules (id, place, name, query, action, hours, expires_at, has_sound, hook, is_on)
    VALUES (@id, @place, @name, @query, @action, @hours, @expires_at, @has_sound, (SELECT id FROM hooks WHERE id = @hook), @is_on)`)
  const isThere = db.prepare<[number], number>('SELECT 1 FROM rules WHERE id = ?').pluck()
  const hook = db.prepare<[number], number>('SELECT 1 FROM hooks WHERE id = ?').pluck()
  const insertSuppression = db
    .prepare<[string, string, number, number], number>(
      'INSERT INTO suppressions (query, reason, since, expires_at) VALUES (?, ?, ?, ?) RETURNING id',
    )
    .pluck()
  const trimSuppressions = db.prepare<[{ now: number; most: number }]>(`
    DELETE FROM suppressions WHERE id IN (
      SELECT id FROM suppressions ORDER BY lifted_at IS NULL AND expires_at > @now DESC, id DESC LIMIT -1 OFFSET @most
    ) AND (lifted_at IS NOT NULL OR expires_at <= @now)`)
  const lift = db.prepare<[number, number]>('UPDATE suppressions SET lifted_at = ? WHERE id = ? AND lifted_at IS NULL')
  const unlift = db.prepare<[number]>('UPDATE suppressions SET lifted_at = NULL WHERE id = ?')
  const removedRules = new Map<number, RuleRow>()
  const { readMutes, ...others } = createMuteRows(db)

  const arrange = db.transaction(({ rules, removed }: Arrangement): readonly RuleRow[] => {
    const wanted = new Set(rules.map(({ id }) => id))
    const gone = removed.flatMap((id) => (wanted.has(id) ? [] : (removeRule.get(id) ?? [])))
    for (const { id, isOn } of rules) {
      const row = removedRules.get(id)
      if (row !== undefined) putBack.run(row)
      turn.run(isOn ? 1 : 0, id)
    }
    const others = allRules.all(mostRules).filter(({ id }) => !wanted.has(id as RuleId))
    ;[...wanted, ...others.map(({ id }) => id)].forEach((id, place) => putAt.run(place, id))
    return gone
  })

  return {
    ...others,
    read() {
      const rows = allRules.all(mostRules).map((row) => ({ row, read: rule.safeParse(row) }))
      const suppressions = allSuppressions.all(mostSuppressions).map((row) => ({ row, read: suppression.safeParse(row) }))
      return {
        rules: rows.flatMap(({ read }) => (read.success ? [read.data] : [])),
        damaged: rows.flatMap(({ row: { id, name }, read }) => (read.success ? [] : [{ id: id as RuleId, name }])),
        mutes: readMutes(),
        suppressions: suppressions.flatMap(({ read }) => (read.success ? [read.data] : [])),
        damagedSuppressions: suppressions.flatMap(({ row: { id, query, lifted_at }, read }) =>
          read.success || lifted_at !== null ? [] : [{ id: id as Suppression['id'], query }],
        ),
      }
    },
    save: db.transaction((draft: RuleDraft): RuleId => {
      const values = toValues(draft)
      if (draft.id !== null) changeRule.run({ ...values, id: draft.id })
      return draft.id ?? (added(addRule.get(values)) as RuleId)
    }).immediate,
    arrange(arrangement) {
      for (const row of arrange.immediate(arrangement)) remember(removedRules, row)
    },
    remove: (id) => remember(removedRules, removeRule.get(id)),
    removed: (id) => (isThere.get(id) === undefined ? (removedRules.get(id) ?? null) : null),
    hasHook: (id) => hook.get(id) !== undefined,
    addSuppression: db.transaction(({ query, reason, expiresAt }: SuppressionDraft, now: number): number => {
      const id = added(insertSuppression.get(query, reason, now, toMillis(expiresAt)))
      trimSuppressions.run({ now, most: mostSuppressions })
      return id
    }).immediate,
    liftSuppression: (id, at) => void lift.run(at, id),
    restoreSuppression: (id) => unlift.run(id).changes === 1,
  }
}

type RuleValues = ReturnType<typeof toValues>
function toValues({ name, query, action, hours, expiresAt, hasSound, hookId, isOn }: RuleDraft) {
  return {
    ...{ name, query, action },
    hours: hours === null ? null : JSON.stringify(hours),
    expiresAt: expiresAt === null ? null : toMillis(expiresAt),
    hasSound: hasSound ? 1 : 0,
    hook: hookId as number | null,
    isOn: isOn ? 1 : 0,
  }
}

function added(id: number | undefined): number {
  if (id === undefined) throw new Error('a row was not written')
  return id
}

function parseJson(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text)
  } catch {
    return undefined
  }
}
