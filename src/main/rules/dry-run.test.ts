import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Kind } from '../../shared/detection.ts'
import type { Silence } from '../../shared/inbox.ts'
import { mostDryRun, ruleActions, type DryRun, type RuleDraft } from '../../shared/rules.ts'
import type { Change } from '../ingest/delivery.ts'
import { decide } from '../notify/decide.ts'
import { compileRules } from '../notify/rule-set.ts'
import type { Store } from '../store/store.ts'
import { at, content, start, temporaryFile, testDatabase, testStore, trusted, unsigned } from '../store/test-support.ts'
import { tryRules } from './dry-run.ts'
import { trySuppression } from './impact.ts'
import { stepSize } from './look-back.ts'
import { readRules } from './read-rules.ts'
import { ended, ruleOf } from './test-support.ts'

const day = 86_400
const now = start + 29 * day * 1_000

function dryRunOf(store: Store, rules: readonly RuleDraft[], about: number | null = null, at = now): DryRun {
  const run = ended(tryRules(store, { rules, about, now: at }))
  if (run.kind === 'refused') throw new Error(run.detail)
  return run
}

describe('a dry run', () => {
  test('says what would be told otherwise, by side and by day, with examples newest first', () => {
    const store = testStore()
    store.keeper.keep([
      trusted(content({ id: 'sure', confidence: 0.9 }), { issued: 0 }),
      trusted(content({ id: 'noise', type: 'Noise', confidence: 0.2, entityId: null }), { issued: day }),
      trusted(content({ id: 'again', type: 'Noise', confidence: 0.2 }), { issued: day + 5 }),
      trusted(content({ id: 'sure', confidence: 0.9, status: 'resolved' }), { issued: 2 * day }),
    ])
    const run = dryRunOf(store, [ruleOf('type:Noise', { action: 'silence' })], 0)
    expect(run).toMatchObject({ looked: 4, changed: 2, matched: 2, matchesEverything: false, isWhole: true })
    expect(run.now).toEqual({ urgent: 1, notify: 2, notifications: 3, quiet: [{ because: 'resolved', count: 1 }] })
    expect(run.then).toEqual({
      ...{ urgent: 1, notify: 0, notifications: 1 },
      quiet: [
        { because: 'rule', count: 2 },
        { because: 'resolved', count: 1 },
      ],
    })
    expect(run.examples.map(({ key, entityId, at, then }) => [key.id, entityId, at, then])).toEqual([
      ['again', '00u1', at(day + 6), { kind: 'quiet', because: 'rule' }],
      ['noise', null, at(day + 1), { kind: 'quiet', because: 'rule' }],
    ])
    expect(run.days).toHaveLength(30)
    expect(run.days.filter(({ now }) => now.urgent + now.notify > 0).map(({ day, now, then }) => [day, now.notify, then.notify])).toEqual([
      ['2026-03-01', 0, 0],
      ['2026-03-02', 2, 0],
    ])
  })

  test('tells of a confidence that rises into what is urgent, as what comes now does, and of no other change without a new status', () => {
    const store = testStore()
    store.keeper.keep(
      [0.5, 0.6, 0.9, 0.95].map((confidence, index) =>
        trusted(content({ id: 'a', confidence }), { issued: index * 600, signed: `${index}` }),
      ),
    )
    expect(dryRunOf(store, []).now).toMatchObject({ urgent: 2, quiet: [{ because: 'duplicate', count: 2 }] })
  })

  test('tells a confidence that goes back and forth once, and again where it was lower for an hour or the detection was resolved', () => {
    const store = testStore()
    const minutes = [0, 10, 20, 30, 40, 101, 110, 111, 112, 113, 114]
    const confidences = [0.9, 0.7, 0.9, 0.7, 0.7, 0.9, 0.7, 0.7, 0.7, 0.7, 0.9]
    const statuses = minutes.map((minute) => (minute === 112 ? 'resolved' : 'detected'))
    store.keeper.keep(
      minutes.map((minute, index) =>
        trusted(content({ id: 'a', confidence: confidences[index] ?? null, status: statuses[index] ?? '' }), {
          ...{ issued: minute * 60, signed: `${index}` },
        }),
      ),
    )
    expect(dryRunOf(store, []).now).toMatchObject({ urgent: 3 })
  })

  test('of overlapping rules has the first one decide, whichever was saved first', () => {
    const store = testStore()
    store.keeper.keep([trusted(content({ confidence: 0.1 }))])
    const [urgent, silent] = [ruleOf('kind:threat', { action: 'urgent' }), ruleOf('type:Cred*', { action: 'silence' })]
    expect(dryRunOf(store, [urgent, silent]).then).toMatchObject({ urgent: 1 })
    expect(dryRunOf(store, [silent, urgent]).then).toMatchObject({ urgent: 0, quiet: [{ because: 'rule', count: 1 }] })
    expect(dryRunOf(store, [urgent, silent], 1)).toMatchObject({ matched: 1, taken: 1 })
    expect(dryRunOf(store, [urgent, silent], 0)).toMatchObject({ matched: 1, taken: 0 })
    store.rules.save(silent)
    expect(dryRunOf(store, [urgent, silent])).toMatchObject({ changed: 1, now: { urgent: 0 }, then: { urgent: 1 } })
  })

  test('says of a rule that it finds everything, by its words or by what is there', () => {
    const store = testStore()
    expect(dryRunOf(store, [ruleOf('')], 0)).toMatchObject({ looked: 0, matchesEverything: true })
    expect(dryRunOf(store, [ruleOf('kind:threat')], 0)).toMatchObject({ matchesEverything: false })
    store.keeper.keep([trusted(content({ id: 'a' })), trusted(content({ id: 'b' }))])
    expect(dryRunOf(store, [ruleOf('kind:threat')], 0)).toMatchObject({ matched: 2, matchesEverything: true })
    expect(dryRunOf(store, [ruleOf('id:a')], 0)).toMatchObject({ matched: 1, matchesEverything: false })
    expect(dryRunOf(store, [ruleOf('')], null)).toMatchObject({ matched: 0, matchesEverything: false })
  })

  test('refuses only the rule it is asked about: another that cannot be read decides nothing', () => {
    const store = testStore()
    store.keeper.keep([trusted(content({ confidence: 0.1 }))])
    const rules = [ruleOf('colour:red', { action: 'silence' }), ruleOf('kind:threat', { action: 'digest' })]
    expect(ended(tryRules(store, { rules, about: 0, now }))).toMatchObject({ kind: 'refused', at: 0, length: 6 })
    expect(dryRunOf(store, rules, 1).then).toMatchObject({ quiet: [{ because: 'digest', count: 1 }] })
  })

  test('judges quiet hours, hours and ends of rules by the time of each change, and a suppression for all of them', () => {
    const store = testStore()
    const minute = (at: number) => new Date(at).getHours() * 60 + new Date(at).getMinutes()
    const days = [1, 2, 3, 4, 5, 6, 7] as const
    store.keeper.keep([0, 3_600, 7_200].map((issued) => trusted(content({ id: `d${issued}`, confidence: 0.1 }), { issued })))
    store.settings.write({ quietHours: { days, from: minute(start), to: minute(start) + 30 } })
    const only = { hours: { days, from: minute(start) + 60, to: minute(start) + 90 } }
    expect(dryRunOf(store, [ruleOf('', { action: 'silence', ...only })]).then.quiet).toEqual([
      { because: 'quiet-hours', count: 1 },
      { because: 'rule', count: 1 },
    ])
    expect(dryRunOf(store, [ruleOf('', { action: 'silence', expiresAt: at(5_000) })]).then.quiet).toEqual([{ because: 'rule', count: 2 }])
    store.rules.addSuppression({ query: 'id:d7200', reason: 'noise', expiresAt: at(60 * day) }, start)
    expect(dryRunOf(store, []).now.quiet).toContainEqual({ because: 'suppressed', count: 1 })
  })

  test('tells a burst in one notification, and what comes after a quiet while in another', () => {
    const store = testStore()
    const seconds = [0, 1, 2, 3, 8, 9, 600, 601]
    store.keeper.keep(seconds.map((issued) => trusted(content({ id: `d${issued}`, confidence: 0.1 }), { issued })))
    expect(dryRunOf(store, []).now).toMatchObject({ notify: 8, notifications: 2 })
  })

  test('looks back so many days of the calendar, and at no more changes than it says', () => {
    const store = testStore()
    store.keeper.keep([-1, 0, 1].map((days) => trusted(content({ id: `d${days}` }), { issued: days * day })))
    expect(dryRunOf(store, [])).toMatchObject({ looked: 2, isWhole: true })
    const later = dryRunOf(store, [], null, now + day * 1_000)
    expect([later.looked, later.days[0]?.day, later.days.at(-1)?.day]).toEqual([1, '2026-03-02', '2026-03-31'])
    const since = (days: number) => start + days * day * 1_000
    expect(newestFirst(store, { since: since(-2), most: 2, size: 1 })).toEqual({ ids: ['d1', 'd0'], isWhole: false })
    expect(newestFirst(store, { since: since(-2), most: 3, size: 2 })).toEqual({ ids: ['d1', 'd0', 'd-1'], isWhole: true })
    expect(newestFirst(store, { since: since(0), most: 2, size: 5 })).toEqual({ ids: ['d1', 'd0'], isWhole: true })
    expect(mostDryRun).toBe(100_000)
  })

  test('takes each change as it was told of when it came, not as its detection is now', () => {
    const store = testStore()
    const issue = (status: string, issued: number) => trusted(content({ kind: 'posture', type: 'MissingMFA', status }), { issued })
    store.keeper.keep([issue('detected', 0)])
    store.keeper.keep([issue('ongoing', 7_200)])
    store.keeper.keep([issue('resolved', 14_400)])
    // Older than what is known: it changed nothing, and nobody was to be told.
    store.keeper.keep([trusted(content({ kind: 'posture', type: 'MissingMFA', status: 'detected' }), { issued: 7_000, received: 20_000 })])
    const run = dryRunOf(store, [ruleOf('status:ongoing', { action: 'notify' })], 0)
    expect(run).toMatchObject({ looked: 3, matched: 1, changed: 1, now: { notify: 1 }, then: { notify: 2 } })
    expect(run.now.quiet.map(({ because }) => because).sort()).toEqual(['continuing', 'resolved'])
  })

  test('ends early where its time is over, with the newest, and says how far back it came', () => {
    let clock = 0
    const store = testStore({ clock: () => (clock += 6_000) })
    // One every ten minutes: a thousand of them are a week.
    store.keeper.keep(
      Array.from({ length: 4_000 }, (_, index) => trusted(content({ id: `d${index}`, confidence: 0.1 }), { issued: index * 600 })),
    )
    const run = dryRunOf(store, [ruleOf('id:d3999 OR id:d0', { action: 'silence' })], 0)
    expect(run.isWhole).toBe(false)
    expect(run.looked).toBeGreaterThan(0)
    expect(run.looked).toBeLessThan(4_000)
    expect(run.examples.map(({ key }) => key.id)).toEqual(['d3999'])
    expect(run.matched).toBe(1)
    expect(run.days[0]?.day).toBe(new Date(start + (4_000 - run.looked) * 600_000).toISOString().slice(0, 10))
  })

  test('is what is decided change by change also where it is read in several parts', () => {
    const store = testStore()
    const many = 98
    const arrivals = Array.from({ length: stepSize * 2 + 1 }, (_, index) => {
      const number = index % many
      const kind: Kind = number % 2 === 0 ? 'threat' : 'posture'
      const status = Math.floor(index / many) % 2 === 0 ? 'detected' : 'resolved'
      // Every fifth was under way so long that it comes behind one of its own detection that is newer.
      const issued = index * 120 - (index % 5 === 4 ? (many + 1) * 120 : 0)
      const fields = { id: `d${number}`, kind, type: `T${number % 7}`, status, confidence: (number % 10) / 10 }
      return trusted(content(fields), { issued, received: index * 120 })
    })
    const changes = store.keeper.keep(arrivals).flatMap((kept) => (kept.kind === 'kept' && kept.change !== null ? [kept.change] : []))
    const rules = [ruleOf('confidence<0.3', { action: 'silence' }), ruleOf('type:T1', { action: 'urgent' })]
    const run = dryRunOf(store, rules, 0)
    expect(run.looked).toBe(changes.length)
    expect(run.looked).toBeGreaterThan(stepSize)
    const expected = decided(
      changes,
      compileRules({ rules: rules.map((one) => ({ ...one, id: 0 as never })), mutes: [], suppressions: [] }, now).set,
    )
    const { urgent, notify, quiet } = run.then
    expect({ urgent, notify, quiet: counted(quiet) }).toEqual(expected.counts)
    expect(Object.keys(expected.counts.quiet)).toContain('repeated')
  })
})

