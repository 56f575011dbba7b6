import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { toChartBars } from './bars.ts'
import { readChartKey } from './chart-keys.ts'
import { toInstant } from './span.ts'
import { barWords, countsOf, rangeWords, spanWords, stepWords } from './words.ts'

beforeAll(() => void vi.stubEnv('TZ', 'Europe/Berlin'))
afterAll(() => void vi.unstubAllEnvs())

const at = (text: string) => new Date(text).getTime()
const now = () => at('2031-05-17T14:02:10')
const barOf = (counts: readonly (readonly ['threat' | 'posture', string, number])[], countedTo: string | null = null) => {
  const [bar] = toChartBars({
    bars: [
      {
        from: toInstant(at('2031-05-17T14:00')),
        to: toInstant(at('2031-05-17T15:00')),
        counts: counts.map(([kind, status, count]) => ({ kind, status, count })),
      },
    ],
    countedTo: countedTo === null ? null : toInstant(at(countedTo)),
  })
  if (!bar) throw new Error('no bar')
  return bar
}

test.each([
  ['2031-05-17T14:00', '2031-05-17T15:00', 'Sat 17 May 14:00–15:00'],
  ['2031-05-17T18:00', '2031-05-18T00:00', 'Sat 17 May 18:00–00:00'],
  ['2031-05-17T00:00', '2031-05-18T00:00', 'Sat 17 May'],
  ['2031-03-30T00:00', '2031-03-31T00:00', 'Sun 30 Mar'],
  ['2031-05-12T00:00', '2031-05-19T00:00', '12 May – 18 May'],
  ['2030-05-01T00:00', '2030-06-01T00:00', 'May 2030'],
  ['2030-01-01T00:00', '2031-01-01T00:00', '2030'],
  ['2030-04-01T00:00', '2030-07-01T00:00', '1 Apr 2030 – 30 Jun 2030'],
  ['2030-12-30T00:00', '2031-01-06T00:00', '30 Dec 2030 – 5 Jan 2031'],
  ['2031-05-16T20:00', '2031-05-17T04:00', '16 May 20:00 – 17 May 04:00'],
])('%s to %s is called %s', (from, to, words) => expect(spanWords({ from: at(from), to: at(to) }, now())).toBe(words))

test('a range that reaches to now says so', () => {
  expect(rangeWords({ from: at('2030-05-17T14:00'), to: at('2031-05-17T14:03') }, now())).toBe('17 May 2030 14:00 – now · 1 year')
  expect(rangeWords({ from: at('2031-05-17T10:00'), to: at('2031-05-17T12:30') }, now())).toBe('Sat 17 May 10:00–12:30 · 2 h 30 min')
})

test('says how wide a bar is', () => {
  const words = (
    [
      ['minute', 15],
      ['hour', 1],
      ['day', 1],
      ['day', 7],
      ['month', 3],
      ['month', 12],
      ['month', 120],
    ] as const
  ).map(([unit, count]) => stepWords({ unit, count }))
  expect(words).toEqual(['15 min', '1 h', '1 day', '7 days', '3 months', '1 year', '10 years'])
})

test('a bar in a sentence has the exact counts by status, and says where there may be more', () => {
  const counts = [
    ['threat', 'resolved', 4],
    ['threat', 'detected', 1_208],
    ['posture', '', 1],
  ] as const
  expect(barWords(barOf(counts), now())).toBe('Sat 17 May 14:00–15:00: 1,212 threats, 1,208 detected, 4 resolved; 1 posture, 1 no status')
  expect(barWords(barOf([['threat', 'detected', 1]], '2031-05-17T14:30'), now())).toContain('at least 1 threat')
  expect(barWords(barOf([]), now())).toBe('Sat 17 May 14:00–15:00: no threat; no posture')
})

test('what a status hides is seen, and many of them are counted together', () => {
  expect(barWords(barOf([['threat', 'de\u202etected', 1]]), now())).toContain('⟨RLO⟩')
  const [threat] = countsOf(barOf(Array.from({ length: 20 }, (_, n) => ['threat', `s${n}`, 1] as const)))
  expect([threat?.states.length, threat?.others, threat?.total]).toEqual([6, 14, 20])
})

test('keys of the chart are read, and those of the window left alone', () => {
  const read = (key: string, more: object = {}) =>
    readChartKey({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more })
  expect([read('ArrowLeft'), read('ArrowRight', { shiftKey: true })]).toEqual([
    { kind: 'move', by: -1, extends: false },
    { kind: 'move', by: 1, extends: true },
  ])
  expect(['Enter', ' ', '+', '-', '0', 'Escape'].map((key) => read(key)?.kind)).toEqual(['enter', 'list', 'in', 'out', 'reset', 'cancel'])
  expect([read('ArrowLeft', { altKey: true }), read('0', { ctrlKey: true }), read('j'), read('Tab'), read('toString')]).toEqual([
    null,
    null,
    null,
    null,
    null,
  ])
})
