import { expect, test } from 'vitest'
import type { Sequence } from '../../shared/detection.ts'
import type { InletId } from '../../shared/inlets.ts'
import type { DigestLine } from '../../shared/inbox.ts'
import type { Checked } from '../ingest/delivery.ts'
import { mostLooked } from './digest.ts'
import { at, content, start, testStore, trusted, unsigned } from './test-support.ts'

const posture = (id: string, status: string) => content({ id, kind: 'posture', type: 'MissingMFA', status, confidence: null })
const since = (seconds: number, after: number | null = null) => ({ since: at(seconds), until: at(10_000), after })
const line = (sequence: number) => ({ sequence: sequence as Sequence, rule: null, hook: null })
const ids = (lines: readonly DigestLine[]) => lines.map(({ key }) => key.id)

test('tells what came and what went since, each detection once and by how it ended', () => {
  const store = testStore()
  store.keeper.keep([
    trusted(content({ id: 'old' }), { issued: 1 }),
    trusted(posture('fixed', 'ongoing'), { issued: 2 }),
    trusted(posture('lasting', 'detected'), { issued: 3 }),
    trusted(posture('back', 'resolved'), { issued: 4 }),
  ])
  store.keeper.keep([
    trusted(content({ id: 'old', status: 'ongoing' }), { issued: 100 }),
    trusted(content({ id: 'threat' }), { issued: 101 }),
    trusted(content({ id: 'threat', status: 'ongoing' }), { issued: 102 }),
    trusted(posture('fixed', 'resolved'), { issued: 103 }),
    trusted(posture('fixed', 'resolved'), { issued: 104 }),
    trusted(posture('lasting', 'ongoing'), { issued: 105 }),
    trusted(posture('back', 'ongoing'), { issued: 106 }),
    trusted(posture('new', 'detected'), { issued: 107 }),
    trusted(posture('passing', 'detected'), { issued: 108 }),
    trusted(posture('passing', 'resolved'), { issued: 109 }),
  ])
  const { digest, newest } = store.digest(since(50))
  expect(ids(digest.threats)).toEqual(['threat'])
  expect(digest.threats[0]).toMatchObject({ status: 'ongoing', at: at(101), confidence: 0.9 })
  expect(ids(digest.newPosture)).toEqual(['new', 'back'])
  expect(ids(digest.resolvedPosture)).toEqual(['passing', 'fixed'])
  expect(digest.counts).toEqual({ threats: 1, newPosture: 2, resolvedPosture: 2, quiet: 0 })
  expect(digest).toMatchObject({ since: at(50), until: at(10_000), isExact: true })
  expect(newest).toBe(14)
})

test('ranks what is signed first, then by confidence, then the newest', () => {
  const store = testStore()
  store.keeper.keep([
    unsigned(content({ id: 'unsigned', confidence: 1 }), { issued: 9 }),
    trusted(content({ id: 'early', confidence: 0.5 }), { issued: 1 }),
    trusted(content({ id: 'late', confidence: 0.5 }), { issued: 2 }),
    trusted(content({ id: 'unsure', confidence: null }), { issued: 8 }),
    trusted(content({ id: 'sure', confidence: 0.9 }), { issued: 3 }),
  ])
  expect(ids(store.digest(since(0)).digest.threats)).toEqual(['sure', 'late', 'early', 'unsure', 'unsigned'])
})

test('what was relayed before and came only since is news; what nobody signed is none of what somebody did, nor is an import', () => {
  const store = testStore()
  store.keeper.keep([trusted(content({ id: 'seen' }), { issued: 1 })])
  const imported = trusted(content({ id: 'imported' }), { issued: 60 })
  store.keeper.keep([
    trusted(content({ id: 'relayed' }), { issued: 10, received: 11 }),
    unsigned(content({ id: 'seen' }), { issued: 70 }),
    { ...imported, delivery: { ...imported.delivery, inlet: 'import' } } satisfies Checked,
  ])
  expect(ids(store.digest(since(50)).digest.threats)).toEqual([])
  expect(ids(store.digest(since(50, 1)).digest.threats)).toEqual(['relayed'])
})

