import { describe, expect, onTestFinished, test } from 'vitest'
import type { DetectionId, Instant } from '../../shared/detection.ts'
import type { DetectionsChanged } from '../../shared/ipc.ts'
import { longestLabel, longestNote, longestReason, type Triaged, type TriageChange, type UndoId } from '../../shared/triage.ts'
import { createReader } from '../reader/reader.ts'
import { at, content, detectionOf, organization, start, temporaryFile, testDatabase, testStore, trusted } from '../store/test-support.ts'
import { createTriagePlace, sliceRows } from './triage-place.ts'

const key = (id: string) => ({ organizationId: organization, id: id as DetectionId })
const numbered = (count: number) => Array.from({ length: count }, (_, index) => key(`d-${index}`))

function setUp(count: number) {
  const file = temporaryFile()
  const store = testStore({ file })
  for (let from = 0; from < count; from += 500) {
    store.keeper.keep(
      Array.from({ length: Math.min(500, count - from) }, (_, index) =>
        trusted(content({ id: `d-${from + index}`, type: `Type${(from + index) % 4}`, detectedAt: at(from + index) }), {
          issued: from + index,
        }),
      ),
    )
  }
  const reader = createReader({ file, thread: new URL('../reader/thread.ts', import.meta.url), onTrouble: () => undefined })
  onTestFinished(() => reader.stop())
  const pushes: DetectionsChanged[] = []
  let between: () => void = () => undefined
  const place = createTriagePlace({
    rows: store.triage,
    writeBack: store.retention.writeBack,
    ask: reader.ask,
    onTriaged: (changed) => pushes.push(changed),
    now: () => start,
    rest: async () => between(),
  })
  const of = (wanted: readonly ReturnType<typeof key>[]) => ({ kind: 'keys', keys: wanted }) as const
  const view = (text: string, range: { from: Instant; to: Instant } | null = null) => ({ kind: 'view', text, range }) as const
  const done = (text = 'triage:done') => {
    const counted = store.overview.count({ text })
    return counted.kind === 'count' ? counted.count : -1
  }
  return { file, store, place, pushes, of, view, done, onRest: (work: () => void) => (between = work) }
}

function triaged(answer: Triaged): Extract<Triaged, { kind: 'triaged' }> {
  if (answer.kind !== 'triaged') throw new Error(answer.detail)
  return answer
}

