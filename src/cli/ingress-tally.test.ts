import { expect, test } from 'vitest'
import { createClock } from '../main/ingest/test-support.ts'
import { createTally } from './ingress-tally.ts'

test('what is turned away is one line a minute at most, with its reasons, and none while nothing is', async () => {
  const clock = createClock()
  const said: string[] = []
  const tally = createTally({ say: (text) => said.push(text), schedule: clock.schedule })
  const advance = (ms: number): Promise<void> => clock.advance(ms, () => Promise.resolve())
  for (let i = 0; i < 1_000; i++) tally.add(i % 10 === 0 ? 'size' : 'path')
  await advance(59_000)
  expect(said).toEqual([])
  await advance(1_000)
  expect(said).toEqual(['Turned away: 1000 (path 900, size 100). Nothing of them was kept.'])
  await advance(600_000)
  expect(said).toHaveLength(1)
  expect(clock.planned()).toEqual([])
  tally.add('host')
  tally.stop()
  expect(said[1]).toBe('Turned away: 1 (host 1). Nothing of them was kept.')
  await advance(120_000)
  expect(said).toHaveLength(2)
})
