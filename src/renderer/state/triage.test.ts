import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Notice, PageAnswer } from '../../shared/ipc.ts'
import type { Triaged, UndoId } from '../../shared/triage.ts'
import { Cursor } from './cursor.svelte.ts'
import { Marks, mostMarked } from './marks.svelte.ts'
import { createMemoryBridge, detectionOf, later } from './memory-bridge.ts'
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
      asOf: { sequence: count, late: 0 },
    }
  }
  let undo = 0
  const left = { now: 0 }
  const main = createMemoryBridge({
    'timeline:page': page,
    'triage:write': ({ of }) => ({
      kind: 'triaged',
      undo: ++undo as UndoId,
      count: of.kind === 'keys' ? of.keys.length : count,
      isCapped: false,
      left: of.kind === 'keys' ? 0 : left.now,
    }),
    'triage:undo': () => ({ kind: 'undone', count: 1 }),
  })
  const told: Notice[] = []
  const settled: string[] = []
  let turns = 0
  const timeline = new Timeline(main.bridge)
  const selection = new Selection(main.bridge, () => {})
  const marks = new Marks(() => timeline)
  const cursor = new Cursor(timeline, selection, marks)
  const triage = new Triage(main.bridge, {
    marks,
    cursor,
    tell: (notice) => told.push(notice),
    settled: (id) => settled.push(id),
    now: () => Date.now(),
    turn: () => (turns += 1),
  })
  await settle()
  const written = () => main.asked.filter(({ name }) => name === 'triage:write').map(({ argument }) => argument)
  return { main, told, settled, timeline, selection, marks, cursor, triage, written, left }
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
    const asOf = { sequence: count, late: 0 }
    expect([marks.count, marks.target, marks.has(place(detectionOf(17)))]).toEqual([
      350,
      { kind: 'view', text: '', range: null, asOf },
      true,
    ])
    marks.toggle(place(detectionOf(17)))
    expect(marks.target).toEqual({ kind: 'view', text: '', range: null, asOf, except: keysOf(17) })
    expect([marks.count, marks.has(place(detectionOf(17)))]).toEqual([349, false])
    timeline.search('x')
    await settle()
    expect([marks.count, marks.target]).toEqual([0, null])
  })

  test('of all are not of what arrives, also where it slides in above them', async () => {
    const { main, marks, timeline, triage, written, left, told } = await start()
    marks.all()
    const arrived = detectionOf(400)
    main.push('detections:changed', { changed: [arrived], more: false })
    expect(timeline.rows[0]?.detection.id).toBe('d400')
    expect([marks.count, marks.isBehind, marks.has(place(arrived)), marks.has(place(detectionOf(349)))]).toEqual([350, true, false, true])
    marks.toggle(place(arrived))
    expect([marks.count, marks.leftOut]).toEqual([350, 0])
    left.now = 2
    await triage.act('acknowledge')
    expect(written()).toMatchObject([{ of: { kind: 'view', asOf: { sequence: count, late: 0 } } }])
    expect(triage.offer?.said).toBe('350 detections acknowledged; 2 that came or changed since were left as they are')
    expect(told).toEqual([])
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

  test('takes what was done elsewhere on the desk back in its turn, and drops what cannot be', async () => {
    const { main, cursor, triage, told } = await start()
    const undone = () => main.asked.filter(({ name }) => name === 'triage:undo').length
    const answers = [
      () => Promise.reject(new Error('locked')),
      () => Promise.resolve({ kind: 'refused', detail: 'More was marked.' } as const),
    ]
    triage.remember({ said: 'Marked as seen', back: () => Promise.resolve({ kind: 'undone' }) })
    await cursor.moveTo(0)
    await triage.act('done')
    triage.remember({ said: 'Marked more as seen', back: () => answers.shift()?.() ?? Promise.resolve({ kind: 'undone' }) })
    expect(triage.offer?.said).toBe('Marked more as seen')
    await triage.undoLast()
    await triage.undoLast()
    expect([told.map(({ text }) => text), undone()]).toEqual([['locked', 'More was marked.'], 0])
    await triage.undoLast()
    expect([told.at(-1)?.title, undone()]).toEqual(['Undone: 1 detection done', 1])
    await triage.undoLast()
    expect([told.at(-1)?.title, undone(), triage.canUndo]).toEqual(['Undone: Marked as seen', 1, false])
  })

  test('takes back by another try what could not be written', async () => {
    const { main, cursor, triage, told } = await start()
    await cursor.moveTo(0)
    await triage.act('done')
    main.handlers['triage:undo'] = () => ({ kind: 'refused', detail: 'The disk is full; try again.', canTryAgain: true })
    await triage.undoLast()
    expect([told.at(-1)?.text, triage.canUndo]).toEqual(['The disk is full; try again.', true])
    main.handlers['triage:undo'] = () => ({ kind: 'undone', count: 1 })
    await triage.undoLast()
    expect([told.at(-1)?.title, triage.canUndo]).toEqual(['Undone: 1 detection done', false])
  })

  test('offers to take back what was done for a while, and can after that', async () => {
    const { cursor, triage } = await start()
    await cursor.moveTo(0)
    await triage.act('done')
    await vi.advanceTimersByTimeAsync(11_000)
    expect([triage.offer, triage.canUndo]).toEqual([null, true])
  })

  test('says so where something is done while what was done before is still being written', async () => {
    const { main, cursor, triage, told } = await start()
    const slow = later<Triaged>()
    main.handlers['triage:write'] = () => slow.promise
    await cursor.moveTo(0)
    const first = triage.act('done')
    await cursor.step(1)
    await triage.act('done')
    expect([told.map(({ title, tone }) => `${tone}: ${title}`), triage.isWriting]).toEqual([['info: Nothing was changed by this'], true])
    slow.resolve({ kind: 'triaged', undo: 1 as UndoId, count: 1, isCapped: false, left: 0 })
    await first
    expect([triage.offer?.said, told.length]).toEqual(['1 detection done', 1])
  })

  test('says no more that it could not be done, or undone, once it was', async () => {
    const { main, cursor, triage, told, settled } = await start()
    const partly = (): Triaged => ({ kind: 'partly', undo: 7 as UndoId, count: 500, detail: '500 of 1500 were changed. Try again.' })
    const { 'triage:write': write = partly, 'triage:undo': undo = () => ({ kind: 'undone' as const, count: 1 }) } = main.handlers
    cursor.toggleAt(1)
    main.handlers['triage:write'] = partly
    await triage.act('done')
    // Another change says nothing of this one.
    main.handlers['triage:write'] = write
    await triage.label('case 7')
    expect([told.length, settled]).toEqual([1, []])
    cursor.toggleAt(1)
    await triage.act('done')
    expect(settled.splice(0)).toEqual(['triage'])

    cursor.toggleAt(2)
    main.handlers['triage:write'] = partly
    await triage.act('done')
    await triage.undoLast()
    expect(settled.splice(0)).toEqual(['triage'])

    main.handlers['triage:undo'] = () => ({ kind: 'refused', detail: 'The disk is full; try again.', canTryAgain: true })
    await triage.undoLast()
    expect(settled).toEqual([])
    main.handlers['triage:undo'] = undo
    await triage.undoLast()
    expect(settled).toEqual(['triage'])
  })

  test('says what a change could not do, which may have been a part of it, and keeps the marks', async () => {
    const { main, cursor, triage, marks, told } = await start()
    cursor.toggleAt(1)
    main.handlers['triage:write'] = () => ({ kind: 'partly', undo: 7 as UndoId, count: 500, detail: '500 of 1500 were changed.' })
    await triage.act('done')
    expect(told.splice(0)).toMatchObject([{ title: 'Not all of it could be done', text: '500 of 1500 were changed.' }])
    expect([marks.count, triage.offer?.said]).toEqual([1, '500 detections done'])
    await triage.undoLast()
    expect(main.asked.at(-1)).toEqual({ name: 'triage:undo', argument: 7 })
    told.length = 0
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
