import { z } from 'zod'
import { ruleActions, weekdays, type Hours, type Mute, type MuteDraft, type Rule, type RuleDraft, type RuleId } from '../../shared/rules.ts'
import { mostMutes, mostRules, mostSuppressions, muteFields, type Suppression, type SuppressionDraft } from '../../shared/rules.ts'
import type { Database } from './database.ts'
import { toInstant, toInstantOrNull, toMillis } from './time.ts'

/** Rows of what decides when Tocsin speaks. Whether they make sense, and how many there may be, is for others to say. */
export type RuleRows = {
  read(): KeptRules
  /** A new one comes last. Answers its id. */
  save(draft: RuleDraft): RuleId
  /** These come first, in this order; what is not named keeps its order behind them. */
  order(ids: readonly RuleId[]): void
  remove(id: RuleId): void
  hasHook(id: number): boolean
  /** In the place of what mutes the same already. Those that are over go. */
  addMute(draft: MuteDraft, now: number): number
  removeMute(id: Mute['id']): void
  /** Of those that hold no more, the oldest go beyond `mostSuppressions`. */
  addSuppression(draft: SuppressionDraft, now: number): number
  liftSuppression(id: Suppression['id'], at: number): void
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
}

type RuleRow = { readonly id: number; readonly name: string; readonly query: string } & Readonly<Record<string, unknown>>

const minute = z.int().min(0).max(1_440)
const hours: z.ZodType<Hours> = z.object({ days: z.array(z.literal(weekdays)).min(1).max(weekdays.length), from: minute, to: minute })
/** What four digits of a year can write: no damaged number is to throw where it is read. */
const moment = z
  .int()
  .min(0)
  .max(Date.UTC(9999, 11, 31))
const instant = moment.transform((at) => toInstant(at))
const instantOrNull = moment.nullable().transform((at) => toInstantOrNull(at))
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
    expires_at: instantOrNull,
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
const mute = z
  .object({
    id: z.int().transform((id) => id as Mute['id']),
    field: z.enum(muteFields).nullable(),
    value: z.string().nullable(),
    since: instant,
    until: instantOrNull,
  })
  .refine(({ field, value }) => (field === null) === (value === null))
  .transform(({ field, value, ...rest }): Mute => ({
    ...rest,
    of: field === null || value === null ? { kind: 'all' } : { kind: 'field', field, value },
  }))
const suppression = z
  .object({
    id: z.int().transform((id) => id as Suppression['id']),
    query: z.string(),
    reason: z.string(),
    since: instant,
    expires_at: instant,
    lifted_at: instantOrNull,
  })
  .transform(({ expires_at: expiresAt, lifted_at: liftedAt, ...rest }): Suppression => ({ ...rest, expiresAt, liftedAt }))

export function createRuleRows(db: Database): RuleRows {
  const allRules = db.prepare<[number], RuleRow>('SELECT * FROM rules ORDER BY place, id LIMIT ?')
  const allMutes = db.prepare<[number], unknown>('SELECT * FROM mutes ORDER BY id DESC LIMIT ?')
  const allSuppressions = db.prepare<[number], unknown>(
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
  const removeRule = db.prepare<[number]>('DELETE FROM rules WHERE id = ?')
  const hook = db.prepare<[number], number>('SELECT 1 FROM hooks WHERE id = ?').pluck()
  const removeSame = db.prepare<[string | null, string | null]>('DELETE FROM mutes WHERE field IS ? AND value IS ?')
  const removeOver = db.prepare<[number]>('DELETE FROM mutes WHERE until <= ?')
  const insertMute = db
    .prepare<[string | null, string | null, number, number | null], number>(
      'INSERT INTO mutes (field, value, since, until) VALUES (?, ?, ?, ?) RETURNING id',
    )
    .pluck()
  const deleteMute = db.prepare<[number]>('DELETE FROM mutes WHERE id = ?')
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

  return {
    read() {
      const rows = allRules.all(mostRules).map((row) => ({ row, read: rule.safeParse(row) }))
      return {
        rules: rows.flatMap(({ read }) => (read.success ? [read.data] : [])),
        damaged: rows.flatMap(({ row: { id, name }, read }) => (read.success ? [] : [{ id: id as RuleId, name }])),
        mutes: readable(mute, allMutes.all(mostMutes)),
        suppressions: readable(suppression, allSuppressions.all(mostSuppressions)),
      }
    },
    save: db.transaction((draft: RuleDraft): RuleId => {
      const values = toValues(draft)
      if (draft.id !== null) changeRule.run({ ...values, id: draft.id })
      return draft.id ?? (added(addRule.get(values)) as RuleId)
    }).immediate,
    order: db.transaction((ids: readonly RuleId[]): void => {
      const others = allRules.all(mostRules).filter(({ id }) => !ids.includes(id as RuleId))
      ;[...ids, ...others.map(({ id }) => id)].forEach((id, place) => putAt.run(place, id))
    }).immediate,
    remove: (id) => void removeRule.run(id),
    hasHook: (id) => hook.get(id) !== undefined,
    addMute: db.transaction(({ of, until }: MuteDraft, now: number): number => {
      const [field, value] = of.kind === 'all' ? [null, null] : [of.field, of.value]
      removeSame.run(field, value)
      removeOver.run(now)
      return added(insertMute.get(field, value, now, until === null ? null : toMillis(until)))
    }).immediate,
    removeMute: (id) => void deleteMute.run(id),
    addSuppression: db.transaction(({ query, reason, expiresAt }: SuppressionDraft, now: number): number => {
      const id = added(insertSuppression.get(query, reason, now, toMillis(expiresAt)))
      trimSuppressions.run({ now, most: mostSuppressions })
      return id
    }).immediate,
    liftSuppression: (id, at) => void lift.run(at, id),
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

function readable<Value>(schema: z.ZodType<Value>, rows: readonly unknown[]): readonly Value[] {
  return rows.map((row) => schema.safeParse(row)).flatMap((one) => (one.success ? [one.data] : []))
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
