import { expect, test } from 'vitest'
import type { GapEnd, InletId } from '../../shared/inlets.ts'
import { openDatabase } from './database.ts'
import { createGapRows, type NewGap } from './gaps.ts'
import { createInletRows } from './inlets.ts'
import { migrations } from './migrations/index.ts'
import { openStore } from './store.ts'
import {
  at,
  content,
  contentOf,
  detectionOf,
  keepOne,
  opened,
  start,
  temporaryFile,
  testDatabase,
  testStore,
  trusted,
} from './test-support.ts'

const relay = 'relay:aaaaaaaa' as InletId
const receiver = 'receiver' as InletId
const gap = (from: number, to: number | null, end: GapEnd = { kind: 'unknown' }, inlet = relay): NewGap => ({
  inlet,
  from: at(from),
  to: to === null ? null : at(to),
  because: 'relay-down',
  end: to === null ? { kind: 'open' } : end,
})

test('a history of version 1 is brought up to date with everything that is in it', () => {
  const file = temporaryFile()
  const old = opened(openDatabase(file, { migrations: migrations.slice(0, 1) }))
  old.prepare("INSERT INTO settings VALUES ('settings.theme', '\"dark\"')").run()
  expect(old.pragma('user_version', { simple: true })).toBe(1)
  const identity = old.prepare('SELECT id FROM identity').pluck().get()
  old.close()

  const store = testStore({ file })
  expect(store.settings.read()).toMatchObject({ theme: 'dark', inlets: [], tunnel: null })
  expect(store.gaps.list({ inlet: null, since: null, limit: 10 })).toEqual([])
  keepOne(store.keeper, trusted(content()))
  expect(detectionOf(store).id).toBe('d-1')
  expect(store.gaps.add(gap(0, 1))).toMatchObject({ id: 1 })
  store.close()

  const db = testDatabase(file)
  expect(db.pragma('user_version', { simple: true })).toBe(migrations.length)
  expect(db.prepare('SELECT id FROM identity').pluck().get()).toBe(identity)
})

test('a history of version 1 is not opened for reading only, and says what to do', () => {
  const file = temporaryFile()
  opened(openDatabase(file, { migrations: migrations.slice(0, 1) })).close()
  expect(openStore({ file, readOnly: true, contentOf, now: () => start })).toMatchObject({
    kind: 'older',
    version: 1,
    known: migrations.length,
  })
})

test('gaps come newest first, of one inlet or of all, and those that last or ended since a moment', () => {
  const { gaps } = testStore()
  for (const one of [gap(0, 10), gap(20, 30), gap(40, null), gap(5, 25, undefined, receiver)]) gaps.add(one)
  const froms = (inlet: InletId | null, since: number | null, limit = 10) =>
    gaps.list({ inlet, since: since === null ? null : at(since), limit }).map(({ from }) => (Date.parse(from) - start) / 1_000)
  expect(froms(null, null)).toEqual([40, 20, 5, 0])
  expect(froms(relay, null)).toEqual([40, 20, 0])
  expect(froms(null, 25)).toEqual([40, 20, 5])
  expect(froms(relay, 31)).toEqual([40])
  expect(froms(null, null, 2)).toEqual([40, 20])
})

test.each<GapEnd>([
  { kind: 'open' },
  { kind: 'unknown' },
  { kind: 'backlog', delivered: 7 },
  { kind: 'lost', count: 3, delivered: 2 },
  { kind: 'lost', count: null, delivered: 0 },
])('an end of %j comes back as it was written', (end) => {
  const { gaps } = testStore()
  const added = gaps.add(gap(0, null))
  gaps.change({ ...added, to: at(10), because: 'asleep', end })
  expect(gaps.list({ inlet: relay, since: null, limit: 1 })).toEqual([{ ...added, to: at(10), because: 'asleep', end }])
})

test('of one inlet only one gap lasts, none is negative, and what is unfinished comes oldest first', () => {
  const { gaps } = testStore()
  gaps.add(gap(0, 10, { kind: 'open' }))
  gaps.add(gap(20, null))
  gaps.add(gap(20, null, undefined, receiver))
  expect(() => gaps.add(gap(30, null))).toThrow(/UNIQUE/)
  expect(() => gaps.add(gap(30, 29))).toThrow(/CHECK/)
  gaps.add(gap(12, 15))
  expect(gaps.unfinished(relay).map(({ from }) => from)).toEqual([at(0), at(20)])
})

test('a far end that comes and goes does not fill the disk, and what it missed stays', () => {
  const gaps = createGapRows(testDatabase(temporaryFile()), 5)
  gaps.add(gap(0, 1, { kind: 'lost', count: 1, delivered: 0 }))
  gaps.add(gap(2, 3, { kind: 'backlog', delivered: 1 }, receiver))
  for (let n = 1; n <= 10; n++) gaps.add(gap(n * 10, n * 10 + 5, { kind: 'backlog', delivered: n }))
  gaps.add(gap(200, 201))
  const kept = gaps.list({ inlet: relay, since: null, limit: 100 }).map(({ from, end }) => [from, end.kind])
  expect(kept).toEqual([
    [at(200), 'unknown'],
    [at(100), 'backlog'],
    [at(90), 'backlog'],
    [at(80), 'backlog'],
    [at(0), 'lost'],
  ])
  expect(gaps.list({ inlet: receiver, since: null, limit: 1 })).toHaveLength(1)
})

test('an inlet is remembered by its position and by when it was last watched, each by itself', () => {
  const rows = createInletRows(testDatabase(temporaryFile()))
  expect(rows.read(relay)).toEqual({ position: null, watchedUntil: null })
  rows.writePosition(relay, '42')
  rows.watched([relay, receiver], 1_000)
  rows.watched([relay], 2_000)
  expect(rows.read(relay)).toEqual({ position: '42', watchedUntil: 2_000 })
  expect(rows.read(receiver)).toEqual({ position: null, watchedUntil: 1_000 })
  rows.unwatched(relay)
  expect(rows.read(relay)).toEqual({ position: '42', watchedUntil: null })
  rows.writePosition(relay, null)
  expect(rows.read(relay)).toEqual({ position: null, watchedUntil: null })
  rows.remove(receiver)
  expect(rows.read(receiver)).toEqual({ position: null, watchedUntil: null })
})
