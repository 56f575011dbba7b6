import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DetectionId } from '../../shared/detection.ts'
import type { HookId } from '../../shared/hooks.ts'
import { silences, type Silence } from '../../shared/inbox.ts'
import { defaultRuleNames, defaultRules, muteFields, ruleActions, type Hours, type Rules } from '../../shared/rules.ts'
import type { Change } from '../ingest/delivery.ts'
import { decide, type NotifyContext } from './decide.ts'
import { slim } from './held.ts'
import { anyChange, change, detection, instant, listening, mute, now, rule, ruleSet, suppression } from './test-support.ts'

const hook = 7 as HookId
const always: Hours = { days: [1, 2, 3, 4, 5, 6, 7], from: 0, to: 0 }
const threat = change()
const meek = change({ confidence: 0.5 })
const posture = change({ kind: 'posture', type: 'MissingMFA' })

const by = (rules: Partial<Rules>, over: Partial<NotifyContext> = {}): NotifyContext => ({ ...listening, rules: ruleSet(rules), ...over })
const ruled = (...rules: Parameters<typeof rule>[0][]) => by({ rules: rules.map((over) => rule({ hookId: hook, ...over })) })
const said = (decided: Change, context: NotifyContext = listening) => {
  const decision = decide(decided, context)
  const { show, rule } = decision
  return decision.show ? { show, urgency: decision.urgency, rule, hasSound: decision.hasSound } : { show, because: decision.because, rule }
}
const snoozed = (over: Parameters<typeof detection>[0] = {}) =>
  change({ ...over, triage: { ...detection().triage, snoozedUntil: instant(now + 1) } })

