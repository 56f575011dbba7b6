import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { FacetsAnswer } from '../../shared/overview.ts'
import { FacetsState } from './facets.svelte.ts'
import { createMemoryBridge, detectionOf, later } from './memory-bridge.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function facetsOf(counted: number): FacetsAnswer {
  const none = { kind: [], status: [], type: [], source: [], entityType: [], organization: [], trust: [], triage: [] }
  return { kind: 'facets', facets: none, counted, isCapped: false, isExact: true, countedTo: null }
}
const wanted = (text: string) => ({ text, range: null })

test('counts are asked for once the search pauses, and those before stay until then', async () => {
  const { bridge, asked } = createMemoryBridge({ 'timeline:facets': ({ text }) => facetsOf(text.length) })
  const facets = new FacetsState(bridge)
  facets.ask(wanted('a'))
  facets.ask(wanted('ab'))
  await vi.advanceTimersByTimeAsync(250)
  expect([asked.length, facets.value?.counted, facets.isOld]).toEqual([1, 2, false])
  facets.ask(wanted('abc'))
  expect([facets.value?.counted, facets.isOld]).toEqual([2, true])
  await vi.advanceTimersByTimeAsync(250)
  expect(facets.value?.counted).toBe(3)
})

test('an answer to a search that is not wanted any more does not count', async () => {
  const slow = later<FacetsAnswer>()
  const { bridge } = createMemoryBridge({ 'timeline:facets': ({ text }) => (text === 'slow' ? slow.promise : facetsOf(1)) })
  const facets = new FacetsState(bridge)
  facets.ask(wanted('slow'))
  await vi.advanceTimersByTimeAsync(250)
  facets.ask(wanted('quick'))
  slow.resolve(facetsOf(9))
  await vi.advanceTimersByTimeAsync(250)
  expect(facets.value?.counted).toBe(1)
})

test('what arrives is counted at most every two seconds, and not while nobody looks', async () => {
  const { bridge, asked, push } = createMemoryBridge({ 'timeline:facets': () => facetsOf(1) })
  const facets = new FacetsState(bridge)
  facets.ask(wanted(''))
  await vi.advanceTimersByTimeAsync(250)
  for (let i = 0; i < 100; i++) {
    push('detections:changed', { changed: [detectionOf(i)], more: false })
    await vi.advanceTimersByTimeAsync(50)
  }
  expect(asked.length).toBeLessThanOrEqual(4)
  facets.ask(null)
  const before = asked.length
  push('detections:changed', { changed: [], more: true })
  await vi.advanceTimersByTimeAsync(5_000)
  expect(asked.length).toBe(before)
  facets.stop()
})

test('a search that is refused leaves the counts as they were, marked as old', async () => {
  const { bridge, handlers } = createMemoryBridge({ 'timeline:facets': () => facetsOf(4) })
  const facets = new FacetsState(bridge)
  facets.ask(wanted(''))
  await vi.advanceTimersByTimeAsync(250)
  handlers['timeline:facets'] = () => ({ kind: 'refused', at: 0, length: 1, detail: 'no' })
  facets.ask(wanted('('))
  await vi.advanceTimersByTimeAsync(250)
  expect([facets.value?.counted, facets.isOld]).toEqual([4, true])
})

test('an answer that takes longer than the pause counts under a steady stream, and is asked for again afterwards', async () => {
  const answers = [later<FacetsAnswer>(), later<FacetsAnswer>()]
  let at = 0
  const { bridge, asked, push } = createMemoryBridge({ 'timeline:facets': () => answers[at++]?.promise ?? facetsOf(3) })
  const facets = new FacetsState(bridge)
  facets.ask(wanted(''))
  const stream = async (ms: number) => {
    for (let spent = 0; spent < ms; spent += 100) {
      push('detections:changed', { changed: [], more: true })
      await vi.advanceTimersByTimeAsync(100)
    }
  }
  await stream(9_000)
  expect(asked).toHaveLength(1)
  answers[0]?.resolve(facetsOf(7))
  await vi.advanceTimersByTimeAsync(0)
  expect(facets.value?.counted).toBe(7)
  await vi.advanceTimersByTimeAsync(2_500)
  expect(asked).toHaveLength(2)
  facets.stop()
})
