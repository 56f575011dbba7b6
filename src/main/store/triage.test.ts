import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DetectionContent, DetectionId, Instant } from '../../shared/detection.ts'
import { mostLabels, mostNotes, type TriageChange, type UndoId } from '../../shared/triage.ts'
import { createRollupSums } from './rollup-sums.ts'
import { dimensions } from './rollups.ts'
import { at, content, detectionOf, organization, start, temporaryFile, testDatabase, testStore, trusted, unsigned } from './test-support.ts'
import { mostUndone } from './triage.ts'

const key = (id: string) => ({ organizationId: organization, id: id as DetectionId })

function setUp(count: number, overrides: Partial<Omit<DetectionContent, 'id'>> = {}) {
  const file = temporaryFile()
  let now = start
  const store = testStore({ file, now: () => (now += 1_000) })
  const db = testDatabase(file)
  const ids = Array.from({ length: count }, (_, index) => `d-${index + 1}`)
  store.keeper.keep(ids.map((id, index) => trusted(content({ ...overrides, id }), { issued: index })))
  const rows = store.triage.rowsOf(ids.map(key))
  const write = (change: TriageChange, only: readonly number[] = rows) => store.triage.write(null, only, change, 200)
  function act(change: TriageChange, only: readonly number[] = rows): UndoId {
    const { act: made } = write(change, only)
    if (made === null) throw new Error('nothing was changed')
    return made
  }
  const trail = (id = 'd-1') => {
    const read = store.triageTrail.read(key(id))
    if (read === null) throw new Error('no detection')
    return read
  }
  const triage = (id = 'd-1') => detectionOf(store, id).triage
  const counts = () => {
    const sums = createRollupSums(db)
    return Object.fromEntries(
      sums.byValue(dimensions.triage, { from: -8e15, to: 8e15 }).counts.map(({ value, count: found }) => [value, found]),
    )
  }
  return { file, store, db, rows, write, act, trail, triage, counts }
}

