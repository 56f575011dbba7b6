import { expect, test } from 'vitest'
import type { Mute, MuteId } from '../../shared/rules.ts'
import type { Instant } from '../../shared/detection.ts'
import { createRulesPlace } from '../rules/rules-place.ts'
import { createRuleRows } from '../store/rules.ts'
import { temporaryFile, testDatabase } from '../store/test-support.ts'
import { createMuting } from './muting.ts'
import { change } from '../notify/test-support.ts'
import { compileRules } from '../notify/rule-set.ts'

const start = new Date(2026, 2, 1, 14, 30).getTime()

function setUp() {
  let now = start
  const db = testDatabase(temporaryFile())
  const rules = createRulesPlace({
    rows: createRuleRows(db),
    ask: () => Promise.reject(new Error('nothing is asked of the reader')),
    onChanged: () => {},
    now: () => now,
  })
  const refused: string[] = []
  const muting = createMuting({ rules, onRefused: (detail) => refused.push(detail), now: () => now })
  return { rules, muting, refused, db, pass: (ms: number) => (now += ms) }
}

test('all of Tocsin is muted for an hour, which ends by itself', () => {
  const { muting, pass } = setUp()
  expect(muting.read()).toBeNull()
  muting.choose('hour')
  expect(muting.read()).toEqual({ until: new Date(start + 3_600_000).toISOString() })
  pass(3_600_001)
  expect(muting.read()).toBeNull()
})

test('what is muted by a clock that was ahead is not shown as muted once it is put back, as nothing is muted then', () => {
  const { muting, pass, rules } = setUp()
  muting.choose('hour')
  pass(-1_800_000)
  expect(compileRules(rules.list(), start).set.muteOf(change(), start - 1_800_000)).toBeNull()
  expect(muting.read()).toBeNull()
})

test('until tomorrow is nine in the morning, and is heard again at once where the user wants', () => {
  const { muting, rules } = setUp()
  muting.choose('tomorrow')
  expect(muting.read()).toEqual({ until: new Date(2026, 2, 2, 9, 0).toISOString() })
  rules.mutes.add({ of: { kind: 'field', field: 'type', value: 'MissingMFA' }, until: null })
  muting.choose(null)
  expect(muting.read()).toBeNull()
  expect(rules.list().mutes).toHaveLength(1)
})

test('what cannot be written is told in words, and nothing is muted', () => {
  const { muting, refused, db } = setUp()
  db.pragma('query_only = ON')
  muting.choose('hour')
  expect(refused).toHaveLength(1)
  expect(muting.read()).toBeNull()
})

test('of several the longest counts, and one without an end is longer than any', () => {
  const mutes = (...ends: readonly (string | null)[]): readonly Mute[] =>
    ends.map((until, index) => ({
      id: index as MuteId,
      of: { kind: 'all' },
      since: '2026-01-01T00:00:00.000Z' as Instant,
      until: until as Instant | null,
    }))
  const untilOf = (...ends: readonly (string | null)[]) => {
    const { rules } = setUp()
    return createMuting({
      rules: { ...rules, list: () => ({ ...rules.list(), mutes: mutes(...ends) }) },
      onRefused: () => {},
      now: () => start,
    }).read()?.until
  }
  expect(untilOf('2026-03-01T16:00:00.000Z', '2026-03-02T08:00:00.000Z', '2026-03-01T17:00:00.000Z')).toBe('2026-03-02T08:00:00.000Z')
  expect(untilOf('2026-03-01T16:00:00.000Z', null)).toBeNull()
})
