import { expect, test } from 'vitest'
import type { HookId } from '../../shared/hooks.ts'
import { mostMutes, mostSuppressions, type RuleDraft, type RuleId } from '../../shared/rules.ts'
import { createRuleRows } from './rules.ts'
import { at, start, temporaryFile, testDatabase } from './test-support.ts'

const draft = (name: string, more: Partial<RuleDraft> = {}): RuleDraft => ({
  ...{ id: null, name, query: 'kind:threat', action: 'urgent', hours: null, expiresAt: null, hasSound: true, hookId: null, isOn: true },
  ...more,
})
function history() {
  const db = testDatabase(temporaryFile())
  return { db, rows: createRuleRows(db) }
}

test('a rule reads back as it was written, and a new one comes last', () => {
  const { rows } = history()
  const hours = { days: [1, 7], from: 1_320, to: 360 } as const
  const first = rows.save(draft('first', { hours, expiresAt: at(60), hasSound: false, isOn: false }))
  const second = rows.save(draft('second'))
  expect(rows.read().rules).toEqual([
    draft('first', { id: first, hours, expiresAt: at(60), hasSound: false, isOn: false }),
    draft('second', { id: second }),
  ])
  rows.save(draft('second, renamed', { id: second, action: 'digest' }))
  expect(rows.read().rules[1]).toEqual(draft('second, renamed', { id: second, action: 'digest' }))
})

test('an order that is written stays, and what was not named comes behind it as it was', () => {
  const { rows } = history()
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => rows.save(draft(name))) as [RuleId, RuleId, RuleId, RuleId]
  rows.arrange({ rules: [d, b].map((id) => ({ id, isOn: id === d })), removed: [] })
  expect(rows.read().rules.map(({ id, isOn }) => [id, isOn])).toEqual([
    [d, true],
    [b, false],
    [a, true],
    [c, true],
  ])
  const last = rows.save(draft('e'))
  expect(rows.read().rules.at(-1)?.id).toBe(last)
})

test('rules that were removed come back as they were, in their place, though they are damaged or their hook is gone', () => {
  const { rows, db } = history()
  db.exec("INSERT INTO hooks (id, name, url, format, is_on) VALUES (7, 'siem', 'https://siem.example', 'ecs', 1)")
  const [a, b, c] = ['a', 'b', 'c'].map((name) => rows.save(draft(name, { hookId: 7 as HookId }))) as [RuleId, RuleId, RuleId]
  db.exec(`UPDATE rules SET action = 'telephone' WHERE id = ${b}`)
  const before = db.prepare('SELECT * FROM rules ORDER BY place').all() as { hook: number | null }[]
  rows.arrange({ rules: [{ id: c, isOn: true }], removed: [b, a] })
  expect([rows.read().rules.map(({ id }) => id), rows.removed(b)?.name, rows.removed(c)]).toEqual([[c], 'b', null])
  db.exec('DELETE FROM hooks')
  rows.arrange({ rules: [a, b, c].map((id) => ({ id, isOn: true })), removed: [] })
  expect(db.prepare('SELECT * FROM rules ORDER BY place').all()).toEqual(before.map((row) => ({ ...row, hook: null })))
})

test('what is arranged is all done or not at all', () => {
  const { rows, db } = history()
  const [a, b] = ['a', 'b'].map((name) => rows.save(draft(name))) as [RuleId, RuleId]
  db.exec("CREATE TRIGGER full BEFORE UPDATE ON rules BEGIN SELECT raise(ABORT, 'disk full'); END")
  expect(() => rows.arrange({ rules: [{ id: b, isOn: false }], removed: [a] })).toThrow('disk full')
  expect([rows.read().rules.map(({ id }) => id), rows.removed(a)]).toEqual([[a, b], null])
})

