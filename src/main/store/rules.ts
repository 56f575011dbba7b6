import { z } from 'zod'
import {
  ruleActions,
  weekdays,
  type Arrangement,
  type Hours,
  type Mute,
  type MuteDraft,
  type Rule,
  type RuleDraft,
  type RuleId,
} from '../../shared/rules.ts'
import { mostMutes, mostRules, mostSuppressions, muteFields, type Suppression, type SuppressionDraft } from '../../shared/rules.ts'
import type { Database } from './database.ts'
import { toInstant, toInstantOrNull, toMillis } from './time.ts'

/** Rows of what decides when Tocsin speaks. Whether they make sense, and how many there may be, is for others to say. */
export type RuleRows = {
  read(): KeptRules
  /** A new one comes last. Answers its id. */
  save(draft: RuleDraft): RuleId
  /** Those it removes go, those it names come first, in its order, and are put back where they were removed; one that is nowhere is left out. */
  arrange(arrangement: Arrangement): void
  remove(id: RuleId): void
  /** One that was removed since this history was opened, and is not there: what it takes to put it back as it was is still known. */
  removed(id: RuleId): { readonly name: string } | null
  hasHook(id: number): boolean
  /** In the place of what mutes the same already. Those that have been over for `overMs` go, and beyond `mostMutes` the first that were over. */
  addMute(draft: MuteDraft, now: number): number
  removeMute(id: Mute['id']): void
  /** As it was when it was removed, unless the same is muted anew and that holds; false where it is not known any more. */
  restoreMute(id: Mute['id'], now: number): boolean
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
type MuteRow = { readonly id: number; readonly field: string | null; readonly value: string | null } & Readonly<Record<string, unknown>>
type SuppressionRow = { readonly id: number; readonly query: string; readonly lifted_at: number | null }
/** What was removed is known for so long, so that it can be put back, whatever it was. */
const mostRemoved = 100
/** A clock that is ahead for a while is put right by then, and the mutes it took for over hold again. */
const overMs = 30 * 86_400_000

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
  // Those that are over last, by whatever clock.
  const lastToEnd = 'SELECT * FROM mutes ORDER BY until IS NOT NULL, until DESC, id DESC'
  const allMutes = db.prepare<[number], unknown>(`SELECT * FROM (${lastToEnd} LIMIT ?) ORDER BY id DESC`)
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
  // Ids tell apart what types and sources do not, as where mutes are compared with a detection. NOCASE would end at a NUL.
  const same = "field IS @field AND (value IS @value OR (field <> 'entity' AND lower(value) = lower(@value)))"
  const removeSame = db.prepare<[Pick<MuteRow, 'field' | 'value'>]>(`DELETE FROM mutes WHERE ${same}`)
  const isMuted = db
    .prepare<[Pick<MuteRow, 'field' | 'value'> & { now: number }], number>(
      `SELECT 1 FROM mutes WHERE ${same} AND (until IS NULL OR until > @now)`,
    )
    .pluck()
  const removeOver = db.prepare<[{ now: number; over: number; most: number }]>(`
    DELETE FROM mutes WHERE until <= @over OR (until <= @now AND id IN (SELECT id FROM (${lastToEnd} LIMIT -1 OFFSET @most)))`)
  const insertMute = db
    .prepare<[string | null, string | null, number, number | null], number>(
      'INSERT INTO mutes (field, value, since, until) VALUES (?, ?, ?, ?) RETURNING id',
    )
    .pluck()
  const deleteMute = db.prepare<[number], MuteRow>('DELETE FROM mutes WHERE id = ? RETURNING *')
  const muteAgain = db.prepare<[MuteRow]>(
    'INSERT OR IGNORE INTO mutes (id, field, value, since, until) VALUES (@id, @field, @value, @since, @until)',
  )
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
  const removedMutes = new Map<number, MuteRow>()

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
    read() {
      const rows = allRules.all(mostRules).map((row) => ({ row, read: rule.safeParse(row) }))
      const suppressions = allSuppressions.all(mostSuppressions).map((row) => ({ row, read: suppression.safeParse(row) }))
      return {
        rules: rows.flatMap(({ read }) => (read.success ? [read.data] : [])),
        damaged: rows.flatMap(({ row: { id, name }, read }) => (read.success ? [] : [{ id: id as RuleId, name }])),
        mutes: readable(mute, allMutes.all(mostMutes)),
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
    addMute: db.transaction(({ of, until }: MuteDraft, now: number): number => {
      const [field, value] = of.kind === 'all' ? [null, null] : [of.field, of.value]
      removeSame.run({ field, value })
      const id = added(insertMute.get(field, value, now, until === null ? null : toMillis(until)))
      removeOver.run({ now, over: now - overMs, most: mostMutes })
      return id
    }).immediate,
    removeMute: (id) => remember(removedMutes, deleteMute.get(id)),
    restoreMute: db.transaction((id: Mute['id'], now: number): boolean => {
      const row = removedMutes.get(id)
      if (row === undefined) return false
      if (isMuted.get({ field: row.field, value: row.value, now }) !== undefined) return true
      removeSame.run({ field: row.field, value: row.value })
      muteAgain.run(row)
      return true
    }).immediate,
    addSuppression: db.transaction(({ query, reason, expiresAt }: SuppressionDraft, now: number): number => {
      const id = added(insertSuppression.get(query, reason, now, toMillis(expiresAt)))
      trimSuppressions.run({ now, most: mostSuppressions })
      return id
    }).immediate,
    liftSuppression: (id, at) => void lift.run(at, id),
    restoreSuppression: (id) => unlift.run(id).changes === 1,
  }
}

/** The newest so many. */
function remember<Row extends { readonly id: number }>(all: Map<number, Row>, row: Row | undefined): void {
  if (row === undefined) return
  all.delete(row.id)
  all.set(row.id, row)
  const [oldest] = all.keys()
  if (all.size > mostRemoved && oldest !== undefined) all.delete(oldest)
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
