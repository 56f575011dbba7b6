import { expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import { mostMutes, mostRules, mostSuppressions, type MuteId, type RuleId, type Rules, type SuppressionId } from '../../shared/rules.ts'
import { at, content, start, temporaryFile, testDatabase, testStore, trusted } from '../store/test-support.ts'
import { createRulesPlace } from './rules-place.ts'
import { askHere, ruleOf } from './test-support.ts'

const year = 366 * 86_400
function place() {
  const file = temporaryFile()
  const clock = { now: start }
  const store = testStore({ file, now: () => clock.now })
  const told: Rules[] = []
  const made = createRulesPlace({
    rows: store.rules,
    ask: askHere(store),
    onChanged: (rules) => void told.push(rules),
    now: () => clock.now,
  })
  const names = () => made.list().rules.map(({ name }) => name)
  return { ...made, store, file, clock, told, names }
}
const numbers = (most: number) =>
  `WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ${most})`
const arrangementOf = (order: readonly number[], removed: readonly number[] = []) => ({
  rules: order.map((id) => ({ id: id as RuleId, isOn: true })),
  removed: removed as RuleId[],
})
const suppression = (more: object = {}) => ({ query: 'type:Noise', reason: 'a scanner of ours', expiresAt: at(3_600), ...more })

test('a rule that is saved is told of, with its id and its name tidied', () => {
  const { save, told } = place()
  const saved = save(ruleOf('kind:threat', { name: '  Tell   me ' }))
  expect(saved).toMatchObject({ kind: 'saved', id: 1, rules: { rules: [{ id: 1, name: 'Tell me', query: 'kind:threat' }] } })
  expect(told).toHaveLength(1)
})

test.each([
  ['a query that cannot be read, at its characters', ruleOf('a colour:red'), { at: 2, length: 6, detail: /no field colour/ }],
  [
    'what is suppressed, which no rule ever sees',
    ruleOf('kind:threat is:suppressed'),
    { at: 15, length: 10, detail: /before any of them/ },
  ],
  ['no name', ruleOf('', { name: ' ' }), { at: null, detail: /needs a name/ }],
  ['a long name', ruleOf('', { name: 'x'.repeat(81) }), { at: null, detail: /80 characters/ }],
  ['hours on no day', ruleOf('', { hours: { days: [], from: 0, to: 60 } }), { at: null, detail: /on no day/ }],
  ['an end that has passed', ruleOf('', { expiresAt: at(0) }), { at: null, detail: /time to come/ }],
  ['a hook that is not there', ruleOf('', { hookId: 3 as never }), { at: null, detail: /removed meanwhile/ }],
  ['an id that is not there', ruleOf('', { id: 9 as RuleId }), { at: null, detail: /removed meanwhile/ }],
])('a rule with %s is refused in words, and nothing is written', (_, draft, { detail, ...where }) => {
  const { save, list, told } = place()
  expect(save(draft)).toMatchObject({ kind: 'refused', ...where, detail: expect.stringMatching(detail) as string })
  expect([list().rules, told]).toEqual([[], []])
})

test('two rules cannot have one name, and there are no more than so many', () => {
  const { save } = place()
  save(ruleOf('', { name: 'One' }))
  expect(save(ruleOf('a', { name: 'one' }))).toMatchObject({ kind: 'refused', detail: expect.stringContaining('already') as string })
  for (let number = 1; number < mostRules; number++) save(ruleOf('', { name: `rule ${number}` }))
  expect(save(ruleOf('', { name: 'one more' }))).toMatchObject({ kind: 'refused', detail: expect.stringContaining('100 rules') as string })
})

test('a rule that has ended, or cannot be read any more, can still be turned off and renamed', () => {
  const { save, clock, list, file } = place()
  save(ruleOf('kind:threat', { expiresAt: at(60) }))
  testDatabase(file).exec(
    "INSERT INTO rules (place, name, query, action, has_sound, is_on) VALUES (1, 'newer', 'colour:red', 'notify', 0, 1)",
  )
  clock.now = start + 120_000
  const [over, newer] = list().rules
  expect(list().broken).toEqual([{ id: newer!.id, detail: expect.stringContaining('no field colour') as string }])
  expect(save({ ...over!, name: 'over' })).toMatchObject({ kind: 'saved' })
  expect(save({ ...newer!, name: 'renamed' })).toMatchObject({ kind: 'refused', at: 0, length: 6 })
  expect(save({ ...newer!, isOn: false })).toMatchObject({ kind: 'saved' })
})

test('a row that cannot be read is listed as broken by its name, holds up no other, and can be removed', () => {
  const { save, list, remove, arrange, names, file } = place()
  for (const name of ['a', 'b', 'c']) save(ruleOf('', { name }))
  testDatabase(file).exec("UPDATE rules SET action = 'telephone' WHERE name = 'b'")
  expect(names()).toEqual(['a', 'c'])
  expect(list().broken).toEqual([{ id: 2, detail: expect.stringContaining('“b” cannot be read') as string }])
  arrange(arrangementOf([3, 1]))
  expect(names()).toEqual(['c', 'a'])
  remove(2 as RuleId)
  expect(list().broken).toEqual([])
})

test.each([
  [[1, 2, 3, 4], [], 'abcd'],
  [[4, 1, 2, 3], [], 'dabc'],
  [[4], [], 'dabc'],
  [[3, 1], [2, 4], 'ca'],
  [[2], [2], 'bacd'],
  [[], [1, 9], 'bcd'],
])('arranged as %j without %j they are %s', (order, removed, made) => {
  const { save, arrange, names } = place()
  for (const name of 'abcd') save(ruleOf('', { name }))
  expect(arrange(arrangementOf(order, removed))).toMatchObject({ kind: 'saved', id: null })
  expect(names().join('')).toBe(made)
})

test('a rule that has ended or is broken comes back by undo as it was, and is turned on and off as it is', () => {
  const { save, arrange, remove, list, clock, file } = place()
  save(ruleOf('kind:threat', { name: 'ended', expiresAt: at(60) }))
  testDatabase(file).exec(
    "INSERT INTO rules (place, name, query, action, has_sound, is_on) VALUES (1, 'newer', 'colour:red', 'notify', 0, 1)",
  )
  clock.now = start + 120_000
  const before = list()
  arrange(arrangementOf([], [1]))
  remove(2 as RuleId)
  expect(list().rules).toEqual([])
  expect(arrange(arrangementOf([1, 2]))).toMatchObject({ kind: 'saved' })
  expect(list()).toEqual(before)
  arrange({
    rules: [
      { id: 2 as RuleId, isOn: false },
      { id: 1 as RuleId, isOn: true },
    ],
    removed: [],
  })
  expect(list().rules.map(({ name, isOn }) => [name, isOn])).toEqual([
    ['newer', false],
    ['ended', true],
  ])
})

test('none comes back beside another of its name, or where there is no room', () => {
  const { save, arrange, names } = place()
  save(ruleOf('', { name: 'One' }))
  arrange(arrangementOf([], [1]))
  save(ruleOf('', { name: 'one' }))
  expect(arrange(arrangementOf([1]))).toMatchObject({
    kind: 'refused',
    detail: expect.stringContaining('another rule named One') as string,
  })
  save(ruleOf('', { id: 2 as RuleId, name: 'other' }))
  for (let number = 1; number < mostRules; number++) save(ruleOf('', { name: `rule ${number}` }))
  expect(arrange(arrangementOf([1]))).toMatchObject({ kind: 'refused', detail: expect.stringContaining('100 rules') as string })
  expect(names()).toHaveLength(mostRules)
  expect(arrange(arrangementOf([1], [2]))).toMatchObject({ kind: 'saved' })
  expect(names()[0]).toBe('One')
})

test('what was unmuted is muted again though it is over meanwhile, and a suppression that was lifted is the same one again', () => {
  const { mutes, suppressions, list, clock } = place()
  const end = at(60)
  mutes.add({ of: { kind: 'all' }, until: end })
  mutes.remove(1 as MuteId)
  clock.now = start + 61_000
  expect(mutes.restore(1 as MuteId)).toMatchObject({ kind: 'saved' })
  expect(mutes.restore(9 as MuteId)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('Mute it anew') as string })
  suppressions.add(suppression())
  const before = list()
  suppressions.lift(1 as SuppressionId)
  expect(suppressions.restore(1 as SuppressionId)).toMatchObject({ kind: 'saved' })
  expect(list()).toEqual(before)
  expect(suppressions.restore(9 as SuppressionId)).toMatchObject({ kind: 'refused' })
})