describe('writing', () => {
  test('changes those that are named, tells them in one push, and is taken back as one', async () => {
    const { place, pushes, of, store } = setUp(3)
    const { undo, count, isCapped } = triaged(
      await place.write({ of: of([...numbered(2), key('d-1'), key('gone')]), change: { state: 'done' } }),
    )
    expect({ count, isCapped }).toEqual({ count: 2, isCapped: false })
    expect(pushes).toMatchObject([{ changed: [{ id: 'd-0', triage: { state: 'done' } }, { id: 'd-1' }], more: false }])
    expect(await place.undo(undo)).toEqual({ kind: 'undone', count: 2 })
    expect(pushes[1]).toMatchObject({ changed: [{ id: 'd-0', triage: { state: 'new', isUnread: true } }, { id: 'd-1' }], more: false })
    expect(detectionOf(store, 'd-0').triage.state).toBe('new')
  })

  test('of a view leaves alone what was taken out of it', async () => {
    const { place, view, done, store } = setUp(12)
    const except = [key('d-3'), key('d-4'), key('gone')]
    const { count, undo } = triaged(await place.write({ of: { ...view('type:Type3 OR type:Type0'), except }, change: { state: 'done' } }))
    expect([count, done(), detectionOf(store, 'd-3').triage.state, detectionOf(store, 'd-7').triage.state]).toEqual([4, 4, 'new', 'done'])
    expect(await place.undo(undo)).toEqual({ kind: 'undone', count: 4 })
  })

  test('thousands are one act with a push that says there are more, and deliveries are kept meanwhile', async () => {
    const { place, pushes, of, store, done, onRest } = setUp(sliceRows * 3)
    let kept = 0
    onRest(() => store.keeper.keep([trusted(content({ id: `meanwhile-${(kept += 1)}` }), { issued: 99_999 + kept })]))
    const { undo, count } = triaged(await place.write({ of: of(numbered(sliceRows * 3)), change: { state: 'done' } }))
    expect(count).toBe(sliceRows * 3)
    expect(pushes).toHaveLength(1)
    expect(pushes[0]).toMatchObject({ more: true })
    expect(pushes[0]?.changed).toHaveLength(200)
    expect(done()).toBe(count)
    expect(kept).toBeGreaterThanOrEqual(4)
    expect(await place.undo(undo)).toEqual({ kind: 'undone', count })
    expect(done()).toBe(0)
    expect(store.detections.unread()).toBe(count + kept)
  })

  test('of a view is of all that it finds, by its words and its range, indexed or not', async () => {
    const { place, view, done, store } = setUp(2_000)
    const range = { from: at(400), to: at(800) }
    expect(triaged(await place.write({ of: view('type:Type3', range), change: { state: 'done' } }))).toMatchObject({ count: 100 })
    expect(done('type:Type3 triage:done')).toBe(100)
    expect(done()).toBe(100)
    expect(store.textIndex.isUpToDate()).toBe(false)
    expect(triaged(await place.write({ of: view('type1'), change: { state: 'done' } })).count).toBe(500)
    while (!store.textIndex.catchUp(1_000));
    expect(triaged(await place.write({ of: view('type2 has:entity'), change: { state: 'done' } })).count).toBe(500)
    expect(triaged(await place.write({ of: view('is:new'), change: { isRead: true } })).count).toBe(900)
    expect(store.detections.unread()).toBe(0)
  })

  test('of a view is not of what came or changed since somebody saw it, and says how many those are', async () => {
    const { place, view, done, store, onRest } = setUp(sliceRows + 100)
    const page = () => {
      const answer = store.detections.page({ text: '', before: null, limit: 1 })
      if (answer.kind !== 'page') throw new Error(answer.detail)
      return answer.asOf
    }
    const asOf = page()
    store.keeper.keep([
      trusted(content({ id: 'd-7', type: 'Type3', status: 'resolved' }), { issued: 10_000 }),
      trusted(content({ id: 'after' }), { issued: 10_001 }),
    ])
    // Between two slices, and the one that it changes is in the second.
    onRest(() =>
      store.keeper.keep([trusted(content({ id: 'd-9', type: 'Type1', status: 'resolved' }), { issued: 10_002, signed: 'meanwhile' })]),
    )
    const answer = triaged(await place.write({ of: { ...view(''), asOf }, change: { state: 'done' } }))
    expect(answer).toMatchObject({ count: sliceRows + 98, left: 3, isCapped: false })
    expect(done()).toBe(sliceRows + 98)
    expect(['d-7', 'd-9', 'after', 'd-8'].map((id) => detectionOf(store, id).triage.state)).toEqual(['new', 'new', 'new', 'done'])
    expect(await place.write({ of: { ...view('after'), asOf }, change: { state: 'done' } })).toMatchObject({
      kind: 'refused',
      detail: expect.stringMatching(/^All of it came or changed after it was selected, so nothing was changed/),
    })
    expect(triaged(await place.write({ of: { ...view(''), asOf: page() }, change: { state: 'done' } }))).toMatchObject({
      count: 3,
      left: 0,
    })
  })

  test('two at once follow one another', async () => {
    const { place, of, done } = setUp(sliceRows * 2)
    const all = of(numbered(sliceRows * 2))
    const [first, second] = await Promise.all([
      place.write({ of: all, change: { state: 'acknowledged' } }),
      place.write({ of: all, change: { state: 'done' } }),
    ])
    expect(done()).toBe(sliceRows * 2)
    expect(await place.undo(triaged(first).undo)).toMatchObject({ kind: 'refused' })
    expect(await place.undo(triaged(second).undo)).toMatchObject({ kind: 'undone' })
    expect(done('triage:acknowledged')).toBe(sliceRows * 2)
  })

  test('a view that cannot be meant is refused at the character', async () => {
    const { place, view } = setUp(1)
    expect(await place.write({ of: view('stauts:open'), change: { state: 'done' } })).toMatchObject({
      kind: 'search-refused',
      at: 0,
      length: 6,
      detail: expect.stringContaining('status'),
    })
  })

  test('where nothing changes it says so, and there is nothing to take back', async () => {
    const { place, of, pushes } = setUp(1)
    const answer = await place.write({ of: of(numbered(1)), change: { state: 'new' } })
    expect(answer).toEqual({ kind: 'refused', detail: expect.stringMatching(/^Nothing was changed: .* so already/) })
    expect(await place.write({ of: of([key('gone')]), change: { state: 'done' } })).toMatchObject({
      kind: 'refused',
      detail: expect.stringContaining('is in the history any more'),
    })
    expect(pushes).toEqual([])
  })

  test.each<[string, TriageChange, RegExp]>([
    ['nothing', {}, /nothing to change/],
    ['an empty note', { note: ' \n' }, /note is empty/],
    ['a long note', { note: 'x'.repeat(longestNote + 1) }, /10000 characters/],
    ['an empty label', { addLabel: ' ' }, /label needs a name/],
    ['a long label', { addLabel: 'x'.repeat(longestLabel + 1) }, /64 characters/],
    ['a long reason', { verdict: { verdict: 'expected', reason: 'x'.repeat(longestReason + 1) } }, /1000 characters/],
    ['a time that has passed', { snoozedUntil: at(0) }, /has passed already/],
  ])('%s is refused in words', async (_, change, detail) => {
    const { place, of } = setUp(1)
    expect(await place.write({ of: of(numbered(1)), change })).toEqual({ kind: 'refused', detail: expect.stringMatching(detail) })
  })

  test('texts are kept without the white space around them', async () => {
    const { place, of, store } = setUp(1)
    await place.write({
      of: of(numbered(1)),
      change: { note: '  seen \n', addLabel: ' case \t 7 ', verdict: { verdict: 'expected', reason: ' a drill ' } },
    })
    expect(store.triageTrail.read(key('d-0'))).toMatchObject({ notes: [{ text: 'seen' }], verdictReason: 'a drill' })
    expect(detectionOf(store, 'd-0').triage.labels).toEqual(['case 7'])
  })

  test('a disk that fails on the way says how far it came, and what was changed can be seen and taken back', async () => {
    const { file, place, of, done, pushes, onRest } = setUp(sliceRows * 3)
    const db = testDatabase(file)
    onRest(() =>
      db.exec(
        "CREATE TRIGGER IF NOT EXISTS failing BEFORE INSERT ON triage_changes WHEN new.detection > 600 BEGIN SELECT raise(ABORT, 'disk'); END",
      ),
    )
    const answer = await place.write({ of: of(numbered(sliceRows * 3)), change: { state: 'done' } })
    expect(answer).toMatchObject({ kind: 'partly', count: 500, detail: expect.stringMatching(/disk.* 500 of 1500 were changed/) as string })
    expect(done()).toBe(sliceRows)
    expect(pushes).toMatchObject([{ more: true }])
    expect(answer.kind === 'partly' && (await place.undo(answer.undo))).toEqual({ kind: 'undone', count: 500 })
    expect(done()).toBe(0)
  })
})

