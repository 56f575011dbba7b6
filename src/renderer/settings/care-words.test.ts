import { describe, expect, test } from 'vitest'
import { dailyWords, goesText, goingLines, sizeText, staysText, toChoice, toFields, type RetentionFields } from './care-words.ts'

const fields: RetentionFields = { days: '365', megabytes: '', kind: 'all', keepsNew: true }

describe('the form of retention', () => {
  test('makes a choice of what was typed, and shows one as it was typed', () => {
    const choice = toChoice({ days: ' 30 ', megabytes: '200', kind: 'posture', keepsNew: false })
    expect(choice).toEqual({ olderThanDays: 30, maxBytes: 200_000_000, kinds: ['posture'], keepsNew: false })
    if (typeof choice === 'string') throw new Error(choice)
    expect(toFields(choice)).toEqual({ days: '30', megabytes: '200', kind: 'posture', keepsNew: false })
  })

  test.each([
    [{ days: '', megabytes: '' }, 'how old it may become'],
    [{ days: '0' }, 'from 1 to 36,500'],
    [{ days: '1e3' }, 'whole number of days'],
    [{ days: '-5' }, 'whole number of days'],
    [{ megabytes: '9' }, 'at least 10'],
    [{ megabytes: '1.5' }, 'whole number of MB'],
  ])('of %j says what would be right', (change, words) => {
    expect(toChoice({ ...fields, ...change })).toContain(words)
  })
})

test('what goes is said in numbers, and why the rest stays', () => {
  const at = Date.UTC(2031, 0, 1)
  const report = {
    goes: [
      { kind: 'threat', detections: 1_200, unread: 3, deliveries: 1_500, bytes: 2_400_000, oldestAt: at, newestAt: at },
      { kind: null, detections: 0, unread: 0, deliveries: 2, bytes: 10, oldestAt: at, newestAt: at },
    ],
    stays: { kept: 1, 'open-triage': 2 },
    usedBytes: 1,
    leftBytes: 1,
    longestSliceMs: 0,
    isWhole: true,
  }
  const [threats, beside] = goingLines(report)
  expect(threats).toMatchObject({ what: 'threats', count: '1,200' })
  expect(threats?.more).toMatch(/^1,500 deliveries · 3 never opened · about 3 MB/)
  expect(beside).toMatchObject({ what: 'deliveries without a detection', count: '2' })
  expect(staysText(report)).toBe('Stays, though as old: 1 marked to keep, 2 in open triage.')
  expect(staysText({ ...report, stays: {} })).toBeNull()
})

test('what would go for its size is no more than what is shown', () => {
  const report = { goes: [], stays: {}, usedBytes: 32_000_000, leftBytes: 20_000_000, longestSliceMs: 0, isWhole: true }
  const some = { ...report, goes: [{ kind: 'threat', detections: 2, unread: 0, deliveries: 2, bytes: 1, oldestAt: 0, newestAt: 0 }] }
  const byAge = { olderThanDays: 30, maxBytes: null, kinds: null, keepsNew: true }
  const bySize = { ...byAge, maxBytes: 20_000_000 }
  expect(goesText(some, bySize, false)).toBe('Would go, no more than this, and less where there is room sooner:')
  expect(sizeText(some, bySize, false)).toBe('The history took 32 MB, and would take at least about 20 MB.')
  expect([
    goesText(some, byAge, false),
    goesText(some, bySize, true),
    goesText(report, bySize, false),
    goesText(report, bySize, true),
  ]).toEqual(['Would go:', 'Gone:', 'Nothing would go.', 'Nothing went.'])
})

test('what goes every day is one sentence', () => {
  expect(dailyWords({ olderThanDays: 1, kinds: ['threat'], maxBytes: 20_000_000, keepsNew: true })).toBe(
    'Threats older than 1 day or beyond 20 MB, the oldest first, go every day.',
  )
})