describe('a change', () => {
  test('is kept with what it was, when, and of whom it was made', () => {
    const { write, triage, trail, counts, store } = setUp(3)
    const snoozedUntil = at(90_000)
    const { count, detections } = write({
      state: 'acknowledged',
      verdict: { verdict: 'expected', reason: 'a drill' },
      snoozedUntil,
      addLabel: 'Case 1',
      note: 'asked the owner',
      isRead: true,
    })
    expect(count).toBe(3)
    expect(detections.map(({ id }) => id)).toEqual(['d-1', 'd-2', 'd-3'])
    expect(triage()).toEqual({
      state: 'acknowledged',
      verdict: 'expected',
      labels: ['Case 1'],
      snoozedUntil,
      noteCount: 1,
      isUnread: false,
    })
    expect(trail()).toMatchObject({
      notes: [{ text: 'asked the owner' }],
      triageHistory: [{ change: { state: 'acknowledged', note: 'asked the owner' }, isUndone: false }],
      verdictReason: 'a drill',
    })
    expect(counts()).toEqual({ acknowledged: 3 })
    expect(store.detections.unread()).toBe(0)
  })

  test('touches only what is not so already', () => {
    const { write, act, rows, trail } = setUp(2)
    act({ state: 'done' }, rows.slice(0, 1))
    expect(write({ state: 'done' })).toMatchObject({ count: 1, detections: [{ id: 'd-2' }] })
    expect(write({ state: 'done' })).toEqual({ act: null, count: 0, left: 0, detections: [] })
    expect(trail('d-1').triageHistory).toHaveLength(1)
  })

  test('of one that is gone meanwhile is of the others alone', () => {
    const { write, rows } = setUp(1)
    expect(write({ state: 'done' }, [...rows, 77])).toMatchObject({ count: 1 })
    expect(write({ state: 'new' }, [77])).toMatchObject({ act: null, count: 0 })
  })

  test('labels are few, told apart as searches do, and go again', () => {
    const { write, triage } = setUp(1)
    for (let index = 0; index < mostLabels + 2; index += 1) write({ addLabel: `label ${index}` })
    expect(triage().labels).toHaveLength(mostLabels)
    expect(write({ addLabel: 'LABEL 1' }).count).toBe(0)
    write({ removeLabel: 'Label 1' })
    expect(triage().labels).toHaveLength(mostLabels - 1)
    expect(triage().labels).not.toContain('label 1')
    expect(write({ removeLabel: 'never there' }).count).toBe(0)
  })

  test('notes are as many as there is room for, the newest first', () => {
    const { write, triage, trail } = setUp(1)
    for (let index = 0; index <= mostNotes; index += 1) write({ note: `note ${index}` })
    expect(triage().noteCount).toBe(mostNotes)
    expect(trail().notes).toHaveLength(mostNotes)
    expect(trail().notes[0]?.text).toBe(`note ${mostNotes - 1}`)
    expect(trail().triageHistory).toHaveLength(200)
  })

  test('of the user stays through what is delivered later, and SlashID’s own word is never touched', () => {
    const { store, write, triage } = setUp(1, { trackingStatus: 'new' })
    write({ state: 'done', addLabel: 'mine', note: 'mine' })
    expect(detectionOf(store).trackingStatus).toBe('new')
    store.keeper.keep([trusted(content({ status: 'ongoing', trackingStatus: 'done' }), { issued: 9 })])
    expect(detectionOf(store)).toMatchObject({ status: 'ongoing', trackingStatus: 'done' })
    expect(triage()).toMatchObject({ state: 'done', labels: ['mine'], noteCount: 1 })
  })

  test('is found by searches at once', () => {
    const { store, write, rows } = setUp(3)
    write({ addLabel: 'case-7', note: 'x' }, rows.slice(1, 2))
    for (const text of ['label:case-7', 'has:note', 'has:label'])
      expect(store.foundRows({ text, range: null, before: null, most: 10 })).toMatchObject({ kind: 'rows', rows: [rows[1]] })
  })
})