function newestFirst(store: Store, wanted: Parameters<Store['pastChanges']['newestFirst']>[0]) {
  const ids: string[] = []
  const parts = store.pastChanges.newestFirst(wanted)
  for (let part = parts.next(); ; part = parts.next()) {
    if (part.done === true) return { ids, isWhole: part.value }
    ids.push(...part.value.map(({ change }) => change.detection.id))
  }
}

describe('days', () => {
  const zone = process.env['TZ']
  beforeAll(() => void (process.env['TZ'] = 'Europe/Berlin'))
  afterAll(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })

  test('begin at the midnight of this computer, also where the clock is changed', () => {
    expect(new Date('2026-03-29T12:00:00Z').getTimezoneOffset()).toBe(-120)
    const store = testStore()
    // The 29th of March has 23 hours there: from 23:00 to 22:00 in UTC.
    const moments = ['2026-03-28T22:59:00Z', '2026-03-28T23:00:00Z', '2026-03-29T21:59:00Z', '2026-03-29T22:00:00Z']
    store.keeper.keep(
      moments.map((moment, index) => {
        const received = (Date.parse(moment) - start) / 1_000
        return trusted(content({ id: `d${index}` }), { issued: received, received })
      }),
    )
    const { days } = dryRunOf(store, [], null, Date.parse('2026-03-30T10:00:00Z'))
    expect(days.slice(-3).map(({ day, now }) => [day, now.urgent])).toEqual([
      ['2026-03-28', 1],
      ['2026-03-29', 2],
      ['2026-03-30', 1],
    ])
    expect(new Set(days.map(({ day }) => day)).size).toBe(30)
  })
})

