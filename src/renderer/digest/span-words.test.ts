import { expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import { spanWords } from './span-words.ts'

const of = (since: string, until: string) => spanWords(since as Instant, until as Instant, '2031-05-17', 'UTC')

test('a digest says from when to when it reaches', () => {
  expect(of('2031-05-16T18:00:00.000Z', '2031-05-17T08:12:30.000Z')).toEqual({ from: 'Yesterday 18:00', to: 'Today 08:12' })
  expect(of('2031-05-17T08:11:59.000Z', '2031-05-17T08:12:00.000Z')).toEqual({ from: 'Today 08:11', to: 'Today 08:12' })
})

test.each([
  ['right after a mark', '2031-05-17T23:42:01.000Z', '2031-05-17T23:42:58.000Z'],
  ['where both are one moment', '2031-05-17T23:42:01.000Z', '2031-05-17T23:42:01.000Z'],
  ['where the clock was set back', '2031-05-17T23:42:01.000Z', '2031-05-17T23:31:00.000Z'],
])('%s it says since when, and not from a minute to itself', (_, since, until) => {
  expect(of(since, until)).toEqual({ from: 'Since Today 23:42', to: null })
})
