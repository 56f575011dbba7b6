import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Detection, DetectionId } from '../../shared/detection.ts'
import type { NotificationId } from '../../shared/inbox.ts'
import { compose, longestBody, longestTitle } from './compose.ts'
import { createGathering } from './gather.ts'
import type { Note, Urgency } from './notifier.ts'
import { anyDetection, detection, instant } from './test-support.ts'

const id = 9 as NotificationId
/** Two minutes past two by the clock of this computer, whatever its time zone. */
const today = new Date(2025, 2, 1, 14, 2, 11).getTime()
const detectedAt = instant(today)
const named = (id: string, over: Partial<Detection> = {}) => detection({ id: id as DetectionId, detectedAt, ...over })
const many = (count: number, over: Partial<Detection> = {}, first = 'a') =>
  Array.from({ length: count }, (_, index) => named(`${first}${index}`, over))

type About = { readonly urgency?: Urgency; readonly isBacklog?: boolean; readonly limit?: number; readonly now?: number }
function note(some: readonly Detection[], { urgency = 'normal', isBacklog = false, limit = 10_000, now = today }: About = {}): Note {
  const gathering = createGathering(limit)
  for (const one of some) gathering.add(one, urgency, isBacklog)
  return compose(gathering.peek()!, { id, hasSound: true, now })
}
const one = (over: Partial<Detection> = {}, about: About = {}) => note([named('d-1', over)], about)

describe('one detection', () => {
  test('is named with what matters of it', () => {
    expect(one()).toEqual({
      id,
      title: 'CredentialStuffingAttempt',
      body: 'okta_user 00u1abc · okta_org · confidence 0.93',
      hidden: { title: '1 threat', body: 'Open Tocsin to see it.' },
      urgency: 'normal',
      hasSound: true,
      target: { kind: 'detection', key: { organizationId: 'org-1', id: 'd-1' } },
      actions: ['acknowledge', 'snooze'],
    })
  })

  test('leaves no hole for what the sender left out', () => {
    expect(one({ entityId: null, entityType: null, confidence: null }).body).toBe('okta_org')
    expect(one({ entityId: null, entityType: null, sourceType: null, confidence: null }).body).toBe('')
  })

  test('has its status said where it is other than detected, and its trust where it is late', () => {
    expect(one({ status: 'ongoing', trust: 'late' }).body).toBe('okta_user 00u1abc · okta_org · confidence 0.93 · ongoing · late')
  })

  test('with a long entity leaves room for the rest', () => {
    const { body } = one({ entityId: 'x'.repeat(500) })
    expect(body.length).toBeLessThan(200)
    expect(body).toMatch(/… · okta_org · confidence 0\.93$/)
  })
})

describe('many of one group', () => {
  test('are one sentence: how many, on whom, how sure, since when', () => {
    const some = [...many(13), named('last', { confidence: 0.97, detectedAt: instant(today + 60_000) })]
    expect(note(some)).toEqual({
      id,
      title: '14 × CredentialStuffingAttempt',
      body: 'on okta_user 00u1abc, highest 0.97, since 14:02',
      hidden: { title: '14 detections', body: 'Open Tocsin to see them.' },
      urgency: 'normal',
      hasSound: true,
      target: { kind: 'group', notification: id },
      actions: ['acknowledge', 'snooze'],
    })
  })

  test('say the day where it is not today', () => {
    const yesterday = new Date(2025, 1, 28, 23, 59).getTime()
    expect(note(many(2, { detectedAt: instant(yesterday) })).body).toBe('on okta_user 00u1abc, highest 0.93, since 2025-02-28 23:59')
    expect(note(many(2), { now: new Date(2026, 2, 1, 14, 3).getTime() }).body).toMatch(/since 2025-03-01 14:02$/)
  })

  test('without an entity name the source, and leave no hole for what the sender left out', () => {
    expect(note(many(2, { entityId: null, entityType: null, confidence: null })).body).toBe('in okta_org, since 14:02')
    expect(note(many(2, { entityId: null, entityType: null, sourceType: null, confidence: null })).body).toBe('since 14:02')
  })

  test('beyond what can be told apart say so', () => {
    expect(note(many(10), { limit: 3 })).toMatchObject({
      title: 'more than 3 × CredentialStuffingAttempt',
      hidden: { title: 'more than 3 detections' },
    })
  })
})