describe('taking back', () => {
  const changes: readonly TriageChange[] = [
    { state: 'done' },
    { verdict: { verdict: 'false-positive', reason: 'a test account' } },
    { verdict: null },
    { snoozedUntil: at(99_999) },
    { snoozedUntil: null },
    { addLabel: 'a' },
    { addLabel: 'b' },
    { removeLabel: 'a' },
    { note: 'text' },
    { isRead: true },
    { isRead: false },
    { state: 'acknowledged', note: 'both', isRead: true },
  ]

  test('in reverse order leads back over any acts, exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...changes), fc.subarray([0, 1, 2, 3], { minLength: 1 })), { minLength: 1, maxLength: 12 }),
        (steps) => {
          const { store, db, rows, write, counts } = setUp(4)
          const state = () => ({
            detections: db
              .prepare(
                'SELECT row, triage_state, verdict, verdict_reason, labels, snoozed_until, note_count, opened_at FROM detections ORDER BY row',
              )
              .all(),
            notes: db.prepare('SELECT detection, act FROM notes ORDER BY 1, 2').all(),
            counts: counts(),
            unread: store.detections.unread(),
          })
          const pasts: { act: UndoId; before: ReturnType<typeof state> }[] = []
          for (const [change, indexes] of steps) {
            const before = state()
            const { act } = write(
              change,
              indexes.map((index) => rows[index] ?? 0),
            )
            if (act !== null) pasts.push({ act, before })
          }
          const raw = db.prepare('SELECT triage_state, count(*) AS count FROM detections GROUP BY triage_state').all() as {
            triage_state: string
            count: number
          }[]
          expect(counts()).toEqual(Object.fromEntries(raw.map(({ triage_state, count }) => [triage_state, count])))
          for (const { act, before } of pasts.reverse()) {
            expect(store.triage.lookBack(act, 0, 100)).toMatchObject({ touched: 0 })
            store.triage.takeBack(act, 0, 100, 0)
            store.triage.finishUndo(act)
            expect(state()).toEqual(before)
            expect(store.triage.stateOf(act)).toBe('undone')
          }
        },
      ),
      { numRuns: 15, seed: 20260301 },
    )
  })

  test('leaves alone what another act has touched since, until that one is taken back', () => {
    const { store, act, rows, triage } = setUp(3)
    const first = act({ state: 'acknowledged' })
    const second = act({ state: 'done' }, rows.slice(0, 1))
    expect(store.triage.lookBack(first, 0, 100)).toEqual({ touched: 1, untouched: 2, next: null })
    expect(store.triage.takeBack(first, 0, 100, 10)).toMatchObject({ count: 2, detections: [{ id: 'd-2' }, { id: 'd-3' }] })
    expect(triage('d-1').state).toBe('done')
    store.triage.takeBack(second, 0, 100, 0)
    expect(store.triage.lookBack(first, 0, 100)).toEqual({ touched: 0, untouched: 1, next: null })
  })

  test('an act that led away and back is still an act since', () => {
    const { store, act } = setUp(1)
    const first = act({ state: 'acknowledged' })
    act({ state: 'new' })
    act({ state: 'acknowledged' })
    expect(store.triage.lookBack(first, 0, 10)).toMatchObject({ touched: 1, untouched: 0 })
  })

  test('sees that it was opened where that is what was changed', () => {
    const { store, act } = setUp(1)
    act({ isRead: true })
    const unread = act({ isRead: false })
    store.detections.markRead(key('d-1'))
    expect(store.triage.lookBack(unread, 0, 10)).toMatchObject({ touched: 1 })
    const done = act({ state: 'done' })
    store.detections.markRead(key('d-1'))
    expect(store.triage.lookBack(done, 0, 10)).toMatchObject({ touched: 0 })
  })

  test('is for the newest of the user, and the history keeps both', () => {
    const { store, act, trail } = setUp(1)
    const first = act({ note: 'first' })
    store.triage.takeBack(first, 0, 10, 0)
    store.triage.finishUndo(first)
    expect(trail()).toMatchObject({ notes: [], triageHistory: [{ id: first, change: { note: 'first' }, isUndone: true }] })
    const second = act({ addLabel: 'x' })
    expect(store.triage.stateOf(second)).toBe('open')
    for (let index = 1; index < mostUndone; index += 1) act({ note: `${index}` })
    expect(store.triage.stateOf(second)).toBe('open')
    act({ note: 'one more' })
    expect(store.triage.stateOf(second)).toBe('too-old')
    expect(store.triage.stateOf(9_999 as UndoId)).toBe('unknown')
  })
})

