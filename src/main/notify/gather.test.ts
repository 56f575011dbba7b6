import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Detection, DetectionId, OrganizationId } from '../../shared/detection.ts'
import { createGathering, mostTypes, type Gathered } from './gather.ts'
import type { Urgency } from './notifier.ts'
import { anyDetection, detection, instant, now } from './test-support.ts'

const named = (id: string, over: Partial<Detection> = {}) => detection({ id: id as DetectionId, ...over })

function gather(...some: readonly (Detection | readonly [Detection, Urgency])[]): Gathered | null {
  const gathering = createGathering()
  for (const one of some) {
    if ('id' in one) gathering.add(one, 'normal')
    else gathering.add(...one)
  }
  return gathering.peek()
}

describe('gathering', () => {
  test('counts a detection once however often it changes, and says its latest state', () => {
    expect(gather([detection(), 'urgent'], detection({ status: 'ongoing', confidence: 0.5 }))).toMatchObject({
      ...{ count: 1, threats: 1, postures: 0, urgent: 1, urgency: 'urgent', only: { status: 'ongoing' } },
      top: { count: 1, urgent: 1, confidence: 0.5 },
    })
  })

  test('counts one that becomes urgent once, and it stays so', () => {
    const gathered = gather(named('a'), [named('a'), 'urgent'], named('a'), named('b'))
    expect(gathered).toMatchObject({ count: 2, urgent: 1, urgency: 'urgent', top: { count: 2, urgent: 1 } })
  })

  test('goes on where it was until it is cleared, and is there to be asked as often as one likes', () => {
    const gathering = createGathering()
    expect(gathering.peek()).toBeNull()
    gathering.add(named('a'), 'urgent', true)
    expect(gathering.peek()).toEqual(gathering.peek())
    gathering.add(named('b'), 'normal', true)
    expect(gathering.peek()).toMatchObject({ count: 2, urgency: 'urgent', isBacklog: true, only: null })
    gathering.clear()
    expect(gathering.peek()).toBeNull()
    gathering.add(named('b'), 'normal')
    expect(gathering.peek()).toMatchObject({ count: 1, urgency: 'normal', more: false, isBacklog: false })
  })

  test('the same id in another organization is another detection of another group', () => {
    const other = 'org-2' as OrganizationId
    expect(gather(detection(), detection({ organizationId: other }))).toMatchObject({ threats: 2, others: { groups: 1 } })
  })

  test('is a backlog where all of it had waited', () => {
    const gathering = createGathering()
    gathering.add(named('a'), 'normal', true)
    gathering.add(named('b'), 'normal')
    expect(gathering.peek()).toMatchObject({ isBacklog: false })
  })

  test('keeps nothing of what only the history needs', () => {
    expect(gather(detection({ metadata: { large: 'x'.repeat(10_000) } }))?.only).not.toHaveProperty('metadata')
  })
})