describe('taking back', () => {
  test('is all or nothing: what was changed since is counted, and so is what could be taken back', async () => {
    const { place, of, done, pushes } = setUp(4)
    const { undo } = triaged(await place.write({ of: of(numbered(4)), change: { state: 'done' } }))
    await place.write({ of: of([key('d-2')]), change: { note: 'later' } })
    expect(await place.undo(undo)).toEqual({
      kind: 'refused',
      detail:
        '1 detection has changed since. Nothing was taken back. The other 3 of 4 could be taken back. Take back the later change first, or change the detections themselves.',
    })
    expect(done()).toBe(4)
    expect(pushes).toHaveLength(2)
  })

  test('happens once, and not of what is not there', async () => {
    const { place, of } = setUp(1)
    const { undo } = triaged(await place.write({ of: of(numbered(1)), change: { state: 'done' } }))
    expect(await place.undo(undo)).toEqual({ kind: 'undone', count: 1 })
    expect(await place.undo(undo)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('taken back already') })
    expect(await place.undo(99 as UndoId)).toMatchObject({ kind: 'refused', detail: expect.stringContaining('not in the history') })
  })

  test('that a disk fails on can be tried again, and takes back the rest', async () => {
    const { file, place, of, done, onRest } = setUp(sliceRows * 2)
    const db = testDatabase(file)
    const { undo } = triaged(await place.write({ of: of(numbered(sliceRows * 2)), change: { state: 'done' } }))
    db.exec("CREATE TRIGGER failing BEFORE UPDATE ON triage_changes BEGIN SELECT raise(ABORT, 'disk'); END")
    onRest(() => undefined)
    expect(await place.undo(undo)).toMatchObject({ kind: 'refused', detail: expect.stringMatching(/disk.*try again/i), canTryAgain: true })
    db.exec('DROP TRIGGER failing')
    expect(await place.undo(undo)).toEqual({ kind: 'undone', count: sliceRows * 2 })
    expect(done()).toBe(0)
  })

  test('leaves out what is touched while it is under way', async () => {
    const { store, place, of, done, onRest } = setUp(sliceRows * 2)
    const { undo } = triaged(await place.write({ of: of(numbered(sliceRows * 2)), change: { state: 'done' } }))
    const [last] = store.triage.rowsOf([key(`d-${sliceRows * 2 - 1}`)])
    let rests = 0
    onRest(() => {
      // After all was looked at, and before the last slice.
      rests += 1
      if (rests === 3) store.triage.write(null, [last ?? 0], { note: 'now' }, 0)
    })
    expect(await place.undo(undo)).toEqual({ kind: 'undone', count: sliceRows * 2 - 1 })
    expect(done()).toBe(1)
  })
})