test('a suppression that cannot be read is named with why, until it is lifted', () => {
  const { suppressions, list, file } = place()
  testDatabase(file).exec(`INSERT INTO suppressions (query, reason, since, expires_at)
    VALUES ('colour:red', 'newer', 0, ${start + 60_000}), ('type:Noise', 'damaged', 0, 9000000000000000)`)
  expect(list().brokenSuppressions).toEqual([
    { id: 1, detail: expect.stringContaining('no field colour') as string },
    { id: 2, detail: expect.stringContaining('“type:Noise” cannot be read') as string },
  ])
  for (const id of [1, 2]) suppressions.lift(id as SuppressionId)
  expect(list().brokenSuppressions).toEqual([])
})

test('arranging one that is gone is refused, removing one that is gone is what was wanted', () => {
  const { arrange, remove, mutes, suppressions } = place()
  expect(arrange(arrangementOf([5]))).toMatchObject({ kind: 'refused', detail: expect.stringContaining('removed meanwhile') as string })
  expect(remove(5 as RuleId)).toMatchObject({ kind: 'saved', id: null })
  expect(mutes.remove(5 as MuteId)).toMatchObject({ kind: 'saved' })
  expect(suppressions.lift(5 as SuppressionId)).toMatchObject({ kind: 'saved' })
})