test('tells gaps of the time, and what was kept quiet by its reason', () => {
  const store = testStore()
  const gap = { inlet: 'receiver' as InletId, because: 'asleep', end: { kind: 'unknown' } } as const
  store.keeper.keep([1, 2, 3, 4, 5].map((index) => trusted(content({ id: `d-${index}` }), { issued: index })))
  const say = (sequence: number, seconds: number, because: 'off' | 'burst') =>
    store.outbox.quiet([{ ...line(sequence), at: start + seconds * 1000, because }])
  say(1, 10, 'off')
  say(2, 60, 'burst')
  say(3, 61, 'off')
  say(4, 62, 'burst')
  store.outbox.telling({ id: null, at: start, urgency: 'normal', lines: [{ ...line(5), at: start + 63_000, urgency: 'normal' }] })
  store.gaps.add({ ...gap, from: at(1), to: at(2) })
  store.gaps.add({ ...gap, from: at(40), to: at(55) })
  const { digest } = store.digest(since(50))
  expect(digest.quiet).toEqual([
    { because: 'burst', count: 2 },
    { because: 'off', count: 1 },
  ])
  expect(digest.counts.quiet).toBe(3)
  expect(digest.gaps.map(({ from }) => from)).toEqual([at(40)])
})

test('what came too late to be told, was interrupted or is kept for it is news like any other; what is suppressed now is none', () => {
  let now = start
  const store = testStore({ now: () => now })
  const confidences = { stale: 0.4, interrupted: 0.9, digest: 0.6, told: 0.5, noise: 1 }
  store.keeper.keep(Object.entries(confidences).map(([id, confidence]) => trusted(content({ id, confidence, type: `of-${id}` }))))
  store.outbox.quiet([
    { ...line(1), at: start, because: 'stale' },
    { ...line(3), at: start, because: 'digest' },
    { ...line(5), at: start, because: 'suppressed' },
  ])
  const telling = (sequence: number) =>
    store.outbox.telling({ id: null, at: start, urgency: 'urgent', lines: [{ ...line(sequence), at: start, urgency: 'urgent' }] })
  telling(2)
  store.outbox.interrupted()
  store.outbox.shown(telling(4), null, null)
  store.rules.addSuppression({ query: 'type:of-noise', reason: 'known', expiresAt: at(100) }, start)
  const threats = () => store.digest(since(-1)).digest
  expect(ids(threats().threats)).toEqual(['interrupted', 'digest', 'told', 'stale'])
  expect(threats().counts.threats).toBe(4)
  now = start + 200_000
  expect(ids(threats().threats)).toEqual(['noise', 'interrupted', 'digest', 'told', 'stale'])
})

test('what a rule keeps for the timeline alone is left out, and only that change of it', () => {
  const store = testStore()
  store.keeper.keep([
    trusted(content({ id: 'noise' }), { issued: 1 }),
    trusted(posture('seen', 'detected'), { issued: 2 }),
    trusted(posture('seen', 'resolved'), { issued: 3 }),
    trusted(content({ id: 'kept for it' }), { issued: 4 }),
  ])
  store.outbox.quiet([
    { ...line(1), at: start, because: 'rule' },
    { ...line(3), at: start, because: 'rule' },
    { ...line(4), at: start, because: 'digest' },
  ])
  const { digest } = store.digest(since(-1))
  expect([ids(digest.threats), ids(digest.newPosture), ids(digest.resolvedPosture)]).toEqual([['kept for it'], [], []])
  expect(digest.counts).toMatchObject({ threats: 1, quiet: 3 })
  expect(digest.quiet).toContainEqual({ because: 'rule', count: 2 })
})

test('lists the first fifty of each, counts all, and says where it looked at the newest alone', () => {
  const store = testStore()
  const many = mostLooked + 10
  for (let from = 0; from < many; from += 1_000) {
    store.keeper.keep(
      Array.from({ length: Math.min(1_000, many - from) }, (_, index) =>
        trusted(content({ id: `d-${from + index}` }), { issued: from + index, received: from + index }),
      ),
    )
  }
  const { digest } = store.digest({ since: at(-1), until: at(99_999), after: null })
  expect(digest.threats).toHaveLength(50)
  expect(digest.counts.threats).toBe(mostLooked)
  expect(digest.isExact).toBe(false)
  expect(store.digest(since(10, 10)).digest).toMatchObject({ counts: { threats: mostLooked }, isExact: true })
  expect(store.digest(since(10)).digest).toMatchObject({ counts: { threats: mostLooked }, isExact: true })
  expect(store.digest(since(9)).digest.isExact).toBe(false)
}, 30_000)
