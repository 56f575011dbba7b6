import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { PageAnswer } from '../../shared/ipc.ts'
import { createMemoryBridge } from '../state/memory-bridge.ts'
import { Timeline } from '../state/timeline.svelte.ts'
import { choiceOf, withChoice } from './facet-choice.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const threat = { field: 'kind', value: 'threat' }
const okta = { field: 'source', value: 'okta_org' }
const answer: PageAnswer = {
  kind: 'page',
  detections: [],
  first: null,
  next: null,
  total: 4,
  isWhole: true,
  searchedTo: null,
  asOf: { sequence: 1, late: 0 },
}

/** Refuses what names a field that is none, and fails at what asks for a disk that is broken. */
async function searched(text: string) {
  const { bridge } = createMemoryBridge({
    'timeline:page': ({ text: asked }) => {
      if (asked.includes('broken')) return Promise.reject(new Error('disk I/O error'))
      return asked.includes('tipe:') ? { kind: 'refused', at: 0, length: 4, detail: 'There is no field “tipe”.' } : answer
    },
  })
  const timeline = new Timeline(bridge)
  await vi.advanceTimersByTimeAsync(0)
  timeline.search(text)
  await timeline.finish()
  return timeline
}

test('what the list was narrowed by is chosen, and chosen once more is not any more', async () => {
  const timeline = await searched('kind:threat -source:okta_org')
  expect([choiceOf(timeline, threat), choiceOf(timeline, okta)]).toEqual(['narrowed', 'excluded'])
  expect(withChoice(timeline, threat, 'narrowed')).toBe('-source:okta_org')
  expect(withChoice(timeline, okta, 'excluded')).toBe('kind:threat')
  expect(withChoice(timeline, okta, 'narrowed')).toBe('kind:threat source:okta_org')
})

test.each(['kind:threat tipe:x', 'kind:threat broken'])('nothing is chosen by %s, which was not answered', async (text) => {
  const timeline = await searched(text)
  expect(timeline.typed).toBe(text)
  expect(choiceOf(timeline, threat)).toBe(null)
  expect(withChoice(timeline, threat, 'narrowed'), 'and it can be chosen').toBe('kind:threat')
  expect(withChoice(timeline, okta, 'excluded')).toBe('-source:okta_org')
})

test('two that are chosen one right after the other are both asked for', async () => {
  const timeline = await searched('')
  timeline.search(withChoice(timeline, threat, 'narrowed'))
  expect(choiceOf(timeline, threat), 'before it is answered').toBe(null)
  expect(withChoice(timeline, okta, 'narrowed')).toBe('kind:threat source:okta_org')
})