test('a mute is listed until it is over, replaced by a second of the same, and needs an end to come', () => {
  const { mutes, list, clock } = place()
  const mfa = { kind: 'field', field: 'type', value: 'MissingMFA' } as const
  mutes.add({ of: mfa, until: at(60) })
  mutes.add({ of: mfa, until: at(120) })
  mutes.add({ of: { kind: 'all' }, until: null })
  expect(list().mutes).toMatchObject([{ until: null }, { of: mfa, until: at(120) }])
  clock.now = start + 120_000
  expect(list().mutes).toMatchObject([{ of: { kind: 'all' } }])
  expect(mutes.add({ of: mfa, until: at(120) })).toMatchObject({
    kind: 'refused',
    detail: expect.stringContaining('time to come') as string,
  })
  expect(mutes.add({ of: { ...mfa, value: ' ' }, until: null })).toMatchObject({ kind: 'refused' })
})

test('there are no more than so many mutes, and one of them can still be changed', () => {
  const { mutes, file } = place()
  testDatabase(file).exec(`${numbers(mostMutes)} INSERT INTO mutes (field, value, since) SELECT 'entity', 'e' || number, 0 FROM numbers`)
  expect(mutes.add({ of: { kind: 'all' }, until: null })).toMatchObject({
    kind: 'refused',
    detail: expect.stringContaining('no room') as string,
  })
  expect(mutes.add({ of: { kind: 'field', field: 'entity', value: 'e7' }, until: at(60) })).toMatchObject({ kind: 'saved' })
})

test.each([
  ['a query that cannot be read', { query: 'a colour:red' }, { at: 2, length: 6 }],
  ['another suppression in it', { query: '-is:suppressed' }, { at: 4, length: 10 }],
  ['everything', { query: ' ' }, { at: null, detail: /mute Tocsin/ }],
  ['everything in other words', { query: 'type:Noise OR *' }, { at: null, detail: /mute Tocsin/ }],
  ['no reason', { reason: ' \n' }, { at: null, detail: /needs a reason/ }],
  ['a long reason', { reason: 'x'.repeat(1_001) }, { at: null, detail: /1000 characters/ }],
  ['an end that has passed', { expiresAt: at(0) }, { at: null, detail: /time to come/ }],
  ['an end beyond a year', { expiresAt: at(year + 1) }, { at: null, detail: /looked at again/ }],
])(
  'a suppression of %s is refused in words',
  (_, more, { detail = /./, ...where }: { at: number | null; length?: number; detail?: RegExp }) => {
    const { suppressions, list } = place()
    expect(suppressions.add(suppression(more))).toMatchObject({
      kind: 'refused',
      ...where,
      detail: expect.stringMatching(detail) as string,
    })
    expect(list().suppressions).toEqual([])
  },
)

test('suppressions that hold come before those that do not, the newest first, and no more than so many hold', () => {
  const { suppressions, list, clock, file } = place()
  const add = (query: string, seconds: number) => suppressions.add(suppression({ query, expiresAt: at(seconds) as Instant }))
  add('a', 60)
  add('b', 3_600)
  add('c', 3_600)
  add('d', 60)
  clock.now = start + 61_000
  suppressions.lift(2 as SuppressionId)
  expect(list().suppressions.map(({ query }) => query)).toEqual(['c', 'd', 'b', 'a'])
  expect(list().suppressions[2]?.liftedAt).toBe(at(61))
  testDatabase(file).exec(`
    ${numbers(mostSuppressions - 1)} INSERT INTO suppressions (query, reason, since, expires_at)
    SELECT 'n', 'known', 0, ${start + 3_600_000} FROM numbers`)
  expect(add('more', 3_600)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('no room') as string })
})

test('what cannot be written is refused in words, and told to nobody', () => {
  const { save, told, file } = place()
  testDatabase(file).exec("CREATE TRIGGER full BEFORE INSERT ON rules BEGIN SELECT raise(ABORT, 'disk full'); END")
  expect(save(ruleOf(''))).toMatchObject({ kind: 'refused', detail: expect.stringContaining('disk full') as string })
  expect(told).toEqual([])
})

test('rules are tried and suppressions weighed by the history, without being written', async () => {
  const { store, suppressions, list, told, ...rules } = place()
  store.keeper.keep([trusted(content({ id: 'a', type: 'Noise' })), trusted(content({ id: 'b' }))])
  expect(await rules.try({ rules: [ruleOf('type:Noise', { action: 'silence' })], about: 0 })).toMatchObject({
    looked: 2,
    changed: 1,
    matched: 1,
  })
  expect(await rules.try({ rules: [ruleOf('colour:red')], about: 0 })).toMatchObject({ kind: 'refused', at: 0, length: 6 })
  expect(await rules.try({ rules: Array.from({ length: mostRules + 1 }, () => ruleOf('')), about: null })).toMatchObject({
    kind: 'refused',
  })
  expect(await suppressions.try({ query: 'type:Noise' })).toMatchObject({ kind: 'impact', detections: 1, threats: 1 })
  expect([list().rules, list().suppressions, told]).toEqual([[], [], []])
})