describe('several groups', () => {
  const mfa = { kind: 'posture', type: 'MissingMFA' } as const

  test('are counted by kind; the most important is said, and what the others are', () => {
    const issues = Array.from({ length: 5 }, (_, index) => named(`p${index}`, { ...mfa, confidence: 1, entityId: `e${index % 2}` }))
    expect(note([...issues, ...many(9), named('b', { type: 'FederationBypass', confidence: 0.5 })])).toMatchObject({
      title: '15 detections: 10 threats, 5 posture issues',
      body: '9 × CredentialStuffingAttempt on okta_user 00u1abc, highest 0.93, since 14:02; and 3 more groups: FederationBypass × 1, MissingMFA × 5',
      target: { kind: 'group', notification: id },
    })
  })

  test('one of a kind is singular, and so is one more group', () => {
    expect(note([named('a'), named('b', mfa)])).toMatchObject({
      title: '2 detections: 1 threat, 1 posture issue',
      body: 'CredentialStuffingAttempt on okta_user 00u1abc, confidence 0.93, since 14:02; and 1 more group: MissingMFA × 1',
    })
  })

  test('of more types than anybody reads end in an ellipsis', () => {
    const { body } = note(['A', 'B', 'C', 'D', 'E'].map((type) => named(type, { type })))
    expect(body).toMatch(/^A on .*; and 4 more groups: B × 1, C × 1, D × 1, …$/)
  })

  test('of which the first names nobody still read as a sentence', () => {
    const bare = { entityId: null, entityType: null, sourceType: null, confidence: null }
    expect(note([named('a', bare), named('b', mfa)]).body).toMatch(/^CredentialStuffingAttempt, since 14:02; and/)
  })

  test('without a number of their own open the timeline', () => {
    const gathering = createGathering()
    for (const some of many(2)) gathering.add(some, 'normal')
    expect(compose(gathering.peek()!, { id: null, hasSound: false, now: today }).target).toEqual({ kind: 'timeline' })
  })
})

describe('marks', () => {
  test('stand in front of anything that a sender chose', () => {
    expect(one({ demo: true }).title).toBe('Demo: CredentialStuffingAttempt')
    expect(one({ trust: 'unsigned' }).title).toBe('Unsigned: CredentialStuffingAttempt')
    expect(one({ trust: 'unsigned', demo: true }, { isBacklog: true }).title).toBe('While away: Demo: Unsigned: CredentialStuffingAttempt')
    expect(note(many(2, { trust: 'unsigned' })).title).toBe('Unsigned: 2 × CredentialStuffingAttempt')
    expect(note(many(2, { demo: true }), { isBacklog: true }).title).toBe('While away: Demo: 2 × CredentialStuffingAttempt')
  })

  test('among several groups are at each that they are true of', () => {
    const mixed = note([named('a', { trust: 'unsigned', confidence: 1 }), named('b', { kind: 'posture', type: 'MissingMFA' })])
    expect(mixed.title).toBe('2 detections: 1 threat, 1 posture issue, 1 of them unsigned')
    expect(mixed.body).toMatch(/^MissingMFA on .*; and 1 more group: unsigned CredentialStuffingAttempt × 1$/)
    const unsigned = note([named('a', { trust: 'unsigned' }), named('b', { trust: 'unsigned', type: 'Other' })])
    expect(unsigned.title).toBe('2 detections: 2 threats, 2 of them unsigned')
    expect(unsigned.body).toMatch(/^Unsigned: CredentialStuffingAttempt on .*: unsigned Other × 1$/)
    const demo = note([named('a', { demo: true, confidence: 1 }), named('b', { confidence: 0.5 })])
    expect(demo.title).toBe('2 detections: 2 threats')
    expect(demo.body).toMatch(/^CredentialStuffingAttempt on .*: demo CredentialStuffingAttempt × 1$/)
    const allDemo = note([named('a', { demo: true }), named('b', { demo: true, type: 'Other' })])
    expect(allDemo.title).toBe('Demo: 2 detections: 2 threats')
    expect(allDemo.body).toMatch(/^CredentialStuffingAttempt on/)
  })
})

