import { expect, test } from 'vitest'
import type { Instant } from '../../../shared/detection.ts'
import { openEnd } from '../../../shared/view.ts'
import { barAt, clamp, leastMs, liveEnd, pan, snap, spanOf, toRange, wholeOf, zoom } from './span.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const now = Date.UTC(2031, 4, 17, 14, 2, 30)
const whole = { from: now - 10 * day, to: liveEnd(now - 10 * day, now) }
const instant = (at: number) => new Date(at).toISOString() as Instant

test('a live chart ends a little after now, and its end stays where it is for a while', () => {
  expect(liveEnd(now - hour, now)).toBe(Date.UTC(2031, 4, 17, 14, 3))
  expect(liveEnd(now - 5 * day, now)).toBe(Date.UTC(2031, 4, 17, 14, 15))
  expect(liveEnd(now - 900 * day, now)).toBe(Date.UTC(2031, 4, 17, 15))
  expect(liveEnd(now - 5 * day, now)).toBe(liveEnd(now - 5 * day, now + 10 * minute))
})

test('everything is the history and the time since; one detection is not a hair, and none is the last day', () => {
  const all = wholeOf({ from: now - 3 * day, to: now - 2 * day }, now)
  expect([all.from < now - 3 * day, all.to > now]).toEqual([true, true])
  const one = wholeOf({ from: now - minute, to: now - minute + 1 }, now)
  expect(one.to - one.from).toBeGreaterThanOrEqual(hour)
  const none = wholeOf(null, now)
  expect(Math.round((none.to - none.from) / hour)).toBe(24)
})

test('what is dated after now is shown', () => {
  expect(wholeOf({ from: now - day, to: now + day }, now).to).toBe(now + day)
})

test('a range that reaches to now is asked for with an open end, and moves with the clock', () => {
  const range = toRange({ from: now - hour, to: whole.to }, whole, now)
  expect(range?.to).toBe(openEnd)
  const before = spanOf(range, whole, now)
  const after = spanOf(range, whole, now + 10 * minute)
  expect([before.to > now, after.to - before.to, after.from]).toEqual([true, 10 * minute, before.from])
})

test('a range of the past stays, in whole minutes, and that of everything is none', () => {
  expect(toRange({ from: now - hour, to: now - hour + 90_000 }, whole, now)).toEqual({
    from: instant(now - hour - 30_000),
    to: instant(now - hour + 90_000),
  })
  expect(toRange(whole, whole, now)).toBeNull()
  const past = { from: instant(now - 2 * day), to: instant(now - day) }
  expect(spanOf(past, whole, now)).toEqual({ from: now - 2 * day, to: now - day })
})

test('zooming keeps the moment under the pointer, stops at five minutes, and ends at everything', () => {
  const span = { from: now - 2 * day, to: now - day }
  const at = now - 1.25 * day
  const closer = zoom(span, at, 0.5, whole)
  expect(closer.to - closer.from).toBe(day / 2)
  expect((at - closer.from) / (closer.to - closer.from)).toBeCloseTo((at - span.from) / day)
  const closest = zoom(span, at, 0.000001, whole)
  expect(closest.to - closest.from).toBe(leastMs)
  expect(zoom(span, at, 1_000, whole)).toEqual(whole)
})

test('moving keeps the width and stops at both ends', () => {
  const span = { from: now - 2 * day, to: now - day }
  expect(pan(span, -100 * day, whole)).toEqual({ from: whole.from, to: whole.from + day })
  expect(pan(span, 100 * day, whole)).toEqual({ from: whole.to - day, to: whole.to })
  expect(clamp({ from: now, to: now + 1 }, whole).to).toBeLessThanOrEqual(whole.to)
})

test('a brush takes the bars it touches, whole', () => {
  const bars = [0, 1, 2, 3].map((n) => ({ from: n * hour, to: (n + 1) * hour }))
  expect(snap({ from: 1.5 * hour, to: 2.1 * hour }, bars)).toEqual({ from: hour, to: 3 * hour })
  expect(snap({ from: 9 * hour, to: 10 * hour }, bars)).toBeNull()
})

test('finds the bar of a moment, also where bars are not alike, and none beside them', () => {
  const bars = [
    { from: 0, to: 10 },
    { from: 10, to: 11 },
    { from: 11, to: 50 },
  ]
  expect([-1, 0, 9, 10, 11, 49, 50].map((at) => barAt(bars, at))).toEqual([-1, 0, 0, 1, 2, 2, -1])
})
