import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { DetectionContent, Transition } from '../../shared/detection.ts'
import {
  at,
  believed,
  changeOf,
  content,
  delivery,
  detectionOf,
  keepOne,
  organization,
  testStore,
  trusted,
  unsigned,
  waiting,
} from './test-support.ts'
import type { Store } from './store.ts'

const key = (id = 'd-1') => ({ organizationId: organization, id: content({ id }).id })
const transitionsOf = (store: Store, id = 'd-1'): readonly Transition[] => store.detections.detail(key(id))?.transitions ?? []
const path = (store: Store) => transitionsOf(store).map(({ from, to }) => `${from ?? ''}>${to}`)

describe('the first delivery of a detection', () => {
  test('makes it, unread and untouched', () => {
    const { keeper } = testStore()
    const { detection, transition } = changeOf(keeper, trusted(content({ metadata: { attempts: 31 } }), { issued: 5, received: 8 }))
    expect(detection).toEqual({
      ...content({ metadata: { attempts: 31 } }),
      organizationId: organization,
      sequence: 1,
      trust: 'verified',
      changedAt: at(5),
      receivedAt: at(8),
      resolvedAt: null,
      triage: { state: 'new', verdict: null, labels: [], snoozedUntil: null, noteCount: 0, isUnread: true },
      demo: false,
      imported: false,
    })
    expect(transition).toEqual({ sequence: 1, at: at(5), receivedAt: at(8), from: null, to: 'detected', changes: [] })
  })

  test('of a demo organization makes a demo detection', () => {
    const { keeper, organizations } = testStore()
    organizations.add({ id: organization, issuer: 'http://127.0.0.1:1', name: 'Demo', demo: true, pinned: [] })
    expect(changeOf(keeper, trusted(content())).detection.demo).toBe(true)
  })

  test('may resolve it at once', () => {
    const { keeper } = testStore()
    expect(changeOf(keeper, trusted(content({ status: 'resolved' }), { issued: 3 })).detection.resolvedAt).toBe(at(3))
  })
})

describe('a newer delivery', () => {
  test('moves the present and says what changed', () => {
    const store = testStore()
    const before = content({ status: 'ongoing', metadata: { mfa: false, seen: { by: 'x', at: 1 } }, extra: { severity: 'low' } })
    const after = content({
      status: 'resolved',
      confidence: 0.4,
      tactics: [],
      metadata: { mfa: true, seen: { at: 1, by: 'x' }, constructor: 'me' },
      extra: {},
    })
    keepOne(store.keeper, trusted(before, { issued: 1 }))
    const { detection, transition } = changeOf(store.keeper, trusted(after, { issued: 9, received: 11 }))
    expect(detection).toMatchObject({ status: 'resolved', confidence: 0.4, changedAt: at(9), receivedAt: at(11), resolvedAt: at(9) })
    expect(transition).toMatchObject({ from: 'ongoing', to: 'resolved' })
    expect(transition.changes).toEqual([
      { field: 'confidence', from: 0.9, to: 0.4 },
      { field: 'tactics', from: ['Credential Access'], to: [] },
      { field: 'metadata.mfa', from: false, to: true },
      { field: 'metadata.constructor', from: null, to: 'me' },
      { field: 'extra.severity', from: 'low', to: null },
    ])
    expect(detectionOf(store)).toEqual(detection)
    expect(transitionsOf(store)[1]).toEqual(transition)
    expect(store.detections.total()).toBe(1)
  })

  test('of the same second is the one that came later', () => {
    const store = testStore()
    const kept = store.keeper.keep([trusted(content(), { issued: 1 }), trusted(content({ status: 'ongoing' }), { issued: 1 })])
    expect(kept.map((one) => one.kind === 'kept' && one.change?.detection.status)).toEqual(['detected', 'ongoing'])
    expect(detectionOf(store).status).toBe('ongoing')
  })

  test('gives its trust to the detection', () => {
    const store = testStore()
    keepOne(store.keeper, trusted(content(), { issued: 1 }))
    keepOne(store.keeper, delivery({ kind: 'trusted', trust: 'late', content: { kind: 'detection', detection: content() } }, { issued: 2 }))
    expect(detectionOf(store).trust).toBe('late')
  })

  test('leaves what the user made of it alone', () => {
    const store = testStore()
    keepOne(store.keeper, trusted(content(), { issued: 1 }))
    expect(store.detections.markRead(key())?.triage.isUnread).toBe(false)
    expect(changeOf(store.keeper, trusted(content({ status: 'ongoing' }), { issued: 2 })).detection.triage.isUnread).toBe(false)
  })

  test('of another organization is another detection', () => {
    const store = testStore()
    keepOne(store.keeper, trusted(content()))
    keepOne(store.keeper, trusted(content(), { organization: 'org-2' as typeof organization }))
    expect(store.detections.total()).toBe(2)
  })
})

