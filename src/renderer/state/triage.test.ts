import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Notice, PageAnswer } from '../../shared/ipc.ts'
import type { UndoId } from '../../shared/triage.ts'
import { Cursor } from './cursor.svelte.ts'
import { Marks, mostMarked } from './marks.svelte.ts'
import { createMemoryBridge, detectionOf } from './memory-bridge.ts'
import { place } from './placed.ts'
import { Selection } from './selection.svelte.ts'
import { snoozedUntil } from '../../shared/snooze.ts'
import { Timeline } from './timeline.svelte.ts'
import { Triage } from './triage.svelte.ts'

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2031, 4, 20, 12) }))
afterEach(() => void vi.useRealTimers())
const settle = () => vi.advanceTimersByTimeAsync(1_000)

const count = 350

async function start() {
  const page = ({ before, skip, limit }: { before: { row: number } | null; skip: number; limit: number }): PageAnswer => {
    const from = (before === null ? 0 : count - before.row) + skip
    const detections = Array.from({ length: Math.max(0, Math.min(limit, count - from)) }, (_, n) => detectionOf(count - 1 - from - n))
    const [first, last] = [detections[0], detections.at(-1)]
    const keyOf = (detection: typeof first) => detection && { changedAt: detection.changedAt, row: Number(detection.id.slice(1)) }
    return {
      kind: 'page',
      detections,
      first: keyOf(first) ?? null,
      next: from + limit < count ? (keyOf(last) ?? null) : null,
      total: count,
      searchedTo: null,
      isWhole: true,
    }
  }
  let undo = 0
  const main = createMemoryBridge({
    'timeline:page': page,
    'triage:write': ({ of }) => ({
      kind: 'triaged',
      undo: ++undo as UndoId,
      count: of.kind === 'keys' ? of.keys.length : count,
      isCapped: false,
    }),
    'triage:undo': () => ({ kind: 'undone', count: 1 }),
  })
  const told: Notice[] = []
  const timeline = new Timeline(main.bridge)
  const selection = new Selection(main.bridge, () => {})
  const marks = new Marks(() => timeline)
  const cursor = new Cursor(timeline, selection, marks)
  const triage = new Triage(main.bridge, { marks, cursor, tell: (notice) => told.push(notice), now: () => Date.now() })
  await settle()
  const written = () => main.asked.filter(({ name }) => name === 'triage:write').map(({ argument }) => argument)
  return { main, told, timeline, selection, marks, cursor, triage, written }
}
const keysOf = (...numbers: readonly number[]) => numbers.map((n) => ({ organizationId: 'org', id: `d${n}` }))

describe('the cursor', () => {
  test('begins at what is in view, goes on from there, and stays within the list', async () => {
    const { timeline, cursor, selection } = await start()
    timeline.firstVisible = 7
    await cursor.step(1)
    expect([cursor.index, selection.cursor]).toEqual([7, 'org d342'])
    await cursor.step(1)
    await cursor.step(-100)
    expect(cursor.index).toBe(0)
    await cursor.moveTo(1_000)
    expect([cursor.index, selection.cursor]).toEqual([349, 'org d0'])
  })

  test('stays on its detection when others arrive above it', async () => {
    const { main, cursor } = await start()
    await cursor.moveTo(3)
    main.push('detections:changed', { changed: [detectionOf(400), detectionOf(401)], more: false })
    expect(cursor.index).toBe(5)
  })
})

describe('marks', () => {
  test('are set one by one and by ranges, also beyond what is in memory', async () => {
    const { marks, cursor } = await start()
    cursor.toggleAt(2)
    cursor.toggleAt(4)
    cursor.toggleAt(2)
    expect(marks.target).toEqual({ kind: 'keys', keys: keysOf(345) })
    await cursor.moveTo(98)
    await cursor.extendTo(301)
    expect(marks.count).toBe(204)
    await cursor.extend(-200)
    expect(marks.target).toEqual({ kind: 'keys', keys: keysOf(251, 250, 249, 248) })
  })

  test('of all are one, which a single one is taken out of, and a search ends', async () => {
    const { marks, timeline } = await start()
    marks.all()
    expect([marks.count, marks.target, marks.has('org d17')]).toEqual([350, { kind: 'view', text: '', range: null }, true])
    marks.toggle(place(detectionOf(17)))
    expect(marks.target).toEqual({ kind: 'view', text: '', range: null, except: keysOf(17) })
    expect([marks.count, marks.has('org d17')]).toEqual([349, false])
    timeline.search('x')
    await settle()
    expect([marks.count, marks.target]).toEqual([0, null])
  })

  test('are bounded', async () => {
    const { marks } = await start()
    const rows = Array.from({ length: mostMarked + 10 }, (_, n) => place(detectionOf(n)))
    marks.only(rows)
    marks.add(rows.slice(-10))
    expect(marks.count).toBe(mostMarked)
  })
})

