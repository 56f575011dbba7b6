import { describe, expect, test } from 'vitest'
import type { RuleId, Weekday } from '../../shared/rules.ts'
import { compileRules } from './rule-set.ts'
import { change, instant, mute, now, rule, ruleSet, suppression } from './test-support.ts'

const found = (rules: Parameters<typeof rule>[0][], changed = change(), at = now) =>
  ruleSet({ rules: rules.map(rule) }).ruleOf(changed, at)?.name ?? null

describe('rules', () => {
  test('the first in order that matches decides', () => {
    const rules = [
      { name: 'other', query: 'type:Other' },
      { name: 'first', query: 'type:Cred*' },
      { name: 'all', query: '' },
    ]
    expect(found(rules)).toBe('first')
    expect(found([...rules].reverse())).toBe('all')
    expect(found([])).toBeNull()
  })

  test('one that is off, expired or out of its hours leaves it to the next', () => {
    const today = (((new Date(now).getDay() + 6) % 7) + 1) as Weekday
    const another = ((today % 7) + 1) as Weekday
    const last = { name: 'last' }
    expect(found([{ isOn: false }, last])).toBe('last')
    expect(found([{ expiresAt: instant(now + 1) }, last])).toBe('mine')
    expect(found([{ expiresAt: instant(now) }, last])).toBe('last')
    expect(found([{ hours: { days: [today], from: 0, to: 1440 } }, last])).toBe('mine')
    expect(found([{ hours: { days: [another], from: 0, to: 1440 } }, last])).toBe('last')
  })

  test('one that cannot be read holds for nobody and is named, whether it is on or not; the others hold', () => {
    const { set, broken } = compileRules(
      {
        rules: [
          rule({ id: 1 as RuleId, query: 'severity:high' }),
          rule({ id: 2 as RuleId, query: '((', isOn: false }),
          rule({ id: 3 as RuleId, name: 'good' }),
        ],
        mutes: [],
        suppressions: [suppression({ query: '((' })],
      },
      now,
    )
    expect(broken.map(({ id }) => id)).toEqual([1, 2])
    expect(broken[0]?.detail).toBe(
      'This rule decides nothing, since its query cannot be read: There is no field severity. ' +
        'There is kind, type, status, trust, source, entity, entity_type, connection and more. ' +
        'To look for the text itself, put it in quotes. The other rules hold.',
    )
    expect(set.ruleOf(change(), now)?.name).toBe('good')
    expect(set.isSuppressed(change(), now)).toBe(false)
  })

  test('relative times are taken from the minute of the change, in whatever order they are asked', () => {
    const set = ruleSet({ rules: [rule({ query: 'last:1h' })] })
    const changed = change({ detectedAt: instant(now) })
    const minute = Math.floor(now / 60_000) * 60_000
    const hour = 3_600_000
    for (const at of [now, minute + hour + 59_999, minute + 2 * hour, minute + hour, minute + 48 * hour, now])
      expect(set.ruleOf(changed, at) !== null, String(at - minute)).toBe(at < minute + hour + 60_000)
  })

  test('a day is the day of this computer, and of the change', () => {
    const midnight = new Date(2025, 2, 2).getTime()
    const set = ruleSet({ rules: [rule({ query: 'detected:today' })] })
    const late = change({ detectedAt: instant(midnight - 1) })
    expect([midnight - 1, midnight, midnight - 1].map((at) => set.ruleOf(late, at) !== null)).toEqual([true, false, true])
  })
})