describe('without any rule', () => {
  test('a threat with a confidence of 0.8 or more that somebody vouches for is urgent and heard', () => {
    const urgent = { show: true, urgency: 'urgent', rule: defaultRuleNames['confident-threat'], hasSound: true }
    for (const over of [{}, { confidence: 0.8 }, { trust: 'late' as const }]) expect(said(change(over))).toEqual(urgent)
  })

  test.each([{ confidence: 0.79 }, { confidence: null }, { trust: 'unsigned' as const }])(
    'a threat with %j is told without a sound',
    (over) => {
      expect(said(change(over))).toEqual({ show: true, urgency: 'normal', rule: defaultRuleNames.threat, hasSound: false })
    },
  )

  test('a posture issue is told when it is new or back, never loudly', () => {
    const told = { show: true, urgency: 'normal', rule: defaultRuleNames['new-posture'], hasSound: false }
    expect(said(posture)).toEqual(told)
    expect(said(change({ kind: 'posture', status: 'ongoing', confidence: 1 }, 'resolved'))).toEqual(told)
    expect(said(change({ kind: 'posture', status: 'ongoing' }, 'detected'))).toEqual({ show: false, because: 'continuing', rule: null })
  })

  test('a threat that goes on is told, and so is a status nobody has heard of', () => {
    expect(said(change({ status: 'ongoing' }, 'detected')).show).toBe(true)
    expect(said(change({ status: 'reopened' }, 'ongoing')).show).toBe(true)
  })

  describe('a confidence that changes while the status stays', () => {
    const raised = (from: number | null, to: number | null, over: Parameters<typeof change>[0] = {}): Change => {
      const same = change({ confidence: to, ...over }, over.status ?? 'detected')
      return { ...same, transition: { ...same.transition, changes: [{ field: 'confidence', from, to }] } }
    }

    test.each([
      ['from below 0.8 to 0.8', raised(0.79, 0.8)],
      ['from none at all', raised(null, 0.95)],
      ['on what goes on', raised(0.5, 0.9, { status: 'ongoing' })],
    ])('is told as urgent where it rises %s', (_, risen) => {
      expect(said(risen)).toEqual({ show: true, urgency: 'urgent', rule: defaultRuleNames['confident-threat'], hasSound: true })
      expect(said(slim(risen)), 'also when it is decided about again').toEqual(said(risen))
    })

    test.each([
      ['it was as high before', raised(0.8, 0.95)],
      ['it stays below', raised(0.2, 0.79)],
      ['it falls', raised(0.9, 0.3)],
      ['it was withdrawn since', raised(0.5, 0.9, { confidence: 0.4 })],
      ['nobody signed it', raised(0.5, 0.9, { trust: 'unsigned' })],
      ['it is resolved', raised(0.5, 0.9, { status: 'resolved' })],
      ['it is a posture issue', raised(0.5, 0.9, { kind: 'posture' })],
      [
        'something else changed',
        { ...raised(0.9, 0.9), transition: { ...raised(0.9, 0.9).transition, changes: [{ field: 'type', from: 'a', to: 'b' }] } },
      ],
    ])('says nothing where %s', (_, same) => {
      expect(said(same)).toEqual({ show: false, because: 'duplicate', rule: null })
    })

    test.each<[string, number | null, boolean]>([
      ['for the first time', null, true],
      ['after a moment in which it was lower', 0, false],
      ['after not quite an hour', 3_599_999, false],
      ['after an hour', 3_600_000, true],
    ])('is told once: where it rises %s', (_, ms, isTold) => {
      const risen = raised(0.5, 0.9)
      expect(said(risen, { ...listening, lowerMs: () => ms })).toMatchObject(isTold ? { urgency: 'urgent' } : { because: 'duplicate' })
      expect(said(change({ status: 'ongoing' }, 'detected'), { ...listening, lowerMs: () => ms }).show, 'another status').toBe(true)
    })

    test('is kept quiet by what the user chose, as all that is urgent', () => {
      expect(said(raised(0.5, 0.9), by({ mutes: [mute()] }))).toMatchObject({ because: 'muted' })
      expect(said({ ...raised(0.5, 0.9), isImported: true })).toMatchObject({ because: 'imported' })
      expect(said(raised(0.5, 0.9), { ...listening, quietHours: always, timelineFocused: true }).show).toBe(true)
    })
  })

  test('new posture of one type is told once an hour, by the clock as it is now', () => {
    const toldAt = (ago: number | null): NotifyContext => ({
      ...listening,
      postureToldAt: (type) => (type === 'MissingMFA' && ago !== null ? now - ago : null),
    })
    expect([0, 1, 3_599_999].map((ago) => said(posture, toldAt(ago)))).toEqual(
      [0, 1, 2].map(() => ({ show: false, because: 'repeated', rule: defaultRuleNames['new-posture'] })),
    )
    for (const ago of [3_600_000, -1, null]) expect(said(posture, toldAt(ago)).show).toBe(true)
    expect(said(change({ kind: 'posture', type: 'WeakPassword' }), toldAt(0)).show).toBe(true)
    expect(said(change({ type: 'MissingMFA', confidence: 0.1 }), toldAt(0)).show, 'a threat').toBe(true)
  })

  test('a demonstration is told like any other', () => {
    expect(said(change({ demo: true }))).toEqual(said(change()))
  })

  test('every default has a name of its own for people', () => {
    expect(new Set(defaultRules.map((name) => defaultRuleNames[name])).size).toBe(defaultRules.length)
  })
})

