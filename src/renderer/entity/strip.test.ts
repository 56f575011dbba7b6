import { describe, expect, test } from 'vitest'
import type { DetectionId, Instant, OrganizationId } from '../../shared/detection.ts'
import type { PostureIntervals, ThreatPoint } from '../../shared/entity.ts'
import { listWords, overlapsOf, toStrip, wholeSpan, zoomed } from './strip.ts'

const day = 86_400_000
const start = Date.UTC(2031, 4, 17)
const at = (days: number) => new Date(start + days * day).toISOString() as Instant
const key = { organizationId: 'org' as OrganizationId, id: 'd' as DetectionId }
const threat = (days: number, type = 'CredentialStuffingAttempt'): ThreatPoint => ({
  key,
  type,
  status: 'detected',
  detectedAt: at(days),
  confidence: 0.9,
})
const issue = (type: string, ...intervals: readonly (readonly [number, number | null])[]): PostureIntervals => ({
  key,
  type,
  status: 'ongoing',
  intervals: intervals.map(([from, to]) => ({ from: at(from), to: to === null ? null : at(to) })),
})

describe('the strip', () => {
  test('begins before the first of all and ends after now', () => {
    const span = wholeSpan({ points: [threat(5)], posture: [issue('MissingMFA', [2, null])] }, start + 12 * day)
    expect([span.from, span.to]).toEqual([start + 2 * day - 0.2 * day, start + 12.2 * day])
  })

  test('of nothing is an hour wide', () => {
    expect(wholeSpan({ points: [], posture: [] }, start)).toEqual({ from: start - 3_600_000 - 72_000, to: start + 72_000 })
  })

  test('has points and bars on one axis, and what is open reaches to now', () => {
    const strip = toStrip(
      { points: [threat(5)], posture: [issue('MissingMFA', [0, 2], [4, null])] },
      { from: start, to: start + 10 * day },
      1_000,
      start + 9 * day,
    )
    expect(strip.points.map(({ x }) => x)).toEqual([500])
    expect(strip.lanes[0]?.bars.map(({ x, width }) => [x, width])).toEqual([
      [0, 200],
      [400, 500],
    ])
  })

  test('leaves out what is not in its span, and says how many lanes it hides', () => {
    const posture = Array.from({ length: 20 }, (_, index) => issue(`T${index}`, [index / 10, null]))
    const strip = toStrip({ points: [threat(-5)], posture }, { from: start, to: start + 10 * day }, 1_000, start + 9 * day)
    expect([strip.points.length, strip.lanes.length, strip.hidden]).toEqual([0, 12, 8])
  })
})

describe('what was open when a threat began', () => {
  test('is told for the newest of each type, and once for each issue', () => {
    const found = overlapsOf({
      points: [threat(3), threat(5), threat(6, 'ImpossibleTravel')],
      posture: [issue('MissingMFA', [2, 4], [4.5, null]), issue('MissingMFA', [0, null]), issue('WeakPassword', [7, null])],
    })
    expect(found.map(({ point, open }) => [point.type, point.detectedAt, open])).toEqual([
      ['ImpossibleTravel', at(6), ['MissingMFA']],
      ['CredentialStuffingAttempt', at(5), ['MissingMFA']],
    ])
  })

  test('is not what was resolved at that moment', () => {
    expect(overlapsOf({ points: [threat(4)], posture: [issue('MissingMFA', [2, 4])] })).toEqual([])
  })
})

test.each([
  [['a'], 'a'],
  [['a', 'b'], 'a and b'],
  [['a', 'b', 'c'], 'a and 2 others'],
])('%j is said as %s', (names, words) => expect(listWords(names)).toBe(words))

describe('zooming', () => {
  const whole = { from: start, to: start + 12 * day }

  test('goes about the middle, and keeps to what there is', () => {
    expect(zoomed(whole, 0.5, whole)).toEqual({ from: start + 3 * day, to: start + 9 * day })
    expect(zoomed({ from: start, to: start + 2 * day }, 2, whole)).toEqual({ from: start, to: start + 4 * day })
    expect(zoomed({ from: start + 11 * day, to: start + 12 * day }, 2, whole)).toEqual({ from: start + 10 * day, to: start + 12 * day })
  })

  test('out of more than there is is all of it', () => {
    expect(zoomed(whole, 2, whole)).toBeNull()
    expect(zoomed({ from: start + day, to: start + 8 * day }, 2, whole)).toBeNull()
  })

  test('in is never less than a minute, however often', () => {
    let span = whole
    for (let press = 0; press < 100; press++) span = zoomed(span, 0.5, whole) ?? whole
    expect(span.to - span.from).toBe(60_000)
  })
})