describe('suppressions', () => {
  const isSuppressed = (over: Parameters<typeof suppression>[0], at = now) =>
    ruleSet({ suppressions: [suppression({ query: 'type:Other' }), suppression({ query: 'entity:00u1abc', ...over })] }).isSuppressed(
      change(),
      at,
    )

  test('any that holds hides what it finds, until it expires or is lifted', () => {
    expect(isSuppressed({})).toBe(true)
    expect(isSuppressed({ query: 'entity:other' })).toBe(false)
    expect(isSuppressed({ expiresAt: instant(now + 1) })).toBe(true)
    expect(isSuppressed({ expiresAt: instant(now) })).toBe(false)
    expect(isSuppressed({ liftedAt: instant(now - 1) })).toBe(false)
    expect(isSuppressed({ liftedAt: instant(now - 1) }, now - 86_400_000), 'after the clock was put back').toBe(false)
  })

  test('they hide what is resolved as well', () => {
    const set = ruleSet({ suppressions: [suppression({ query: 'type:Cred*' })] })
    expect(set.isSuppressed(change({ status: 'resolved' }, 'ongoing'), now)).toBe(true)
  })

  test('one that cannot be read hides nothing and is named, unless it was lifted', () => {
    const broken = suppression({ id: 4 as never, query: 'colour:red' })
    const { set, brokenSuppressions } = compileRules(
      {
        rules: [],
        mutes: [],
        suppressions: [
          broken,
          suppression({ id: 5 as never, query: 'colour:red', liftedAt: instant(now) }),
          suppression({ query: 'type:Other' }),
        ],
      },
      now,
    )
    expect(brokenSuppressions).toEqual([{ id: 4, detail: expect.stringMatching(/“colour:red” hides nothing.*no field colour/) as string }])
    expect(set.isSuppressed(change(), now)).toBe(false)
  })
})

describe('mutes', () => {
  const ofField = (field: 'entity' | 'type' | 'source', value: string) => ({ kind: 'field', field, value }) as const
  const muted = (over: Parameters<typeof mute>[0][], changed = change(), at = now) => ruleSet({ mutes: over.map(mute) }).muteOf(changed, at)

  test('name what is muted: everything before an entity, a type, a source', () => {
    const all = { kind: 'all' } as const
    const [entity, type, source] = [
      ofField('entity', '00u1abc'),
      ofField('type', 'CredentialStuffingAttempt'),
      ofField('source', 'okta_org'),
    ]
    expect(muted([{ of: source }, { of: type }, { of: entity }, { of: all }])).toEqual(all)
    expect(muted([{ of: source }, { of: type }, { of: entity }])).toEqual(entity)
    expect(muted([{ of: source }, { of: type }])).toEqual(type)
    expect(muted([{ of: source }])).toEqual(source)
    expect(muted([])).toBeNull()
  })

  test.each(['00U1ABC', '00u1', '*', '00u1abc ', ''])('compare exactly: %j is another entity', (value) => {
    expect(muted([{ of: ofField('entity', value) }])).toBeNull()
  })

  test('of a type or a source hold in whatever case they are written, as a search finds them, and of nothing more', () => {
    expect(muted([{ of: ofField('type', 'credentialSTUFFINGattempt') }])).not.toBeNull()
    expect(muted([{ of: ofField('source', 'OKTA_org') }])).not.toBeNull()
    expect(muted([{ of: ofField('source', 'OKTA_org ') }, { of: ofField('type', 'Credential*') }])).toBeNull()
  })

  test('do not find by one field what stands in another, and what the sender left out is never muted', () => {
    expect(muted([{ of: ofField('entity', 'okta_org') }, { of: ofField('source', '00u1abc') }])).toBeNull()
    const bare = change({ entityId: null, sourceType: null })
    expect(muted([{ of: ofField('entity', 'null') }, { of: ofField('source', '') }], bare)).toBeNull()
  })

  test('end at their time, and where the clock was put back before they began; without an end they stay', () => {
    const hour = { since: instant(now), until: instant(now + 3_600_000) }
    for (const of of [{ kind: 'all' } as const, ofField('entity', '00u1abc')]) {
      const at = (ms: number, over: Parameters<typeof mute>[0] = hour) => muted([{ of, ...over }], change(), now + ms) !== null
      expect([0, 3_599_999, 3_600_000, -1, -86_400_000].map((ms) => at(ms))).toEqual([true, true, false, false, false])
      expect([0, 1e12, -1e12].map((ms) => at(ms, { until: null }))).toEqual([true, true, true])
    }
  })

  test('one that is over does not hide another of the same', () => {
    const of = ofField('type', 'CredentialStuffingAttempt')
    expect(muted([{ of, until: instant(now) }, { of }])).toEqual(of)
  })
})
