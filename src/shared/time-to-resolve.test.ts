import { expect, test } from 'vitest'
import type { Instant } from './detection.ts'
import { timeToResolve } from './time-to-resolve.ts'

const start = Date.parse('2026-03-01T08:00:00.000Z')
const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString() as Instant
const minutes = (count: number) => count * 60_000

/** What a detection that began at minute 0 went through. */
function resolving(...steps: [minute: number, status: string][]) {
  const transitions = steps.map(([minute, to]) => ({ at: at(minute), to }))
  return timeToResolve({ status: steps.at(-1)?.[1] ?? '', detectedAt: at(0) }, transitions)
}

test('counts from when the sender first saw it to when it was resolved', () => {
  expect(resolving([1, 'ongoing'], [30, 'resolved'])).toEqual({ lastMs: minutes(30), totalMs: minutes(30), reopened: 0 })
})

test('is the same where being resolved is said again, or other fields change meanwhile', () => {
  expect(resolving([1, 'ongoing'], [5, 'ongoing'], [30, 'resolved'], [40, 'resolved'])?.totalMs).toBe(minutes(30))
})

test('counts from the first delivery where that is before the time the sender gives', () => {
  expect(resolving([-10, 'ongoing'], [30, 'resolved'])?.lastMs).toBe(minutes(40))
})

test('counts anew where it was opened again, and adds up', () => {
  expect(resolving([1, 'ongoing'], [30, 'resolved'], [100, 'ongoing'], [110, 'ongoing'], [120, 'resolved'])).toEqual({
    lastMs: minutes(20),
    totalMs: minutes(50),
    reopened: 1,
  })
})

test('counts a detection of which only the end was heard, by the time the sender gives', () => {
  expect(resolving([45, 'resolved'])).toEqual({ lastMs: minutes(45), totalMs: minutes(45), reopened: 0 })
})

test('is null while it is open, opened again, or was never open for any time', () => {
  expect(resolving([1, 'ongoing'])).toBeNull()
  expect(resolving([1, 'ongoing'], [2, 'resolved'], [3, 'ongoing'])).toBeNull()
  expect(resolving([0, 'resolved'])).toBeNull()
  expect(resolving()).toBeNull()
})

test('takes a word of the sender that nobody knows as open', () => {
  expect(resolving([0, 'investigating'], [9, 'resolved'])?.lastMs).toBe(minutes(9))
})

test('leaves out what nobody signed, unless nobody signed anything', () => {
  const steps = [
    { at: at(0), to: 'ongoing' },
    { at: at(5), to: 'resolved', isUnsigned: true as const },
    { at: at(10), to: 'resolved' },
  ]
  const detection = { status: 'resolved', detectedAt: at(0) }
  expect(timeToResolve(detection, steps)?.lastMs).toBe(minutes(10))
  const unsigned = steps.map((step) => ({ ...step, isUnsigned: true as const }))
  expect(timeToResolve(detection, unsigned)?.lastMs).toBe(minutes(5))
})