describe('a posture issue that was done', () => {
  const posture = (status: string) => content({ kind: 'posture', type: 'MissingMFA', status })

  test.each([
    ['resolved', 'detected'],
    ['resolved', 'ongoing'],
  ])('and goes from %s to %s is new again, which its history says', (from, to) => {
    const { store, act, triage, trail, counts } = setUp(1, { kind: 'posture', status: from })
    const done = act({ state: 'done', addLabel: 'kept', isRead: true })
    const [kept] = store.keeper.keep([trusted(posture(to), { issued: 60 })])
    expect(kept).toMatchObject({ change: { detection: { triage: { state: 'new', isUnread: true, labels: ['kept'] } } } })
    expect(triage()).toMatchObject({ state: 'new', isUnread: true, labels: ['kept'] })
    expect(trail().triageHistory).toMatchObject([
      { change: { state: 'new' }, isComeback: true, at: at(61) },
      { id: done, change: { state: 'done' } },
    ])
    expect(counts()).toEqual({ new: 1 })
    expect(store.detections.unread()).toBe(1)
    expect(store.triage.lookBack(done, 0, 10)).toMatchObject({ touched: 1 })
    expect(store.triage.stateOf(trail().triageHistory[0]?.id as UndoId)).toBe('unknown')
  })

  test.each([
    ['is told again as it was', 'ongoing', 'ongoing'],
    ['only goes on', 'detected', 'ongoing'],
    ['is resolved', 'ongoing', 'resolved'],
  ])('and %s stays done', (_, from, to) => {
    const { store, act, triage } = setUp(1, { kind: 'posture', status: from })
    act({ state: 'done' })
    store.keeper.keep([trusted(posture(to), { issued: 60 })])
    expect(triage().state).toBe('done')
  })

  test('stays done where an older delivery comes late, or nobody signed the news', () => {
    const { store, act, triage } = setUp(1, { kind: 'posture', status: 'resolved' })
    act({ state: 'done' })
    store.keeper.keep([trusted(posture('ongoing'), { issued: -60 })])
    store.keeper.keep([unsigned(posture('ongoing'), { issued: 60 })])
    expect(triage().state).toBe('done')
  })

  test('while what was acknowledged, and a threat, stay as they are', () => {
    const { store, act, triage } = setUp(1, { kind: 'posture', status: 'resolved' })
    act({ state: 'acknowledged' })
    store.keeper.keep([trusted(posture('ongoing'), { issued: 60 })])
    expect(triage().state).toBe('acknowledged')
    const threat = setUp(1, { status: 'resolved' })
    threat.act({ state: 'done' })
    threat.store.keeper.keep([trusted(content({ status: 'ongoing' }), { issued: 60 })])
    expect(threat.triage().state).toBe('done')
  })

  test('goes back with a commit that failed', () => {
    const { store, db, act, triage, trail } = setUp(1, { kind: 'posture', status: 'resolved' })
    act({ state: 'done' })
    db.exec("CREATE TRIGGER failing BEFORE INSERT ON transitions BEGIN SELECT raise(ABORT, 'disk'); END")
    expect(() => store.keeper.keep([trusted(posture('ongoing'), { issued: 60 })])).toThrow('disk')
    expect(triage().state).toBe('done')
    expect(trail().triageHistory).toHaveLength(1)
  })
})

describe('beside a detection', () => {
  test('stands how many share its entity and its connection', () => {
    const { store, trail } = setUp(3)
    store.keeper.keep([
      trusted(content({ id: 'other', entityId: '00U1', connectionId: 'conn-2' })),
      trusted(content({ id: 'none', entityId: null, connectionId: null })),
    ])
    expect(trail()).toMatchObject({ entityCount: 4, connectionCount: 3, verdictReason: null, said: [] })
    expect(trail('none')).toMatchObject({ entityCount: null, connectionCount: null })
    expect(store.triageTrail.read(key('nowhere'))).toBeNull()
  })

  test('everything of the user goes with it, and an act with its last detection', () => {
    const { store, db, act, rows, trail } = setUp(2, { status: 'resolved', detectedAt: '2020-01-01T00:00:00.000Z' as Instant })
    act({ note: 'of both', state: 'done' })
    store.outbox.quiet([1, 2].map((sequence) => ({ sequence: sequence as never, at: start, because: 'off', rule: null, hook: null })))
    const policy = { before: start + 1e9, kinds: null, keepsNew: false, keepsOngoing: false, enoughBytes: Infinity }
    const from = { of: 'detections', changedAt: 0, row: 0 } as const
    const remains = () =>
      ['triage_acts', 'triage_changes', 'notes', 'notification_log'].map((table) =>
        db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
      )
    expect(remains()).toEqual([1, 2, 2, 2])
    store.retention.remove(policy, from, 1)
    expect(remains()).toEqual([1, 1, 1, 1])
    expect(trail('d-2').notes).toHaveLength(1)
    store.retention.remove(policy, from, 1)
    expect(remains()).toEqual([0, 0, 0, 0])
    expect(rows).toHaveLength(2)
  })
})
