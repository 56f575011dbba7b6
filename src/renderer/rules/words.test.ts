import { describe, expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import { silences } from '../../shared/inbox.ts'
import { defaultRuleNames, type DryRun, type DryRunSide, type Weekday } from '../../shared/rules.ts'
import { nextStep, saidWords, silenceWords } from '../inbox/said-words.ts'
import { toDryRunBars } from './dry-run-bars.ts'
import { dryRunSentence, dryRunWarnings, impactSentence } from './dry-run-words.ts'
import { fromLocal, toLocal } from './local-time.ts'
import { daysWords, defaultByName, hoursWords, minuteText, toMinute } from './rule-words.ts'

const everyDay: readonly Weekday[] = [1, 2, 3, 4, 5, 6, 7]

describe('hours', () => {
  test.each([
    [22 * 60, 7 * 60, '22:00 to 07:00 the next day, every day'],
    [9 * 60, 17 * 60, '09:00 to 17:00, every day'],
    [9 * 60, 0, '09:00 to 00:00 the next day, every day'],
    [0, 1_440, '00:00 to 24:00, every day'],
    [60, 60, '01:00 for 24 hours, every day'],
  ])('from minute %i to %i are %s', (from, to, words) => {
    expect(hoursWords({ days: everyDay, from, to })).toBe(words)
  })

  test.each<[readonly Weekday[], string]>([
    [[1, 2, 3, 4, 5], 'Mon–Fri'],
    [[6, 7], 'Sat, Sun'],
    [[1, 3, 5, 6, 7], 'Mon, Wed, Fri–Sun'],
    [[], 'on no day'],
  ])('of the days %j are %s', (days, words) => {
    expect(daysWords(days)).toBe(words)
  })

  test('are read from a field as they are written in it', () => {
    for (const minute of [0, 1, 59, 60, 599, 1_439]) expect(toMinute(minuteText(minute))).toBe(minute)
    expect(toMinute('')).toBeNull()
  })
})

test('a day and time is read from a field as it is written in it', () => {
  const at = '2031-05-17T12:34:00.000Z' as Instant
  expect(fromLocal(toLocal(at))).toBe(at)
  expect(fromLocal('')).toBeNull()
  expect(fromLocal('275760-12-31T00:00')).toBeNull()
})

test('a default is known by the name that main keeps it by', () => {
  expect(defaultByName(defaultRuleNames['new-posture'])).toBe('new-posture')
  expect(defaultByName('My rule')).toBeNull()
})

const side = (urgent: number, notify: number, notifications: number, quiet = 0): DryRunSide => ({
  urgent,
  notify,
  notifications,
  quiet: quiet === 0 ? [] : [{ because: 'rule', count: quiet }],
})
const runOf = (more: Partial<DryRun> = {}): DryRun => ({
  ...{ kind: 'dry-run', days: [], now: side(3, 45, 30), then: side(3, 9, 9), examples: [], changed: 36, looked: 500, isWhole: true },
  ...{ matched: 40, taken: 0, matchesEverything: false },
  ...more,
})

describe('a dry run', () => {
  test('is one sentence of what would be otherwise', () => {
    expect(dryRunSentence(runOf())).toBe(
      'In the last 30 days this would have told 12 instead of 48, 3 urgent instead of 3, in 9 notifications instead of 30.',
    )
    expect(dryRunSentence(runOf({ changed: 0, then: side(3, 45, 1) }))).toBe(
      'In the last 30 days it would have changed nothing: 48 told, 3 of them urgent, in 1 notification.',
    )
    expect(dryRunSentence(runOf({ looked: 0 }))).toContain('nothing to try it on')
    expect(dryRunSentence(runOf({ isWhole: false, looked: 100_000 }))).toMatch(/^In the newest 100,000 changes, /)
  })

  test('has no warning where there is nothing to warn of', () => {
    expect(dryRunWarnings(runOf(), 'silence')).toEqual([])
  })

  test.each([
    [
      'what is urgent falls silent',
      runOf({ then: side(0, 9, 9) }),
      'silence',
      /^3 changes that are urgent now would not be: nobody would be told/,
    ],
    ['what is urgent waits', runOf({ then: side(2, 9, 9) }), 'notify', /^1 change that is urgent now would not be: quiet hours/],
    ['everything is silenced', runOf({ matchesEverything: true }), 'digest', /^It finds everything: nothing would be told any more/],
    ['everything is told', runOf({ matchesEverything: true }), 'notify', /^It finds everything: no rule below it/],
    ['it never has its turn', runOf({ taken: 40 }), 'notify', /^Rules above it decide about everything it finds/],
    ['others have some of it', runOf({ taken: 4 }), 'notify', /^Of 40 changes that it finds, rules above it decide about 4\.$/],
    ['it finds nothing', runOf({ matched: 0 }), 'notify', /^It finds nothing of what came/],
  ] as const)('warns where %s', (_, run, action, words) => {
    expect(dryRunWarnings(run, action)).toEqual([expect.stringMatching(words)])
  })

  test('of all rules warns of what is urgent, and of no single rule', () => {
    expect(dryRunWarnings(runOf({ matched: 0, then: side(2, 9, 9) }), null)).toEqual([
      '1 change that is urgent now would not be: at best they would be told without haste.',
    ])
    expect(dryRunWarnings(runOf({ matched: 0 }), null)).toEqual([])
  })

  test('draws what is told above the line and what is quiet below it, each with its own scale, and never beyond the picture', () => {
    const days = [
      { day: '2031-05-16', now: side(1, 3, 4, 200), then: side(0, 0, 0, 204) },
      { day: '2031-05-17', now: side(0, 0, 0), then: side(2, 0, 2, 1) },
    ]
    const size = { width: 100, height: 100 }
    const { days: bars, middle, most } = toDryRunBars(days, size)
    expect(most).toEqual({ told: 4, quiet: 204 })
    expect(bars[0]?.now.told.y).toBe(2)
    expect((bars[0]?.now.told.height ?? 0) + (bars[0]?.now.urgent.height ?? 0)).toBe(middle - 2)
    expect(bars[0]?.then.quiet).toEqual({ y: middle, height: size.height - middle - 2 })
    expect(bars[1]?.now.told.height).toBe(0)
    // One of two hundred can still be seen.
    expect(bars[1]?.then.quiet.height).toBe(2)
    for (const { then } of bars) expect(then.x + then.width).toBeLessThanOrEqual(size.width)
  })
})

test('what a suppression would have hidden is said with how much of it was told', () => {
  const impact = {
    ...({ kind: 'impact', detections: 7, threats: 1, posture: 6, told: 3, urgent: 1, examples: [] } as const),
    ...{ looked: 100_000, since: '2026-05-03', isWhole: true },
  }
  expect(impactSentence(impact)).toBe(
    'In the last 30 days it would have hidden 7 detections (1 threat, 6 posture issues). 3 changes of them were told, 1 as urgent.',
  )
  expect(impactSentence({ ...impact, told: 0, urgent: 0 })).toContain('None of them was told.')
  expect(impactSentence({ ...impact, detections: 0 })).toBe('It finds nothing in the last 30 days.')
  expect(impactSentence({ ...impact, isWhole: false })).toBe(
    'Of the newest 100,000 changes, since 3 May, it would have hidden 7 detections (1 threat, 6 posture issues). 3 changes of them were told, 1 as urgent.',
  )
  expect(impactSentence({ ...impact, isWhole: false, detections: 0 })).toBe('It finds nothing of the newest 100,000 changes, since 3 May.')
})

describe('what became of a change', () => {
  test.each(silences)('kept quiet because of %s, in words, and a next step that is a sentence or a place', (because) => {
    expect(saidWords({ kind: 'quiet', because })).toBe(`Kept quiet: ${silenceWords[because]}`)
    expect(nextStep(because)?.words ?? 'It is as it should be').toMatch(/^[A-Z]/)
  })

  test('told, but not certainly seen, is said so', () => {
    const told = { kind: 'told', urgency: 'urgent', notification: null } as const
    expect(saidWords({ ...told, isCertain: true })).toBe('Told as urgent')
    expect(saidWords({ ...told, isCertain: false })).toBe('Told as urgent, but perhaps not seen')
  })

  test.each([
    ['muted-type', { view: 'rules', part: 'mutes' }],
    ['suppressed', { view: 'rules', part: 'suppressions' }],
    ['quiet-hours', { view: 'settings' }],
  ] as const)('of %s leads to where it can be changed', (because, to) => {
    expect(nextStep(because)?.to).toEqual(to)
  })
})
