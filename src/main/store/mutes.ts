import { z } from 'zod'
import { mostMutes, muteFields, type Mute, type MuteDraft } from '../../shared/rules.ts'
import type { Database } from './database.ts'
import { instantOfRow, instantOrNullOfRow, remember } from './rule-columns.ts'
import { toMillis } from './time.ts'

/** Rows of what is muted. */
export type MuteRows = {
  /** The newest first, those that are over among them; one that cannot be read is left out. */
  readMutes(): readonly Mute[]
  /** In the place of what mutes the same already. Those that have been over for `overMs` go, and beyond `mostMutes` the first that were over. */
  addMute(draft: MuteDraft, now: number): number
  /** As if it had not been added: what it took the place of is back. false where it is not there any more, or was not added since Tocsin began. */
  takeBackMute(id: Mute['id']): boolean
  removeMute(id: Mute['id']): void
  /** As it was when it was removed, unless the same is muted anew and that holds; false where it is not known any more. */
  restoreMute(id: Mute['id'], now: number): boolean
}

type MuteRow = { readonly id: number; readonly field: string | null; readonly value: string | null } & Readonly<Record<string, unknown>>
/** What a mute took the place of, by its own id. */
type Replaced = { readonly id: number; readonly rows: readonly MuteRow[] }
/** A clock that is ahead for a while is put right by then, and the mutes it took for over hold again. */
const overMs = 30 * 86_400_000

const mute = z
  .object({
    id: z.int().transform((id) => id as Mute['id']),
    field: z.enum(muteFields).nullable(),
    value: z.string().nullable(),
    since: instantOfRow,
    until: instantOrNullOfRow,
  })
  .refine(({ field, value }) => (field === null) === (value === null))
  .transform(({ field, value, ...rest }): Mute => ({
    ...rest,
    of: field === null || value === null ? { kind: 'all' } : { kind: 'field', field, value },
  }))

export function createMuteRows(db: Database): MuteRows {
  // Those that are over last, by whatever clock.
  const lastToEnd = 'SELECT * FROM mutes ORDER BY until IS NOT NULL, until DESC, id DESC'
  const all = db.prepare<[number], unknown>(`SELECT * FROM (${lastToEnd} LIMIT ?) ORDER BY id DESC`)
  // Ids tell apart what types and sources do not, as where mutes are compared with a detection. NOCASE would end at a NUL.
  const same = "field IS @field AND (value IS @value OR (field <> 'entity' AND lower(value) = lower(@value)))"
  const removeSame = db.prepare<[Pick<MuteRow, 'field' | 'value'>], MuteRow>(`DELETE FROM mutes WHERE ${same} RETURNING *`)
  const isMuted = db
    .prepare<[Pick<MuteRow, 'field' | 'value'> & { now: number }], number>(
      `SELECT 1 FROM mutes WHERE ${same} AND (until IS NULL OR until > @now)`,
    )
    .pluck()
  const removeOver = db.prepare<[{ now: number; over: number; most: number }]>(`
    DELETE FROM mutes WHERE until <= @over OR (until <= @now AND id IN (SELECT id FROM (${lastToEnd} LIMIT -1 OFFSET @most)))`)
  const insert = db.prepare<[string | null, string | null, number, number | null]>(
    'INSERT INTO mutes (field, value, since, until) VALUES (?, ?, ?, ?)',
  )
  const remove = db.prepare<[number], MuteRow>('DELETE FROM mutes WHERE id = ? RETURNING *')
  const putBack = db.prepare<[MuteRow]>(
    'INSERT OR IGNORE INTO mutes (id, field, value, since, until) VALUES (@id, @field, @value, @since, @until)',
  )
  const removed = new Map<number, MuteRow>()
  const replaced = new Map<number, Replaced>()

  const add = db.transaction(({ of, until }: MuteDraft, now: number): Replaced => {
    const [field, value] = of.kind === 'all' ? [null, null] : [of.field, of.value]
    const rows = removeSame.all({ field, value })
    const id = Number(insert.run(field, value, now, until === null ? null : toMillis(until)).lastInsertRowid)
    removeOver.run({ now, over: now - overMs, most: mostMutes })
    return { id, rows }
  })
  const takeBack = db.transaction((id: number): boolean => {
    const before = replaced.get(id)
    if (before === undefined || remove.get(id) === undefined) return false
    for (const row of before.rows) putBack.run(row)
    return true
  })

  return {
    readMutes: () =>
      all
        .all(mostMutes)
        .map((row) => mute.safeParse(row))
        .flatMap((one) => (one.success ? [one.data] : [])),
    addMute(draft, now) {
      const added = add.immediate(draft, now)
      remember(replaced, added)
      return added.id
    },
    takeBackMute: (id) => takeBack.immediate(id),
    removeMute: (id) => remember(removed, remove.get(id)),
    restoreMute: db.transaction((id: Mute['id'], now: number): boolean => {
      const row = removed.get(id)
      if (row === undefined) return false
      if (isMuted.get({ field: row.field, value: row.value, now }) !== undefined) return true
      removeSame.run({ field: row.field, value: row.value })
      putBack.run(row)
      return true
    }).immediate,
  }
}