describe('an older delivery', () => {
  test('is put into the past and does not turn the present back', () => {
    const store = testStore()
    keepOne(store.keeper, trusted(content({ status: 'detected', confidence: 0.1 }), { issued: 1 }))
    keepOne(store.keeper, trusted(content({ status: 'resolved', confidence: 0.3 }), { issued: 9 }))
    const before = detectionOf(store)
    expect(keepOne(store.keeper, trusted(content({ status: 'ongoing', confidence: 0.2 }), { issued: 5 })).change).toBeNull()
    expect(detectionOf(store)).toEqual(before)
    expect(path(store)).toEqual(['>detected', 'detected>ongoing', 'ongoing>resolved'])
    expect(transitionsOf(store).map(({ sequence, changes }) => [sequence, changes])).toEqual([
      [1, []],
      [3, [{ field: 'confidence', from: 0.1, to: 0.2 }]],
      [2, [{ field: 'confidence', from: 0.2, to: 0.3 }]],
    ])
  })

  test('may come to be the first', () => {
    const store = testStore()
    keepOne(store.keeper, trusted(content({ status: 'ongoing' }), { issued: 9 }))
    keepOne(store.keeper, trusted(content({ status: 'detected' }), { issued: 1 }))
    expect(path(store)).toEqual(['>detected', 'detected>ongoing'])
  })

  test('released from quarantine goes to where its own time is', () => {
    const store = testStore()
    const held = delivery(waiting, { issued: 3, received: 4 })
    const { sequence } = keepOne(store.keeper, held)
    keepOne(store.keeper, trusted(content({ status: 'ongoing' }), { issued: 5 }))
    expect(
      store.keeper.settle([
        { sequence, checked: { ...held, standing: believed({ kind: 'detection', detection: content({ status: 'detected' }) }) } },
      ]),
    ).toEqual([null])
    expect(transitionsOf(store)).toMatchObject([
      { sequence, at: at(3), receivedAt: at(4), to: 'detected' },
      { from: 'detected', to: 'ongoing' },
    ])
    expect(detectionOf(store).status).toBe('ongoing')
  })
})

describe('resolvedAt', () => {
  const through = (store: Store, ...steps: [issued: number, status: string][]) => {
    for (const [issued, status] of steps) keepOne(store.keeper, trusted(content({ status }), { issued }))
    return detectionOf(store).resolvedAt
  }

  test('is when it was resolved, not when that was said again', () => {
    expect(through(testStore(), [1, 'ongoing'], [2, 'resolved'], [3, 'resolved'])).toBe(at(2))
  })

  test('is null once it is open again, and new when it is resolved again', () => {
    const store = testStore()
    expect(through(store, [1, 'resolved'], [2, 'ongoing'])).toBeNull()
    expect(through(store, [3, 'resolved'])).toBe(at(3))
  })

  test('follows what comes late', () => {
    expect(through(testStore(), [1, 'ongoing'], [9, 'resolved'], [5, 'resolved'])).toBe(at(5))
    expect(through(testStore(), [1, 'resolved'], [9, 'resolved'], [5, 'ongoing'])).toBe(at(9))
    expect(through(testStore(), [1, 'detected'], [9, 'ongoing'], [5, 'resolved'])).toBeNull()
  })
})

test('in whatever order deliveries come, the same past and present come of them', () => {
  const status = fc.constantFrom('detected', 'ongoing', 'resolved')
  const step = fc.record({ status, confidence: fc.constantFrom(0.1, 0.2), mfa: fc.boolean() })
  const ordered = fc.array(step, { minLength: 2, maxLength: 7 }).chain((steps) => {
    const indices = steps.map((_, index) => index)
    return fc.record({
      steps: fc.constant(steps),
      order: fc.shuffledSubarray(indices, { minLength: steps.length, maxLength: steps.length }),
    })
  })
  const store = testStore()
  let count = 0
  fc.assert(
    fc.property(ordered, ({ steps, order }) => {
      const outcome = (sequence: readonly number[]) => {
        const id = `d-${(count += 1)}`
        for (const index of sequence) keepOne(store.keeper, trusted(toContent(id, steps[index]), { issued: index, received: 100 }))
        return {
          present: { ...detectionOf(store, id), id: '', sequence: null },
          past: transitionsOf(store, id).map(({ at, from, to, changes }) => ({ at, from, to, changes })),
        }
      }
      expect(outcome(order)).toEqual(outcome(steps.map((_, index) => index)))
    }),
    { numRuns: 40, seed: 20260301 },
  )
})

