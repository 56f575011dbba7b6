import { expect, test } from 'vitest'
import type { QuietLine } from '../store/outbox.ts'
import { createEpisode } from './episode.ts'
import { mostHeld, type Held } from './held.ts'
import { listening, numbered } from './test-support.ts'

function setUp() {
  const quiet: QuietLine[] = []
  const forgotten: string[] = []
  const episode = createEpisode({
    notifier: { show: () => Promise.resolve({ kind: 'shown', nativeId: 1, service: null }) },
    ledger: { quiet: (lines) => void quiet.push(...lines), telling: () => ({ id: null, ended: () => {} }) },
    context: () => listening,
    beyond: 'burst',
  })
  function hold(index: number, urgency: Held['urgency'] = 'normal'): void {
    const change = numbered(index, { kind: 'posture', type: 'MissingMFA' })
    const line = { sequence: change.transition.sequence, at: listening.now, rule: null }
    episode.hold({ change, urgency, rule: null, line, hook: () => null, forget: () => forgotten.push(change.detection.id) })
  }
  return { episode, quiet, forgotten, hold }
}

test('a posture issue that no note can count was not told, and does not keep its type quiet', () => {
  const { episode, quiet, forgotten, hold } = setUp()
  for (let index = 0; index < 10_002; index += 1) hold(index)
  episode.tell()
  expect(quiet.map(({ because }) => because)).toEqual(['burst', 'burst'])
  expect(forgotten).toEqual(['d-10000', 'd-10001'])
})

test('nor does one that had to go before its note', () => {
  const { quiet, forgotten, hold } = setUp()
  for (let index = 0; index < mostHeld; index += 1) hold(index)
  hold(mostHeld)
  hold(mostHeld + 1, 'urgent')
  expect(quiet.map(({ because }) => because)).toEqual(['burst', 'burst'])
  expect(forgotten).toEqual([`d-${mostHeld}`, 'd-0'])
})
