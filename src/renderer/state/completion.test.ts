import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Completion } from './completion.svelte.ts'
import { createMemoryBridge, later } from './memory-bridge.ts'

const fields = ['type', 'tactic', 'technique', 'triage', 'source'].map((name) => ({ name, sentence: `about ${name}` }))
const sources = { fields, recent: () => ['kind:threat'], views: () => [{ name: 'Mine', address: 'timeline?q=x' }] }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const labels = (completion: Completion) => completion.items.map(({ label }) => label)

test('an empty field offers what was searched before, saved views and fields', () => {
  const completion = new Completion(createMemoryBridge({}).bridge, sources)
  completion.update('', 0)
  expect(labels(completion)).toEqual(['kind:threat', 'Mine', 'type', 'tactic', 'technique', 'triage', 'source'])
})

test('letters offer the fields that begin so, and one that is taken goes on with its value', () => {
  const completion = new Completion(createMemoryBridge({}).bridge, sources)
  completion.update('T', 1)
  expect(labels(completion)).toEqual(['type', 'tactic', 'technique', 'triage'])
  completion.move(1)
  completion.move(1)
  expect(completion.take(completion.items[completion.active]!)).toEqual({ text: 'tactic:', caret: 7 })
  expect(completion.isOpen).toBe(false)
})

test('nothing offers itself between terms, unless it is asked for', () => {
  const completion = new Completion(createMemoryBridge({}).bridge, sources)
  completion.update('a ', 2)
  expect(completion.isOpen).toBe(false)
  completion.update('a ', 2, true)
  expect(labels(completion)).toContain('source')
})

test('values are asked for once the typing pauses, and only the newest answer counts', async () => {
  const first = later<readonly string[]>()
  const { bridge, asked } = createMemoryBridge({
    'search:complete': ({ begins }) => (begins === 'C' ? first.promise : ['Credential', 'Cr']),
  })
  const completion = new Completion(bridge, sources)
  completion.update('type:C', 6)
  await vi.advanceTimersByTimeAsync(100)
  completion.update('type:Cr', 7)
  await vi.advanceTimersByTimeAsync(100)
  first.resolve(['Old'])
  await vi.advanceTimersByTimeAsync(0)
  expect(asked).toHaveLength(2)
  expect(labels(completion)).toEqual(['Credential'])
  expect(completion.take(completion.items[0]!)).toEqual({ text: 'type:Credential ', caret: 16 })
})

test('the keyboard goes through the list and out of it again', () => {
  const completion = new Completion(createMemoryBridge({}).bridge, sources)
  completion.update('te', 2)
  completion.move(1)
  expect(completion.active).toBe(0)
  completion.move(1)
  expect(completion.active).toBe(-1)
  completion.move(-1)
  expect(completion.active).toBe(0)
})

test('a view is gone to, and is no text', () => {
  const completion = new Completion(createMemoryBridge({}).bridge, sources)
  completion.update('', 0)
  expect(completion.take(completion.items[1]!)).toBeNull()
})
