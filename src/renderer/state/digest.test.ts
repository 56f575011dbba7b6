import { expect, test, vi } from 'vitest'
import type { Instant } from '../../shared/detection.ts'
import type { Digest, LookId } from '../../shared/inbox.ts'
import { DigestState } from './digest.svelte.ts'
import { createMemoryBridge, gapOf } from './memory-bridge.ts'
import type { Act } from './triage.svelte.ts'

const hourMs = 3_600_000
const noon = new Date(2031, 4, 17, 12).getTime()
const instant = (at: number) => new Date(at).toISOString() as Instant

function digestOf(since: number, more: Partial<Digest['counts']> = {}): Digest {
  const counts = { threats: 0, newPosture: 0, resolvedPosture: 0, quiet: 0, ...more }
  return {
    since: instant(since),
    until: instant(noon),
    threats: [],
    newPosture: [],
    resolvedPosture: [],
    counts,
    gaps: [],
    quiet: [],
    isExact: true,
  }
}

function stateOf(digest: Digest) {
  const memory = createMemoryBridge({ 'digest:read': () => digest, 'digest:seen': () => ({ undo: 3 as LookId }) })
  const acts: Act[] = []
  return { ...memory, acts, state: new DigestState(memory.bridge, { now: () => noon, remember: (act) => acts.push(act) }) }
}

test.each([
  ['after a night', noon - 20 * hourMs, { threats: 1 }, true],
  ['after hours', noon - 4 * hourMs, { resolvedPosture: 1 }, true],
  ['a while after the last look', noon - hourMs, { threats: 9 }, false],
  ['where nothing happened', noon - 20 * hourMs, { quiet: 3 }, false],
])('it offers itself %s: %s', async (_name, since, counts, isDue) => {
  const { state, asked } = stateOf(digestOf(since, counts))
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  await Promise.resolve()
  expect(state.isDue).toBe(isDue)
})

test('what was seen is over, up to the moment the page is about', async () => {
  const { state, asked } = stateOf(digestOf(noon - 20 * hourMs, { threats: 1 }))
  await vi.waitFor(() => expect(state.isDue).toBe(true))
  await state.read(null)
  await state.seen()
  expect(state.isDue).toBe(false)
  expect(asked.at(-1)).toEqual({ name: 'digest:seen', argument: { until: instant(noon) } })
})

test('a sleep that ended offers it anew', async () => {
  const { state, asked, push } = stateOf(digestOf(noon - 20 * hourMs, { threats: 1 }))
  await vi.waitFor(() => expect(state.isDue).toBe(true))
  state.dismiss()
  push('gap:changed', gapOf(1, { because: 'asleep' }))
  await vi.waitFor(() => expect(asked).toHaveLength(2))
  await Promise.resolve()
  expect(state.isDue).toBe(true)
})

test('only the answer to what was asked last counts, and trouble is said', async () => {
  const { state, handlers } = stateOf(digestOf(noon - hourMs))
  handlers['digest:read'] = () => Promise.reject(new Error('no'))
  await state.read(null)
  expect([state.phase, state.trouble]).toEqual(['failed', 'no'])
})

test('what arrives is read at most every five seconds while it is looked at, from the same beginning, and not once it was seen', async () => {
  vi.useFakeTimers()
  try {
    const { state, asked, push } = stateOf(digestOf(noon - hourMs))
    const since = instant(noon - 24 * hourMs)
    const readings = () => asked.filter(({ name }) => name === 'digest:read').slice(1)
    const stream = async () => {
      for (let i = 0; i < 110; i++) {
        push('detections:changed', { changed: [], more: true })
        await vi.advanceTimersByTimeAsync(100)
      }
    }
    const leave = state.visit()
    await state.read(since)
    await stream()
    expect(readings().map(({ argument }) => argument)).toEqual([{ since }, { since }, { since }])
    await state.seen()
    await stream()
    expect(readings()).toHaveLength(3)
    await state.read(since)
    leave()
    await stream()
    expect(readings()).toHaveLength(4)
  } finally {
    vi.useRealTimers()
  }
})

test('trying again asks for what was chosen', async () => {
  const { state, asked, handlers } = stateOf(digestOf(noon - hourMs))
  handlers['digest:read'] = () => Promise.reject(new Error('no'))
  const since = instant(noon - 168 * hourMs)
  await state.read(since)
  await state.again()
  expect(asked.at(-1)).toEqual({ name: 'digest:read', argument: { since } })
})

test('what came after the mark is not called seen, nor is what could not be marked', async () => {
  const before = digestOf(noon - 20 * hourMs, { threats: 1 })
  const after: Digest = { ...digestOf(noon, { threats: 1 }), until: instant(noon + hourMs) }
  let digest = before
  let isBroken = true
  const { bridge } = createMemoryBridge({
    'digest:read': () => digest,
    'digest:seen': () => {
      if (isBroken) throw new Error('no space is left')
      return { undo: null }
    },
  })
  const acts: Act[] = []
  const state = new DigestState(bridge, { now: () => noon, remember: (act) => acts.push(act) })
  await state.read(null)
  await state.seen()
  expect(state).toMatchObject({ isSeen: false, trouble: 'no space is left' })
  isBroken = false
  await state.seen()
  expect(state).toMatchObject({ isSeen: true, trouble: null })
  // It had been marked as far before, which nobody can take back.
  expect(acts).toEqual([])
  digest = after
  await state.read(null)
  expect(state.isSeen).toBe(false)
})

test('a mark that is taken back is none, and the page has what came meanwhile', async () => {
  const { state, acts, asked, handlers } = stateOf(digestOf(noon - 20 * hourMs, { threats: 1 }))
  handlers['digest:unseen'] = () => ({ kind: 'undone' })
  const leave = state.visit()
  await state.read(null)
  await state.seen()
  expect([state.isSeen, acts.map(({ said }) => said)]).toEqual([true, ['Marked as seen']])
  handlers['digest:read'] = () => digestOf(noon - 20 * hourMs, { threats: 2 })
  expect(await acts[0]?.back()).toEqual({ kind: 'undone' })
  await vi.waitFor(() => expect(state.value?.counts.threats).toBe(2))
  expect(state.isSeen).toBe(false)
  expect(asked.slice(-2)).toEqual([
    { name: 'digest:unseen', argument: 3 },
    { name: 'digest:read', argument: { since: null } },
  ])
  leave()
  await acts[0]?.back()
  expect(asked.at(-1)?.name).toBe('digest:unseen')
})

test('a mark that main does not take back stays', async () => {
  const { state, acts, asked, handlers } = stateOf(digestOf(noon - 20 * hourMs, { threats: 1 }))
  handlers['digest:unseen'] = () => ({ kind: 'refused', detail: 'More was marked since.' })
  state.visit()
  await state.read(null)
  await state.seen()
  expect(await acts[0]?.back()).toEqual({ kind: 'refused', detail: 'More was marked since.' })
  expect([state.isSeen, asked.at(-1)?.name]).toEqual([true, 'digest:unseen'])
})