describe('a group', () => {
  test('is of one type, entity and source, with its highest confidence and since when', () => {
    const since = instant(now - 3_600_000)
    const gathered = gather(
      named('a', { confidence: 0.5 }),
      named('b', { confidence: null, detectedAt: since }),
      named('c', { confidence: 0.97 }),
      named('d', { entityId: '00u2' }),
      named('e', { sourceType: null }),
      named('f', { type: 'FederationBypass' }),
    )
    expect(gathered?.top).toEqual({
      ...{ type: 'CredentialStuffingAttempt', kind: 'threat', entityType: 'okta_user', entityId: '00u1abc', sourceType: 'okta_org' },
      ...{ isUnsigned: false, demo: false, count: 3, urgent: 0, confidence: 0.97, since },
    })
    expect(gathered?.others).toMatchObject({ groups: 3, isWhole: true })
  })

  test('of what nobody signed lends no confidence to what somebody did, and stands behind it', () => {
    const gathered = gather(named('a', { trust: 'unsigned', confidence: 1 }), named('b', { confidence: 0.1 }))
    expect(gathered).toMatchObject({ unsigned: 1, top: { isUnsigned: false, confidence: 0.1 }, others: { groups: 1 } })
  })

  test('loses a detection that turns out to be of another', () => {
    const gathered = gather(named('a', { trust: 'unsigned' }), named('b'), named('a'))
    expect(gathered).toMatchObject({ unsigned: 0, top: { count: 2 }, others: { groups: 0 } })
  })

  test.each<[string, Detection, Urgency, Detection, Urgency]>([
    ['real before a demonstration', named('a', { confidence: 0.1 }), 'normal', named('b', { demo: true }), 'urgent'],
    ['signed before not', named('a', { kind: 'posture' }), 'normal', named('b', { trust: 'unsigned' }), 'normal'],
    ['urgent before not', named('a', { kind: 'posture', confidence: null }), 'urgent', named('b'), 'normal'],
    ['a threat before a posture issue', named('a', { confidence: null }), 'normal', named('b', { kind: 'posture' }), 'normal'],
    ['the more confident', named('a', { type: 'Z', confidence: 0.9 }), 'normal', named('b', { type: 'A', confidence: 0.8 }), 'normal'],
    [
      'any confidence before none',
      named('a', { type: 'Z', confidence: 0 }),
      'normal',
      named('b', { type: 'A', confidence: null }),
      'normal',
    ],
  ])('comes first by what is worth a look: %s', (_, first, urgency, second, otherUrgency) => {
    for (const some of [
      [[first, urgency] as const, [second, otherUrgency] as const],
      [[second, otherUrgency] as const, [first, urgency] as const],
    ])
      expect(gather(...some)?.top).toMatchObject({ type: first.type, confidence: first.confidence, kind: first.kind, demo: first.demo })
  })

  test('of equals the larger comes first', () => {
    const larger = [named('a', { type: 'Z' }), named('b', { type: 'Z' })]
    expect(gather(named('c', { type: 'A' }), ...larger)?.top).toMatchObject({ type: 'Z', count: 2 })
  })

  test('others are summed by type, the most important first, and no more of them than anybody reads', () => {
    const issues = Array.from({ length: 8 }, (_, index) =>
      named(`m${index}`, { kind: 'posture', type: 'MissingMFA', entityId: `e-${index}` }),
    )
    const more = ['A', 'B', 'C'].map((type) => named(type, { type, confidence: 0.5 }))
    expect(gather(named('top'), ...issues)?.others).toEqual({
      groups: 8,
      types: [{ type: 'MissingMFA', isUnsigned: false, demo: false, count: 8 }],
      isWhole: true,
    })
    const { groups, types, isWhole } = gather(named('top'), ...issues, ...more)!.others
    expect([groups, types.map(({ type }) => type), isWhole]).toEqual([11, ['A', 'B', 'C'], false])
    expect(types).toHaveLength(mostTypes)
  })
})

describe('a flood', () => {
  test('beyond the limit is a lower bound and says so; what is counted goes on being counted', () => {
    const gathering = createGathering(3)
    const counted = ['a', 'b', 'c', 'd', 'e'].map((id) => gathering.add(named(id), 'normal'))
    expect(counted).toEqual([true, true, true, false, false])
    expect(gathering.add(named('a', { status: 'ongoing' }), 'normal')).toBe(true)
    expect(gathering.peek()).toMatchObject({ count: 3, more: true, only: null })
  })

  test('leaves room for what is urgent, until all of it is', () => {
    const gathering = createGathering(2)
    gathering.add(named('a', { confidence: 0.1 }), 'normal')
    gathering.add(named('b', { confidence: 0.1 }), 'normal')
    expect(gathering.add(named('c', { type: 'FederationBypass' }), 'urgent')).toBe(true)
    expect(gathering.peek()).toMatchObject({ count: 2, urgent: 1, more: true, urgency: 'urgent', top: { type: 'FederationBypass' } })
    expect(gathering.add(named('d'), 'urgent')).toBe(true)
    expect(gathering.add(named('e'), 'urgent')).toBe(false)
    expect(gathering.peek()).toMatchObject({ count: 2, urgent: 2, more: true })
  })

  test('of ten thousand is counted to the last', () => {
    const gathering = createGathering()
    for (let index = 0; index < 10_000; index += 1) gathering.add(named(`d${index}`, { entityId: `e${index % 100}` }), 'normal')
    expect(gathering.peek()).toMatchObject({ count: 10_000, more: false, others: { groups: 99 } })
    gathering.add(named('one more'), 'normal')
    expect(gathering.peek()).toMatchObject({ count: 10_000, more: true })
  })
})

test('whatever is gathered, in whatever order, is the same, and adds up', () => {
  const some = fc.uniqueArray(fc.tuple(anyDetection, fc.constantFrom<Urgency>('normal', 'urgent')), {
    minLength: 1,
    maxLength: 12,
    selector: ([{ organizationId, id }]) => `${organizationId} ${id}`,
  })
  const permuted = some.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
  fc.assert(
    fc.property(permuted, ([one, other]) => {
      const gathered = gather(...one)!
      expect(gather(...other)).toEqual(gathered)
      expect(gathered.threats + gathered.postures).toBe(gathered.count)
      const named = gathered.top.count + gathered.others.types.reduce((sum, { count }) => sum + count, 0)
      expect(gathered.others.isWhole ? named : named + 1).toBeLessThanOrEqual(gathered.count)
      if (gathered.others.isWhole) expect(named).toBe(gathered.count)
    }),
    { numRuns: 500 },
  )
})