const rule = fc.record({
  query: fc.constantFrom(
    ...['', 'kind:threat', 'type:A', 'status:resolved', '-status:detected type:B', 'confidence>=0.5', 'trust:unsigned', 'entity:e1'],
    ...[
      'stuffing OR b',
      'colour:red',
      'last:2d',
      'metadata.n>1',
      'is:open',
      'has:entity kind:posture',
      'posture c',
      'resolved',
      '"word 3"',
    ],
    ...[
      'metadata.note:*D* -word',
      'tactic:TA0001 OR confidence:0',
      'received:2026-03-02..',
      'is:unread has:technique',
      'e1 -status:ongoing',
    ],
  ),
  action: fc.constantFrom(...ruleActions),
  hours: fc.option(fc.record({ days: fc.constant([1, 3, 5, 7] as const), from: fc.nat(1_439), to: fc.nat(1_440) })),
  expiresAt: fc.option(fc.integer({ min: 0, max: 20 * day }).map(at)),
  isOn: fc.boolean(),
})
const arrival = fc.record({
  id: fc.nat(5),
  status: fc.constantFrom('detected', 'ongoing', 'resolved'),
  later: fc.nat(40_000),
  /** Seconds that it was under way. */
  late: fc.oneof(fc.constant(0), fc.nat(60_000)),
})
const mute = fc.constantFrom('A', 'B', 'C')