describe('a rule of the user', () => {
  test('says what becomes of what it is the first to match, before the defaults', () => {
    expect(said(threat, ruled({ action: 'notify' }))).toEqual({ show: true, urgency: 'normal', rule: 'mine', hasSound: false })
    expect(said(meek, ruled({ action: 'urgent', hasSound: true }))).toEqual({ show: true, urgency: 'urgent', rule: 'mine', hasSound: true })
    expect(said(threat, ruled({ action: 'digest' }))).toEqual({ show: false, because: 'digest', rule: 'mine' })
    expect(said(threat, ruled({ action: 'silence' }))).toEqual({ show: false, because: 'rule', rule: 'mine' })
    expect(said(threat, ruled({ query: 'type:Other', action: 'silence' }, { name: 'second', action: 'digest' }))).toMatchObject({
      rule: 'second',
    })
  })

  test('does not make what nobody signed urgent', () => {
    const decision = decide(change({ trust: 'unsigned', confidence: 1 }), ruled({ action: 'urgent', hasSound: true }))
    expect(decision).toEqual({ show: true, urgency: 'normal', rule: 'mine', hasSound: true, hookId: hook })
  })

  test('tells posture as often as it comes', () => {
    expect(said(posture, { ...ruled({}), postureToldAt: () => now }).show).toBe(true)
  })

  test('speaks of what is resolved or continues only where it asks for the status', () => {
    const resolved = change({ kind: 'posture', type: 'MissingMFA', status: 'resolved' }, 'ongoing')
    const continuing = change({ kind: 'posture', type: 'MissingMFA', status: 'ongoing' }, 'detected')
    for (const query of ['', 'type:MissingMFA', 'resolved:today OR type:MissingMFA', 'is:open OR type:MissingMFA']) {
      expect(said(resolved, ruled({ query })), query).toEqual({ show: false, because: 'resolved', rule: null })
      expect(said(continuing, ruled({ query })), query).toEqual({ show: false, because: 'continuing', rule: null })
    }
    for (const query of ['status:resolved', 'is:resolved', 'type:MissingMFA (trust:verified OR -status:ongoing)'])
      expect(said(resolved, ruled({ query })), query).toMatchObject({ show: true, rule: 'mine' })
    expect(said(continuing, ruled({ query: 'status:ongoing' }))).toMatchObject({ show: true, rule: 'mine' })
    expect(said(resolved, ruled({ query: 'status:ongoing' }))).toMatchObject({ because: 'resolved' })
  })
})

describe('a hook', () => {
  test.each([
    ...ruleActions.map((action) => [`where the rule says ${action}`, ruled({ action }), meek] as const),
    ['where notifications are off', { ...ruled({}), enabled: false }, meek],
    ['where all is muted', by({ rules: [rule({ hookId: hook })], mutes: [mute()] }), meek],
    ['in quiet hours', { ...ruled({}), quietHours: always }, meek],
    ['where the window shows it', { ...ruled({}), timelineFocused: true }, meek],
    ['of what is resolved, where its rule asks for that', ruled({ query: 'status:resolved' }), change({ status: 'resolved' }, 'ongoing')],
  ] as const)('is sent what its rule matches %s', (_, context, decided) => {
    expect(decide(decided, context).hookId).toBe(hook)
  })

  test('is sent nothing of what is a duplicate, imported, suppressed, or for another rule', () => {
    const hidden = { rules: [rule({ hookId: hook })], suppressions: [suppression()] }
    expect(decide(change({}, 'detected'), ruled({}))).toMatchObject({ because: 'duplicate', hookId: null })
    expect(decide({ ...threat, isImported: true }, ruled({}))).toMatchObject({ because: 'imported', hookId: null })
    expect(decide(threat, by(hidden))).toMatchObject({ because: 'suppressed', hookId: null })
    expect(decide(threat, by(hidden, { enabled: false }))).toMatchObject({ because: 'off', hookId: null })
    expect(decide(threat, ruled({ hookId: null }, {}))).toMatchObject({ rule: 'mine', hookId: null })
    expect(decide(threat, ruled({ query: 'type:Other' }))).toMatchObject({ show: true, hookId: null })
  })
})

