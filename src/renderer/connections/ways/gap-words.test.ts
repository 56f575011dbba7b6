import { describe, expect, test } from 'vitest'
import type { Instant } from '../../../shared/detection.ts'
import { gapReasons, type InletId } from '../../../shared/inlets.ts'
import { gapOf } from '../../state/memory-bridge.ts'
import { endWords, gapWords, reasonWords, spanWords } from './gap-words.ts'

const now = Date.parse('2031-05-17T16:00:00Z')
const today = '2031-05-17'
const instant = (text: string) => text as Instant
const between = (from: string, to: string | null) => ({ from: instant(from), to: to === null ? null : instant(to) })

describe('a gap in a line', () => {
  test('says why, when, how long, and what came of it', () => {
    const slept = gapOf(1, {
      ...between('2031-05-17T14:02:00Z', '2031-05-17T15:10:00Z'),
      because: 'asleep',
      end: { kind: 'backlog', delivered: 312 },
    })
    expect(gapWords(slept, today, now, 'UTC')).toBe('asleep 14:02–15:10 (1 h 8 min) · backlog of 312 came in')
    expect(gapWords({ ...slept, because: 'tunnel-down', end: { kind: 'unknown' } }, today, now, 'UTC')).toBe(
      'tunnel down 14:02–15:10 (1 h 8 min) · what was sent then is unknown',
    )
  })

  test('says since when it lasts', () => {
    const open = gapOf(1, { ...between('2031-05-17T15:30:00Z', null), because: 'offline', end: { kind: 'open' } })
    expect(gapWords(open, today, now, 'UTC')).toBe('no network since 15:30 (30 min) · it lasts')
  })
})

test('history that is lost is never said in softer words', () => {
  expect(endWords({ kind: 'lost', count: 40, delivered: 0 })).toBe('history lost: at least 40')
  expect(endWords({ kind: 'lost', count: null, delivered: 1_312 })).toBe('history lost: nobody knows how much; 1,312 came in')
  expect(endWords({ kind: 'backlog', delivered: 0 })).toBe('nothing to keep came in')
})

test('every reason has words of its own for a way in', () => {
  const words = gapReasons.map((because) => reasonWords(because, 'relay:aaaaaaaa' as InletId))
  expect(new Set(words).size).toBe(gapReasons.length)
  expect(reasonWords('relay-down', 'jetstream:aaaaaaaa' as InletId)).toBe('server down')
})

describe('the span', () => {
  test('names the days that are not the one it stands under', () => {
    const night = between('2031-05-16T23:10:00Z', '2031-05-17T07:45:00Z')
    expect(spanWords(night, today, today, 'UTC')).toBe('yesterday 23:10 – 07:45')
    expect(spanWords(night, '2031-05-16', today, 'UTC')).toBe('23:10 – today 07:45')
    expect(spanWords(between('2031-05-16T08:00:00Z', '2031-05-16T09:00:00Z'), '2031-05-16', today, 'UTC')).toBe('08:00–09:00')
  })

  test('within a minute is one time', () => {
    expect(spanWords(between('2031-05-17T08:00:05Z', '2031-05-17T08:00:40Z'), today, today, 'UTC')).toBe('08:00')
  })
})