describe('what is shown where content is hidden', () => {
  test.each<[string, Note]>([
    ['1 urgent threat', one({}, { urgency: 'urgent' })],
    ['1 posture issue', one({ kind: 'posture' })],
    ['Unsigned: 1 threat', one({ trust: 'unsigned' })],
    ['Demo: 1 urgent threat', one({ demo: true }, { urgency: 'urgent' })],
    ['14 detections', note(many(14))],
    ['14 detections, 14 urgent', note(many(14), { urgency: 'urgent' })],
    ['While away: Unsigned: 2 detections', note(many(2, { trust: 'unsigned' }), { isBacklog: true })],
  ])('is how many: %s', (title, { hidden }) => {
    expect(hidden.title).toBe(title)
  })
})

describe('whatever a sender writes', () => {
  const hostile = fc
    .tuple(
      anyDetection,
      fc.constantFrom('\u202e', '\n\n', '\u200b'.repeat(300), '<b>', '😀'.repeat(400), '; and 3 more groups: ', 'Demo: ', '\ud83d'),
    )
    .map(([one, text]) => ({ ...one, type: text + one.type, entityId: one.entityId === null ? null : text.repeat(40) + one.entityId }))
  const anything = fc.record({
    some: fc.array(hostile, { minLength: 1, maxLength: 8 }),
    urgency: fc.constantFrom<Urgency>('normal', 'urgent'),
    isBacklog: fc.boolean(),
    limit: fc.constantFrom(2, 10_000),
  })

  test('the note is bounded, cuts no character in two, and has its marks in front', () => {
    fc.assert(
      fc.property(anything, ({ some, ...about }) => {
        const { title, body } = note(some, about)
        expect(title.length).toBeLessThanOrEqual(longestTitle)
        expect(body.length).toBeLessThanOrEqual(longestBody)
        expect(title + body).not.toMatch(/[\ud800-\udbff]…/)
        if (about.isBacklog) expect(title).toMatch(/^While away: /)
        if (some.every(({ demo }) => demo)) expect(title).toMatch(/^(?:While away: )?Demo: /)
        if (some.every(({ trust }) => trust === 'unsigned'))
          expect(`${title}\n${body}`).toMatch(/^(?:While away: )?(?:Demo: )?(?:Unsigned: |[^\n]* of them unsigned\n(?:Demo: )?Unsigned: )/)
      }),
      { numRuns: 1_000 },
    )
  })

  test('nothing of it is in what is shown where content is hidden', () => {
    fc.assert(
      fc.property(anything, ({ some, ...about }) => {
        const { hidden } = note(some, about)
        expect(hidden.title).toMatch(
          /^(?:While away: )?(?:Demo: )?(?:Unsigned: )?(?:1 (?:urgent )?(?:threat|posture issue)|(?:more than )?\d+ detections(?:, \d+ urgent)?)$/,
        )
        expect(hidden.body).toMatch(/^Open Tocsin to see (?:it|them)\.$/)
      }),
      { numRuns: 500 },
    )
  })

  test('the longest of everything loses nothing of ours but the end of a list', () => {
    const long = 'W'.repeat(512)
    const over = { trust: 'unsigned', demo: true, entityId: long, entityType: long, sourceType: long } as const
    const single = note([...many(5, { ...over, type: long })], { isBacklog: true, limit: 4 })
    expect(single.title).toMatch(/^While away: Demo: Unsigned: more than 4 × W+…$/)
    expect(single.body).toMatch(/^on W+…, highest 0\.93, since 14:02$/)
    const several = note(
      ['A', 'B', 'C', 'D', 'E'].map((type) => named(type, { ...over, type: type + long, demo: type !== 'A' })),
      { isBacklog: true },
    )
    expect(several.title).toBe('While away: 5 detections: 5 threats, 5 of them unsigned')
    expect(several.body).toMatch(/^Unsigned: AW+… on W+…, confidence 0\.93, since 14:02; and 4 more groups: demo unsigned BW+… × 1, /)
  })
})