/** Each with everything that comes after it as well, so that the order is tested too. */
const quiet: readonly (readonly [Silence, Change, NotifyContext])[] = (() => {
  const busy: NotifyContext = { ...listening, quietHours: always, isInhibited: true, timelineFocused: true, postureToldAt: () => now }
  const of = (field: (typeof muteFields)[number], value: string) => mute({ of: { kind: 'field', field, value } })
  const bySource = [of('source', 'okta_org')]
  const byType = [of('type', 'MissingMFA'), ...bySource]
  const byEntity = [of('entity', '00u1abc'), ...byType]
  const all = [...byEntity, mute()]
  const rules = [rule({ query: 'type:MissingMFA', action: 'silence' })]
  const suppressions = [suppression()]
  const everything = { ...busy, enabled: false, rules: ruleSet({ rules, mutes: all, suppressions }) }
  const issue = snoozed({ kind: 'posture', type: 'MissingMFA' })
  const same = { ...issue, transition: { ...issue.transition, from: 'detected' } }
  const resolved = change({ ...issue.detection, status: 'resolved' }, 'ongoing')
  const continuing = change({ ...issue.detection, status: 'ongoing' }, 'detected')
  return [
    ['duplicate', { ...same, isImported: true }, everything],
    ['imported', { ...issue, isImported: true }, everything],
    ['off', issue, everything],
    ['suppressed', issue, { ...everything, enabled: true }],
    ['muted', issue, { ...busy, rules: ruleSet({ rules, mutes: all }) }],
    ['muted-entity', issue, { ...busy, rules: ruleSet({ rules, mutes: byEntity }) }],
    ['muted-type', issue, { ...busy, rules: ruleSet({ rules, mutes: byType }) }],
    ['muted-source', issue, { ...busy, rules: ruleSet({ rules, mutes: bySource }) }],
    ['rule', issue, { ...busy, rules: ruleSet({ rules }) }],
    ['digest', issue, { ...busy, rules: ruleSet({ rules: [rule({ action: 'digest' }), ...rules] }) }],
    ['resolved', resolved, { ...busy, rules: ruleSet({ rules }) }],
    ['continuing', continuing, { ...busy, rules: ruleSet({ rules }) }],
    ['snoozed', issue, busy],
    ['quiet-hours', posture, busy],
    ['do-not-disturb', posture, { ...busy, quietHours: null }],
    ['focused', posture, { ...busy, quietHours: null, isInhibited: false }],
    ['repeated', posture, { ...busy, quietHours: null, isInhibited: false, timelineFocused: false }],
  ]
})()

describe('silence', () => {
  test.each(quiet)('is called %s where nothing before it holds, and everything after it does', (because, decided, context) => {
    expect(decide(decided, context)).toMatchObject({ show: false, because })
  })

  test('is reached by every name, but those that are known only when a note is told', () => {
    const later: readonly Silence[] = ['burst', 'backlog', 'stale', 'not-shown', 'unreadable']
    expect(new Set(quiet.map(([because]) => because))).toEqual(new Set(silences.filter((because) => !later.includes(because))))
  })

  test('a snooze ends when it was to end', () => {
    expect(said(snoozed({ confidence: 0.1 })).show).toBe(false)
    expect(said(snoozed({ confidence: 0.1 }), { ...listening, now: now + 1 }).show).toBe(true)
  })
})

const queries = ['', 'type:MissingMFA', 'status:resolved', 'confidence>=0.8', 'last:7d', '-trust:unsigned', 'is:snoozed', '((']
const anyHours: fc.Arbitrary<Hours> = fc.record({
  days: fc.constantFrom<Hours['days']>([1, 2, 3, 4, 5, 6, 7], [6], [7]),
  from: fc.integer({ min: 0, max: 1439 }),
  to: fc.integer({ min: 0, max: 1439 }),
})
const anyRules = fc.record({
  rules: fc.array(
    fc
      .record({
        query: fc.constantFrom(...queries),
        action: fc.constantFrom(...ruleActions),
        hours: fc.option(anyHours, { nil: null }),
        hookId: fc.constantFrom(null, hook),
        hasSound: fc.boolean(),
        isOn: fc.boolean(),
      })
      .map(rule),
    { maxLength: 3 },
  ),
  mutes: fc.array(
    fc
      .record({ field: fc.constantFrom(...muteFields), value: fc.constantFrom('00u1', 'MissingMFA', 'okta_org') })
      .map(({ field, value }) => mute({ of: { kind: 'field', field, value } })),
    { maxLength: 2 },
  ),
  suppressions: fc.array(
    fc.constantFrom(...queries.slice(1)).map((query) => suppression({ query })),
    { maxLength: 1 },
  ),
})
/** What goes on around the user, who decided nothing. */
const anySurroundings = fc.record({
  now: fc.integer({ min: 0, max: 2 * now }),
  quietHours: fc.option(anyHours, { nil: null }),
  isInhibited: fc.boolean(),
  timelineFocused: fc.boolean(),
  toldAt: fc.option(fc.integer({ min: now - 4_000_000, max: now + 4_000_000 }), { nil: null }),
})
const anyContext: fc.Arbitrary<NotifyContext> = fc
  .record({ chosen: anyRules, around: anySurroundings, enabled: fc.integer({ min: 0, max: 9 }).map((one) => one > 0) })
  .map(({ chosen, around: { toldAt, ...around }, enabled }) => ({
    ...around,
    enabled,
    rules: ruleSet(chosen),
    postureToldAt: () => toldAt,
    lowerMs: () => null,
  }))