describe('triage', () => {
  test('is of what is marked, which is unmarked by it, else of the one under the cursor', async () => {
    const { marks, cursor, triage, written } = await start()
    expect(triage.canAct).toBe(false)
    await triage.act('acknowledge')
    expect(written()).toEqual([])
    await cursor.moveTo(0)
    await triage.act('done')
    cursor.toggleAt(1)
    cursor.toggleAt(2)
    await triage.act('acknowledge')
    expect(written()).toEqual([
      { of: { kind: 'keys', keys: keysOf(349) }, change: { state: 'done' } },
      { of: { kind: 'keys', keys: keysOf(348, 347) }, change: { state: 'acknowledged' } },
    ])
    expect([marks.count, triage.offer?.said]).toEqual([0, '2 detections acknowledged'])
  })

  test('is of what is open where its row is not in memory', async () => {
    const { selection, cursor, triage, written } = await start()
    await selection.open(detectionOf(5_000))
    expect([cursor.row, triage.canAct]).toEqual([undefined, true])
    await triage.act('acknowledge')
    expect(written()).toEqual([{ of: { kind: 'keys', keys: keysOf(5_000) }, change: { state: 'acknowledged' } }])
  })

  test('can be undone step by step, the newest first', async () => {
    const { main, cursor, triage, told } = await start()
    await cursor.moveTo(0)
    await triage.act('done')
    await triage.act('unread')
    await triage.undoLast()
    await triage.undoLast()
    await triage.undoLast()
    expect(main.asked.filter(({ name }) => name === 'triage:undo').map(({ argument }) => argument)).toEqual([2, 1])
    expect([triage.canUndo, told.at(-1)?.title]).toEqual([false, 'Undone: 1 detection done'])
  })

  test('offers to take back what was done for a while, and can after that', async () => {
    const { cursor, triage } = await start()
    await cursor.moveTo(0)
    await triage.act('done')
    await vi.advanceTimersByTimeAsync(11_000)
    expect([triage.offer, triage.canUndo]).toEqual([null, true])
  })

  test('says what a change could not do, and keeps the marks', async () => {
    const { main, cursor, triage, marks, told } = await start()
    cursor.toggleAt(1)
    main.handlers['triage:write'] = () => ({ kind: 'refused', detail: 'The disk is full.' })
    await triage.act('done')
    main.handlers['triage:write'] = () => Promise.reject(new Error('locked'))
    await triage.act('done')
    expect([told.map(({ text }) => text), marks.count, triage.canUndo]).toEqual([['The disk is full.', 'locked'], 1, false])
  })
})

test('what is snoozed wakes in an hour, tomorrow at nine, or on the next Monday at nine', () => {
  const local = (text: string) => new Date(text).getTime()
  const at = (now: number, snooze: Parameters<typeof snoozedUntil>[0]) => new Date(snoozedUntil(snooze, now)).getTime()
  const tuesday = local('2031-05-20T22:30:00')
  expect(at(tuesday, 'hour')).toBe(local('2031-05-20T23:30:00'))
  expect(at(tuesday, 'tomorrow')).toBe(local('2031-05-21T09:00:00'))
  expect(at(tuesday, 'monday')).toBe(local('2031-05-26T09:00:00'))
  expect(at(local('2031-05-19T07:00:00'), 'monday')).toBe(local('2031-05-26T09:00:00'))
  expect(at(local('2031-05-25T07:00:00'), 'monday')).toBe(local('2031-05-26T09:00:00'))
})
