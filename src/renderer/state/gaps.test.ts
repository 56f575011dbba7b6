import { expect, test } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { Gap } from '../../shared/inlets.ts'
import { Gaps, mostGaps } from './gaps.svelte.ts'
import { createMemoryBridge, gapOf, later } from './memory-bridge.ts'

const at = (n: number) => new Date(Date.UTC(2031, 4, 17) + n * 1_000).toISOString() as Instant

test('asks only where it reaches further back, and hears from then on', async () => {
  const main = createMemoryBridge({ 'gaps:list': () => [gapOf(2)] })
  const gaps = new Gaps(main.bridge)
  await gaps.reach(at(100))
  await gaps.reach(at(200))
  expect(main.asked.map(({ argument }) => argument)).toEqual([{ inlet: null, since: at(100), limit: mostGaps }])
  main.handlers['gaps:list'] = () => [gapOf(2), gapOf(1)]
  await gaps.reach(at(50))
  main.push('gap:changed', gapOf(3))
  expect(gaps.list.map(({ id }) => id)).toEqual([3, 2, 1])
  gaps.stop()
  expect(main.listenerCount()).toBe(0)
})

test('what was pushed while it asked is newer than the answer', async () => {
  const answer = later<readonly Gap[]>()
  const main = createMemoryBridge({ 'gaps:list': () => answer.promise })
  const gaps = new Gaps(main.bridge)
  const reaching = gaps.reach(at(0))
  const ended = gapOf(1, { end: { kind: 'backlog', delivered: 312 } })
  main.push('gap:changed', ended)
  answer.resolve([gapOf(1, { to: null, end: { kind: 'open' } })])
  await reaching
  expect(gaps.list).toEqual([ended])
})

test('keeps the newest and no more, and asks again after a failure', async () => {
  const main = createMemoryBridge({})
  const gaps = new Gaps(main.bridge)
  await gaps.reach(at(0))
  expect(gaps.trouble).toMatch(/no answer/)
  main.handlers['gaps:list'] = () => Array.from({ length: mostGaps }, (_, index) => gapOf(index))
  await gaps.reach(at(0))
  main.push('gap:changed', gapOf(mostGaps))
  expect([gaps.trouble, gaps.list.length, gaps.list[0]?.id, gaps.list.at(-1)?.id]).toEqual([null, mostGaps, mostGaps, 1])
})
