import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { OrganizationId, Sequence } from '../../shared/detection.ts'
import type { Quarantined, QuarantineCounts } from '../../shared/quarantine.ts'
import { createMemoryBridge, detectionOf, later } from './memory-bridge.ts'
import { QuarantineState } from './quarantine.svelte.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())
const settle = () => vi.advanceTimersByTimeAsync(1_000)

const org = 'org-1' as OrganizationId

function quarantined(sequence: number, kind: 'waiting' | 'refused'): Quarantined {
  return {
    sequence: sequence as Sequence,
    receivedAt: detectionOf(sequence).changedAt,
    inlet: 'receiver',
    standing: kind === 'waiting' ? { kind, because: 'key-not-found' } : { kind, because: 'expired' },
    organizationId: org,
    keyId: 'k1',
    issuedAt: null,
    size: 700,
  }
}

/** Quarantine as main keeps it. */
function start(...all: Quarantined[]) {
  const kept = { all, discarded: 0 }
  const counts = (): QuarantineCounts => ({
    waiting: kept.all.filter(({ standing }) => standing.kind === 'waiting').length,
    refused: kept.all.filter(({ standing }) => standing.kind === 'refused').length,
    crowdedOut: 0,
    discarded: kept.discarded,
  })
  const main = createMemoryBridge({
    'quarantine:page': ({ limit }) => {
      const deliveries = [...kept.all].sort((a, b) => b.sequence - a.sequence).slice(0, limit)
      return { deliveries, next: deliveries.length < kept.all.length ? (deliveries.at(-1)?.sequence ?? null) : null, counts: counts() }
    },
    'quarantine:open': (sequence) =>
      kept.all.some((one) => one.sequence === sequence) ? { kind: 'text', preview: `body ${sequence}`, left: 0 } : null,
    'quarantine:discard': (sequences) => {
      kept.discarded += sequences.length
      kept.all = kept.all.filter(({ sequence }) => !sequences.includes(sequence))
      return counts()
    },
  })
  return { kept, main, counts, state: new QuarantineState(main.bridge) }
}

describe('quarantine on screen', () => {
  test('is read when it is visited, and not before', async () => {
    const { state, main } = start(quarantined(1, 'waiting'), quarantined(2, 'refused'))
    await settle()
    expect([main.asked.length, state.isKnown, state.counts]).toEqual([0, false, null])
    state.visit()
    await settle()
    expect(state.rows.map(({ sequence }) => sequence)).toEqual([2, 1])
    expect(state.counts).toMatchObject({ waiting: 1, refused: 1 })
    expect([state.waitedFor, state.refusedRows.length]).toEqual([[org], 1])
  })

  test('follows what changes, once a second, with what is unfolded', async () => {
    const { state, main, kept, counts } = start(quarantined(1, 'waiting'))
    state.visit()
    await settle()
    await state.toggle(1 as Sequence)
    for (let sequence = 2; sequence < 30; sequence++) {
      kept.all.push(quarantined(sequence, 'refused'))
      main.push('quarantine:changed', counts())
    }
    expect(state.counts?.refused, 'counts are there at once').toBe(28)
    await settle()
    expect(state.rows).toHaveLength(29)
    expect(main.asked.filter(({ name }) => name === 'quarantine:page')).toHaveLength(2)
    expect(state.opened.get(1 as Sequence)).toEqual({ kind: 'opened', body: { kind: 'text', preview: 'body 1', left: 0 } })
  })

  test('shows more when asked, up to a bound', async () => {
    const { state } = start(...Array.from({ length: 300 }, (_, index) => quarantined(index + 1, 'refused')))
    state.visit()
    await settle()
    expect([state.rows.length, state.canShowMore]).toEqual([50, true])
    while (state.canShowMore) await state.showMore()
    expect([state.rows.length, state.hasMore]).toEqual([200, true])
  })

  test('unfolds a body, folds it again, and says where it is gone or cannot be read', async () => {
    const { state, main } = start(quarantined(1, 'waiting'))
    const one = 1 as Sequence
    await state.toggle(one)
    await state.toggle(one)
    expect(state.opened.size).toBe(0)
    await state.toggle(9 as Sequence)
    expect(state.opened.get(9 as Sequence)).toEqual({ kind: 'gone' })
    main.handlers['quarantine:open'] = () => Promise.reject(new Error('locked'))
    await state.toggle(one)
    expect(state.opened.get(one)).toEqual({ kind: 'failed', detail: 'locked' })
  })

  test('looks once at a time for an organization, and tells what came of it', async () => {
    const { state, main } = start(quarantined(1, 'waiting'))
    const answer = later<{ keys: { kind: 'fetched' }; released: number; refused: number; waiting: number }>()
    main.handlers['quarantine:look'] = () => answer.promise
    const looking = Promise.all([state.look(org), state.look(org)])
    expect(state.looking.has(org)).toBe(true)
    answer.resolve({ keys: { kind: 'fetched' }, released: 1, refused: 0, waiting: 0 })
    await looking
    expect(main.asked.filter(({ name }) => name === 'quarantine:look')).toHaveLength(1)
    expect([state.looking.size, state.lookedAt]).toEqual([0, expect.objectContaining({ kind: 'looked', released: 1, organizationId: org })])
    main.handlers['quarantine:look'] = () => Promise.reject(new Error('no answer'))
    await state.look(org)
    expect(state.lookedAt).toMatchObject({ kind: 'failed', detail: 'no answer' })
  })

  test('discards, and says where that could not be done', async () => {
    const { state, main } = start(quarantined(1, 'waiting'), quarantined(2, 'refused'))
    state.visit()
    await settle()
    await state.discard([2 as Sequence])
    expect([state.rows.map(({ sequence }) => sequence), state.counts?.discarded]).toEqual([[1], 1])
    main.handlers['quarantine:discard'] = () => Promise.reject(new Error('disk full'))
    await state.discard([1 as Sequence])
    expect([state.rows.length, state.discardTrouble]).toEqual([1, 'disk full'])
  })

  test('asks and hears nothing more once it is left and stopped', async () => {
    const { state, main, counts } = start()
    const leave = state.visit()
    await settle()
    leave()
    main.push('quarantine:changed', counts())
    await settle()
    expect(main.asked).toHaveLength(1)
    state.stop()
    expect(main.listenerCount()).toBe(0)
  })
})