describe('whatever comes, whenever', () => {
  const runs = { numRuns: 2_000 }

  test('there is a decision, and the same one every time', () => {
    fc.assert(
      fc.property(anyChange, anyContext, (one, context) => {
        const decision = decide(one, context)
        expect(decide(one, context)).toEqual(decision)
        if (!decision.show) expect(silences).toContain(decision.because)
      }),
      runs,
    )
  })

  test('what nobody signed is never urgent', () => {
    fc.assert(
      fc.property(anyChange, anyContext, (one, context) => {
        const unsigned = { ...one, detection: { ...one.detection, trust: 'unsigned' as const } }
        const decision = decide(unsigned, context)
        expect(decision.show && decision.urgency).not.toBe('urgent')
      }),
      runs,
    )
  })

  test('what is urgent is told whatever goes on around a user who decided nothing', () => {
    let urgent = 0
    fc.assert(
      fc.property(anyChange, anySurroundings, (one, { toldAt, ...around }) => {
        const before = decide(one, listening)
        fc.pre(before.show && before.urgency === 'urgent')
        urgent += 1
        expect(decide(one, { ...listening, ...around, postureToldAt: () => toldAt })).toEqual(before)
      }),
      { numRuns: 200 },
    )
    expect(urgent).toBeGreaterThan(100)
  })

  test('what is urgent is silenced by the name of a choice of the user, or by a rule that makes it less', () => {
    const chosen: readonly Silence[] = ['off', 'suppressed', 'muted-entity', 'muted-type', 'muted-source', 'rule', 'digest']
    let quieted = 0
    fc.assert(
      fc.property(anyChange, anyContext, (one, context) => {
        const before = decide(one, listening)
        fc.pre(before.show && before.urgency === 'urgent')
        const after = decide(one, context)
        if (after.show) return
        quieted += 1
        const isMadeLess = context.rules.ruleOf(one, context.now)?.action === 'notify'
        expect(isMadeLess || chosen.includes(after.because), after.because).toBe(true)
      }),
      { numRuns: 400 },
    )
    expect(quieted).toBeGreaterThan(20)
  })

  const shuffled = <T>(some: readonly T[]) => fc.shuffledSubarray([...some], { minLength: some.length })

  test('what becomes of a change does not depend on what was decided before it', () => {
    const permuted = fc
      .array(anyChange, { minLength: 2, maxLength: 8 })
      .map((some) => [...some.entries()])
      .chain((some) => fc.tuple(shuffled(some), shuffled(some)))
    fc.assert(
      fc.property(permuted, anyContext, ([one, other], context) => {
        const outcomes = (some: typeof one) => new Map(some.map(([index, changed]) => [index, decide(changed, context)]))
        const first = outcomes(one)
        // A relative time must not be taken from when the rules were asked before.
        decide(one[0]![1], { ...context, now: context.now + 86_400_000 })
        expect(outcomes(other)).toEqual(first)
      }),
      { numRuns: 500 },
    )
  })

  test('of equal changes as many are told, whichever comes first', () => {
    const permuted = fc
      .tuple(anyChange, fc.integer({ min: 2, max: 6 }))
      .map(([one, count]) =>
        Array.from({ length: count }, (_, id) => ({ ...one, detection: { ...one.detection, id: `equal-${id}` as DetectionId } })),
      )
      .chain((some) => fc.tuple(fc.constant(some), shuffled(some)))
    /** As it goes on: new posture that is told keeps its type quiet for a while. */
    const outcomes = (changes: readonly Change[], context: NotifyContext) => {
      let toldAt: number | null = null
      return changes
        .map((one) => {
          const decision = decide(one, { ...context, postureToldAt: () => toldAt })
          if (decision.show) toldAt = context.now
          return JSON.stringify(decision)
        })
        .sort()
    }
    fc.assert(
      fc.property(permuted, anyContext, ([one, other], context) => {
        expect(outcomes(other, context)).toEqual(outcomes(one, context))
      }),
      { numRuns: 300 },
    )
  })
})