test('a dry run is what is decided change by change', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 4 }),
      fc.array(rule, { maxLength: 4 }),
      fc.array(arrival, { minLength: 1, maxLength: 30 }),
      fc.option(mute),
      fc.option(mute),
      (saved, proposed, arrivals, muted, suppressed) => {
        const store = testStore()
        const drafts = (all: typeof saved) => all.map((one, index) => ruleOf(one.query, { ...one, name: `rule ${index}` }))
        for (const draft of drafts(saved)) store.rules.save(draft)
        if (muted !== null) store.rules.addMute({ of: { kind: 'field', field: 'type', value: muted }, until: at(40 * day) }, start)
        if (suppressed !== null) store.rules.addSuppression({ query: `type:${suppressed}`, reason: 'noise', expiresAt: at(5 * day) }, start)
        const changes: Change[] = []
        let received = 100_000
        for (const { id, status, later, late } of arrivals) {
          received += later
          const fields = {
            ...{ id: `d${id}`, status, type: 'ABC'[id % 3] as string, kind: (id % 2 === 0 ? 'threat' : 'posture') as Kind },
            ...{ confidence: id / 5, entityId: id === 4 ? null : `e${id % 2}`, metadata: { n: id, note: `Word ${id}` } },
            ...{ tactics: id === 2 ? ['TA0001'] : [], techniques: id === 3 ? ['T1110'] : [] },
          }
          const [kept] = store.keeper.keep([(id === 5 ? unsigned : trusted)(content(fields), { issued: received - late, received })])
          if (kept?.kind === 'kept' && kept.change !== null) changes.push(kept.change)
        }
        const run = dryRunOf(store, drafts(proposed))
        expect(run.looked).toBe(changes.length)
        const kept = readRules(store.rules.read(), now)
        const expected = [kept.rules, drafts(proposed).map((draft) => ({ ...draft, id: 0 as never }))].map((rules) =>
          decided(changes, compileRules({ ...kept, rules }, now).set),
        )
        expect([run.now, run.then].map(({ urgent, notify, quiet }) => ({ urgent, notify, quiet: counted(quiet) }))).toEqual(
          expected.map(({ counts }) => counts),
        )
        const differing = changes.filter((_, index) => expected[0]!.words[index] !== expected[1]!.words[index])
        expect(run.changed).toBe(differing.length)
        expect(run.examples.map(({ at }) => at)).toEqual(
          differing
            .slice(-20)
            .reverse()
            .map(({ transition }) => transition.receivedAt),
        )
        const sumOf = (side: 'now' | 'then', count: (counted: DryRun['now']) => number) =>
          run.days.reduce((sum, day) => sum + count(day[side]), 0)
        for (const side of ['now', 'then'] as const)
          for (const count of ['urgent', 'notify', 'notifications'] as const)
            expect(sumOf(side, (one) => one[count])).toBe(run[side][count])
        store.close()
      },
    ),
    { numRuns: 40 },
  )
}, 60_000)