function toContent(id: string, step: { status: string; confidence: number; mfa: boolean } | undefined): DetectionContent {
  if (step === undefined) throw new Error('no such step')
  return content({ id, status: step.status, confidence: step.confidence, metadata: { mfa: step.mfa } })
}

describe('an unsigned delivery', () => {
  test('makes a detection that is called unsigned, and moves it while nothing signed is there', () => {
    const store = testStore()
    expect(changeOf(store.keeper, unsigned(content(), { issued: 1 })).detection).toMatchObject({ trust: 'unsigned', status: 'detected' })
    const { detection, transition } = changeOf(store.keeper, unsigned(content({ status: 'resolved' }), { issued: 4 }))
    expect(detection).toMatchObject({ trust: 'unsigned', status: 'resolved', resolvedAt: at(4) })
    expect(transition).toMatchObject({ from: 'detected', to: 'resolved', isUnsigned: true })
  })

  test('of a detection that was signed is kept beside it and changes nothing of it, however new it is', () => {
    const store = testStore()
    keepOne(store.keeper, trusted(content({ status: 'ongoing' }), { issued: 1 }))
    keepOne(store.keeper, trusted(content({ status: 'resolved', confidence: 0.7 }), { issued: 5 }))
    const before = detectionOf(store)
    expect(keepOne(store.keeper, unsigned(content({ status: 'ongoing', confidence: 0.1 }), { issued: 3 })).change).toBeNull()
    expect(keepOne(store.keeper, unsigned(content({ status: 'resolved', confidence: 0.1 }), { issued: 99 })).change).toBeNull()
    expect(detectionOf(store)).toEqual(before)
    expect(transitionsOf(store).map(({ from, to, isUnsigned }) => `${isUnsigned ? 'unsigned ' : ''}${from ?? ''}>${to}`)).toEqual([
      '>ongoing',
      'unsigned >ongoing',
      'ongoing>resolved',
      'unsigned ongoing>resolved',
    ])
    expect(store.detections.deliveriesOf(key()).map(({ trust }) => trust)).toEqual(['unsigned', 'unsigned', 'verified', 'verified'])
    // What comes late and signed is compared with what was signed.
    expect(keepOne(store.keeper, trusted(content({ status: 'detected' }), { issued: 4 })).change).toBeNull()
    expect(detectionOf(store)).toEqual(before)
    expect(transitionsOf(store).at(2)).toMatchObject({ from: 'ongoing', to: 'detected' })
  })

  test('gives way to the first signed one, even to one that was issued before it', () => {
    const store = testStore()
    keepOne(store.keeper, unsigned(content({ status: 'resolved', confidence: 1 }), { issued: 50 }))
    const { detection, transition } = changeOf(store.keeper, trusted(content({ status: 'resolved' }), { issued: 2 }))
    expect(detection).toMatchObject({ trust: 'verified', status: 'resolved', confidence: 0.9, changedAt: at(2), resolvedAt: at(2) })
    expect(transition).toMatchObject({ from: null, to: 'resolved', changes: [] })
    expect(keepOne(store.keeper, unsigned(content({ status: 'ongoing' }), { issued: 60 })).change).toBeNull()
    expect(detectionOf(store).trust).toBe('verified')
  })

  test('leaves a late one as it is, too', () => {
    const store = testStore()
    const late = { kind: 'trusted', trust: 'late', content: { kind: 'detection', detection: content() } } as const
    keepOne(store.keeper, delivery(late, { issued: 1 }))
    expect(keepOne(store.keeper, unsigned(content({ status: 'resolved' }), { issued: 9 })).change).toBeNull()
    expect(detectionOf(store)).toMatchObject({ trust: 'late', status: 'detected' })
  })

  test('in any order with signed ones leaves the present and its transitions as if it had never come', () => {
    const step = fc.record({
      signed: fc.boolean(),
      issued: fc.integer({ min: 0, max: 9 }),
      status: fc.constantFrom('detected', 'ongoing', 'resolved'),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const [all, onlySigned] = [testStore(), testStore()]
        for (const { signed, issued, status } of steps) {
          keepOne(all.keeper, (signed ? trusted : unsigned)(content({ status }), { issued }))
          if (signed) keepOne(onlySigned.keeper, trusted(content({ status }), { issued }))
        }
        if (!steps.some(({ signed }) => signed)) return
        expect({ ...detectionOf(all), sequence: null }).toEqual({ ...detectionOf(onlySigned), sequence: null })
        const told = (store: Store) => transitionsOf(store).filter(({ isUnsigned }) => !isUnsigned)
        const plain = ({ at, from, to, changes }: Transition) => ({ at, from, to, changes })
        expect(told(all).map(plain)).toEqual(told(onlySigned).map(plain))
      }),
      { numRuns: 30 },
    )
  })
})