test('a mute comes back as it was, though it is over, unless the same is muted anew in whatever case', () => {
  const { rows } = history()
  const type = { kind: 'field', field: 'type', value: 'MissingMFA' } as const
  const mine = rows.addMute({ of: type, until: at(10) }, start) as never
  rows.removeMute(mine)
  expect([rows.restoreMute(mine, start), rows.restoreMute(99 as never, start)]).toEqual([true, false])
  expect(rows.read().mutes).toEqual([{ id: mine, of: type, since: at(0), until: at(10) }])
  rows.removeMute(mine)
  rows.addMute({ of: { ...type, value: 'missingmfa' }, until: null }, start)
  rows.restoreMute(mine, start)
  expect(rows.read().mutes.map(({ until }) => until)).toEqual([null])
  rows.addMute({ of: { ...type, value: 'missingmfa' }, until: at(5) }, start)
  rows.restoreMute(mine, start + 5_000)
  expect(rows.read().mutes, 'the new one is over').toEqual([{ id: mine, of: type, since: at(0), until: at(10) }])
})

test('a mute that is taken back leaves everything as it was before it, and only once', () => {
  const { rows } = history()
  const source = { kind: 'field', field: 'source', value: 'Okta' } as const
  const before = rows.addMute({ of: source, until: null }, start)
  const mine = rows.addMute({ of: { ...source, value: 'okta' }, until: at(10) }, start) as never
  expect(rows.read().mutes).toMatchObject([{ id: mine, until: at(10) }])
  expect([rows.takeBackMute(mine), rows.takeBackMute(mine)]).toEqual([true, false])
  expect(rows.read().mutes).toEqual([{ id: before, of: source, since: at(0), until: null }])
  const ended = rows.addMute({ of: source, until: at(20) }, start) as never
  rows.removeMute(ended)
  expect([rows.takeBackMute(ended), rows.read().mutes], 'what the user ended meanwhile stays ended').toEqual([false, []])
})

test('the id of a rule that is gone comes back for no other', () => {
  const { rows } = history()
  const gone = rows.save(draft('gone'))
  rows.remove(gone)
  expect(rows.save(draft('next'))).toBeGreaterThan(gone)
})

test.each([
  ['an action of a newer Tocsin', "action = 'telephone'"],
  ['hours that are no JSON', "hours = '{'"],
  ['hours without a day', `hours = '{"days":[],"from":0,"to":60}'`],
  ['hours beyond the day', `hours = '{"days":[1],"from":0,"to":2000}'`],
  ['an end that no calendar has', 'expires_at = 9000000000000000'],
])('a rule with %s is set apart, and takes no other with it', (_, change) => {
  const { db, rows } = history()
  const [, damaged] = ['one', 'two', 'three'].map((name) => rows.save(draft(name)))
  db.exec(`UPDATE rules SET ${change} WHERE id = ${damaged}`)
  expect(rows.read().rules.map(({ name }) => name)).toEqual(['one', 'three'])
  expect(rows.read().damaged).toEqual([{ id: damaged, name: 'two' }])
})

test('damaged mutes and suppressions take no other with them', () => {
  const { db, rows } = history()
  rows.addMute({ of: { kind: 'field', field: 'type', value: 'MissingMFA' }, until: null }, start)
  rows.addSuppression({ query: 'type:Noise', reason: 'known', expiresAt: at(60) }, start)
  db.exec("INSERT INTO mutes (field, value, since) VALUES ('colour', 'red', 0), (NULL, 'half', 0), ('type', NULL, 0), (NULL, NULL, -5)")
  db.exec("INSERT INTO suppressions (query, reason, since, expires_at) VALUES ('a', 'b', 0, 9000000000000000)")
  expect(rows.read().mutes.map(({ of }) => of)).toEqual([{ kind: 'field', field: 'type', value: 'MissingMFA' }])
  expect(rows.read().suppressions.map(({ query }) => query)).toEqual(['type:Noise'])
  expect(rows.read().damagedSuppressions).toEqual([{ id: 2, query: 'a' }])
  rows.liftSuppression(2 as never, start)
  expect(rows.read().damagedSuppressions).toEqual([])
})

