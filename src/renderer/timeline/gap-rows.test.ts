import { describe, expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { InletId } from '../../shared/inlets.ts'
import { detectionOf, gapOf } from '../state/memory-bridge.ts'
import { place } from '../state/placed.ts'
import { entryName, toAbove, toEntry } from './entry.ts'
import { gapRowWords, toGapRows } from './gap-rows.ts'

const at = (minutes: number) => new Date(Date.UTC(2031, 4, 17) + minutes * 60_000).toISOString() as Instant
const nats = 'jetstream:bbbbbbbb' as InletId
const gap = (id: number, from: number, to: number | null, more = {}) =>
  gapOf(id, { from: at(from), to: to === null ? null : at(to), ...more })
const row = (minutes: number) => place(detectionOf(minutes * 60))

describe('gaps of the timeline', () => {
  test('are one row where ways in were not listening together, and several where the reason differs', () => {
    const gaps = [gap(1, 60, 120), gap(2, 60.5, 120.5, { inlet: nats }), gap(3, 60, 120, { because: 'offline', inlet: nats })]
    expect(toGapRows(gaps, at(0)).map(({ gaps }) => gaps.map(({ id }) => id))).toEqual([[2, 1], [3]])
  })

  test('of one way in are never one row', () => {
    expect(toGapRows([gap(1, 60, 61), gap(2, 60.5, 61.5)], at(0))).toHaveLength(2)
  })

  test('reach to what is loaded; a blip that lost nothing is not told, and one that may have is', () => {
    const gaps = [
      gap(1, 1, 2),
      gap(2, 30, 30.1),
      gap(3, 40, 40.1, { end: { kind: 'unknown' } }),
      gap(4, 50, null, { end: { kind: 'open' } }),
    ]
    expect(toGapRows(gaps, at(10)).map(({ key }) => key)).toEqual(['gap 4', 'gap 3'])
  })

  test('say when, how long, why, and for each way in what came of it', () => {
    const gaps = [
      gap(1, 130, 465, { end: { kind: 'backlog', delivered: 312 } }),
      gap(2, 130, 465, { inlet: nats, end: { kind: 'lost', count: 40, delivered: 0 } }),
    ]
    const [one] = toGapRows(gaps, at(0))
    if (!one) throw new Error('no row')
    const context = { day: '2031-05-17', today: '2031-05-17', now: 0, nameOf: (id: InletId) => (id === nats ? 'NATS' : 'relay') }
    expect(gapRowWords(one, context, 'UTC')).toEqual({
      span: 'not listening 02:10–07:45',
      rest: '5 h 35 min · asleep · relay: backlog of 312 came in · NATS: history lost: at least 40',
      isLost: true,
    })
    const [alone] = toGapRows(gaps.slice(0, 1), at(0))
    if (!alone) throw new Error('no row')
    expect(gapRowWords(alone, context, 'UTC').rest).toBe('5 h 35 min · relay: asleep · backlog of 312 came in')
  })
})

describe('the list', () => {
  const aboves = (rows: readonly ReturnType<typeof row>[], gaps: Parameters<typeof toGapRows>[0]) => {
    const around = { gaps: toGapRows(gaps, at(0)), today: '2031-05-18', timeZone: 'UTC' }
    return rows.map((one, index) => toAbove(one, rows[index - 1] ?? null, around))
  }
  const kinds = (...list: Parameters<typeof aboves>) =>
    aboves(...list).flatMap((above, index) => [...above.map((item) => (item.kind === 'day' ? item.label : item.key)), index])

  test('has a gap where it ended, under the day of its end', () => {
    expect(kinds([row(1_500), row(300), row(60)], [gap(1, 100, 200), gap(2, 1_300, 1_450)])).toEqual([
      'Today',
      0,
      'gap 2',
      'Yesterday',
      1,
      'gap 1',
      2,
    ])
  })

  test('has what lasts at its top, today', () => {
    expect(kinds([row(60)], [gap(1, 100, null)])).toEqual(['Today', 'gap 1', 'Yesterday', 0])
  })

  test('a screen reader hears of it with the entry below', () => {
    const list = [row(300), row(60)]
    const entries = aboves(list, [gap(1, 100, 200)]).map((above, index) => toEntry(list[index] ?? row(0), index, 'Yesterday', above))
    expect(entries.map(({ gapsAbove }) => gapsAbove.map(({ key }) => key))).toEqual([[], ['gap 1']])
    const [, below] = entries
    if (!below) throw new Error('no entry')
    expect(entryName(below, null, ['not listening 01:40–03:20, 1 h'])).toMatch(/verified, above it: not listening 01:40–03:20, 1 h$/)
  })
})