function counted(quiet: readonly { readonly because: Silence; readonly count: number }[]) {
  return Object.fromEntries(quiet.map(({ because, count }) => [because, count]))
}

function decided(changes: readonly Change[], rules: ReturnType<typeof compileRules>['set']) {
  const told = new Map<string, number>()
  const counts = { urgent: 0, notify: 0, quiet: {} as Record<string, number> }
  const words = changes.map((change) => {
    const moment = Date.parse(change.transition.receivedAt)
    const here = { now: moment, enabled: true, quietHours: null, isInhibited: false, timelineFocused: false }
    const decision = decide(change, { ...here, rules, postureToldAt: (type) => told.get(type) ?? null, lowerMs: () => null })
    if (!decision.show) {
      counts.quiet[decision.because] = (counts.quiet[decision.because] ?? 0) + 1
      return decision.because
    }
    if (change.detection.kind === 'posture') told.set(change.detection.type, moment)
    counts[decision.urgency === 'urgent' ? 'urgent' : 'notify'] += 1
    return decision.urgency
  })
  return { counts, words }
}

describe('the impact of a suppression', () => {
  test('counts detections by kind, what was told of them, and names the newest', () => {
    const file = temporaryFile()
    const store = testStore({ file })
    store.keeper.keep([
      trusted(content({ id: 'old', type: 'Noise' }), { issued: -40 * day }),
      trusted(content({ id: 'a', type: 'Noise' }), { issued: 0 }),
      trusted(content({ id: 'b', type: 'Noise', kind: 'posture', status: 'ongoing' }), { issued: 1 }),
      trusted(content({ id: 'a', type: 'Noise', status: 'ongoing' }), { issued: 2 }),
      trusted(content({ id: 'other' }), { issued: 3 }),
    ])
    testDatabase(file).exec(`
      INSERT INTO notification_log (sequence, detection, at, said)
      SELECT sequence, detection, issued_at, CASE sequence WHEN 2 THEN 'urgent' WHEN 3 THEN 'resolved' ELSE 'normal' END FROM transitions`)
    expect(ended(trySuppression(store, { query: 'type:noise', now }))).toEqual({
      ...{ kind: 'impact', detections: 2, threats: 1, posture: 1, told: 2, urgent: 1, isWhole: true },
      ...{ looked: 4, since: '2026-03-01' },
      examples: ['a', 'b'].map((id) => ({ organizationId: 'org-1', id })),
    })
  })

  test('says at how many of the newest changes it looked, and since when they came', () => {
    const clock = { at: 0 }
    const store = testStore({ clock: () => clock.at })
    store.keeper.keep(Array.from({ length: 3_000 }, (_, index) => trusted(content({ id: `d${index}` }), { issued: index * 600 })))
    const steps = trySuppression(store, { query: 'kind:threat', now })
    steps.next()
    clock.at = 20_000
    const impact = ended(steps)
    if (impact.kind === 'refused') throw new Error(impact.detail)
    expect(impact).toMatchObject({ isWhole: false, detections: impact.looked })
    expect(impact.looked).toBeGreaterThanOrEqual(stepSize)
    expect(impact.looked).toBeLessThan(3_000)
    expect(impact.since).toBe(at((3_000 - impact.looked) * 600).slice(0, 10))
  })

  test('is looked for in steps of so many changes, also where they are put in order and counted, so that a later question ends it', () => {
    const store = testStore()
    const many = 3 * stepSize
    store.keeper.keep(Array.from({ length: many }, (_, index) => trusted(content({ id: `d${index}` }), { issued: index })))
    const steps = trySuppression(store, { query: 'kind:threat', now })
    let count = 0
    let step = steps.next()
    for (; step.done !== true; step = steps.next()) count += 1
    expect(step.value).toMatchObject({ detections: many, looked: many, isWhole: true })
    expect(count).toBeGreaterThanOrEqual(3 * (many / stepSize))
  })

  test('of a query that cannot be read is refused at its characters', () => {
    expect(ended(trySuppression(testStore(), { query: 'a is:suppressed', now }))).toMatchObject({ kind: 'refused', at: 5, length: 10 })
  })
})