test('a second mute of the same takes the place of the first, and what has been over for a month goes', () => {
  const { rows, db } = history()
  rows.addMute({ of: { kind: 'all' }, until: at(10) }, start)
  const all = rows.addMute({ of: { kind: 'all' }, until: null }, start)
  rows.addMute({ of: { kind: 'field', field: 'entity', value: 'a' }, until: at(10) }, start)
  rows.addMute({ of: { kind: 'field', field: 'entity', value: 'A' }, until: at(10) }, start)
  rows.addMute({ of: { kind: 'field', field: 'source', value: 'Okta' }, until: null }, start)
  rows.addMute({ of: { kind: 'field', field: 'source', value: 'okta' }, until: at(20) }, start)
  expect(rows.read().mutes.map(({ until }) => until)).toEqual([at(20), at(10), at(10), null])
  for (const value of ['a\0b', 'a\0c', 'A\0B']) rows.addMute({ of: { kind: 'field', field: 'type', value }, until: null }, start)
  expect(rows.read().mutes.flatMap(({ of }) => (of.kind === 'field' && of.field === 'type' ? [of.value] : []))).toEqual(['A\0B', 'a\0c'])
  const month = 30 * 86_400_000
  rows.addMute({ of: { kind: 'field', field: 'source', value: 'a' }, until: null }, start + 9_999 + month)
  expect(db.prepare("SELECT count(*) FROM mutes WHERE field = 'entity'").pluck().get()).toBe(2)
  rows.addMute({ of: { kind: 'field', field: 'source', value: 'a' }, until: null }, start + 10_000 + month)
  expect(db.prepare("SELECT count(*) FROM mutes WHERE field = 'entity'").pluck().get()).toBe(0)
  expect(rows.read().mutes).toContainEqual({ id: all, of: { kind: 'all' }, since: at(0), until: null })
})

test('a mute that is over only by a clock that is ahead holds again when the clock is right', () => {
  const { rows } = history()
  const entity = (value: string) => ({ kind: 'field', field: 'entity', value }) as const
  rows.addMute({ of: entity('a'), until: at(3_600) }, start)
  rows.addMute({ of: entity('b'), until: null }, start + 20 * 86_400_000)
  expect(rows.read().mutes.map(({ of }) => of)).toEqual([entity('b'), entity('a')])
})

test('mutes have their bound: what is over goes beyond it, the first to be over first, and what holds is never crowded out', () => {
  const { rows } = history()
  const add = (number: number, until: number | null, now = start) =>
    rows.addMute({ of: { kind: 'field', field: 'entity', value: `e${number}` }, until: until === null ? null : at(until) }, now)
  const [always, soon] = [add(0, null), add(1, 10)]
  const holding = add(2, 86_400)
  for (let number = 3; number < mostMutes + 20; number++) add(number, 20, start + 30_000)
  const ids = rows.read().mutes.map(({ id }) => id as number)
  expect(ids).toHaveLength(mostMutes)
  expect(ids).toEqual(expect.arrayContaining([always, holding]))
  expect(ids).not.toContain(soon)
  const more = add(mostMutes + 20, 40_000, start + 30_000)
  expect(rows.read().mutes.map(({ id }) => id)).toEqual(expect.arrayContaining([always, holding, more]))
  expect(rows.read().mutes).toHaveLength(mostMutes)
})

test('a suppression that is lifted stays in the list, and beyond its bound the oldest that hold no more go', () => {
  const { rows } = history()
  const add = (number: number) =>
    rows.addSuppression({ query: `type:n${number}`, reason: 'known', expiresAt: at(number + 100) }, start) as never
  const [first, second, third] = [add(0), add(1), add(2)]
  rows.liftSuppression(first, start + 1_000)
  rows.liftSuppression(second, start + 1_000)
  rows.liftSuppression(first, start + 9_000)
  expect(rows.read().suppressions.map(({ liftedAt }) => liftedAt)).toEqual([null, at(1), at(1)])
  for (let number = 3; number <= mostSuppressions; number++) add(number)
  const ids = rows.read().suppressions.map(({ id }) => id)
  expect(ids).toHaveLength(mostSuppressions)
  expect(ids).not.toContain(first)
  expect(ids).toEqual(expect.arrayContaining([second, third]))
})

test('a rule whose hook goes stays, and is sent nowhere', () => {
  const { db, rows } = history()
  db.exec("INSERT INTO hooks (id, name, url, format, is_on) VALUES (7, 'siem', 'https://siem.example', 'ecs', 1)")
  expect([rows.hasHook(7), rows.hasHook(8)]).toEqual([true, false])
  rows.save(draft('sent', { hookId: 7 as HookId }))
  db.exec('DELETE FROM hooks')
  expect(rows.read().rules).toMatchObject([{ name: 'sent', hookId: null }])
})
