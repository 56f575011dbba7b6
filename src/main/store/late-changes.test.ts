import { expect, test } from 'vitest'
import type { Detection, Sequence } from '../../shared/detection.ts'
import { createLateChanges } from './late-changes.ts'
import { content, delivery, testDatabase, testStore, trusted, temporaryFile, waiting } from './test-support.ts'

function setUp(most?: number) {
  const file = temporaryFile()
  const store = testStore({ file })
  const db = testDatabase(file)
  const late = createLateChanges(db, most)
  const rowOf = db.prepare<[string], { row: number; newest_sequence: number }>('SELECT row, newest_sequence FROM detections WHERE id = ?')
  const isSince = (id: string, asOf: ReturnType<typeof late.now>) => late.isSince(rowOf.get(id)!, asOf)
  const page = () => {
    const answer = store.detections.page({ text: '', before: null, limit: 10 })
    if (answer.kind !== 'page') throw new Error(answer.detail)
    return answer
  }
  /** A delivery that waits for keys, and the way to believe it. */
  function hold(id: string, issued: number) {
    const signed = `held ${id} ${issued}`
    const [kept] = store.keeper.keep([delivery(waiting, { signed, issued })])
    if (kept?.kind !== 'kept') throw new Error('it was not kept')
    const sequence: Sequence = kept.sequence
    return () => store.keeper.settle([{ sequence, checked: trusted(content({ id, status: 'resolved' }), { signed, issued }) }])
  }
  return { store, late, isSince, page, hold }
}

test('what came or changed after an answer is told from what it shows, and an answer is of everything that it shows', () => {
  const { store, isSince, page } = setUp()
  store.keeper.keep([trusted(content({ id: 'old' }), { issued: 1 }), trusted(content({ id: 'changed' }), { issued: 2 })])
  const { asOf, detections } = page()
  expect(asOf).toEqual({ sequence: 2, late: 0 })
  expect(detections.map(({ sequence }: Detection) => sequence)).toEqual([2, 1])
  store.keeper.keep([
    trusted(content({ id: 'changed', status: 'resolved' }), { issued: 3 }),
    trusted(content({ id: 'new' }), { issued: 4 }),
  ])
  expect(['old', 'changed', 'new'].map((id) => isSince(id, asOf))).toEqual([false, true, true])
  expect(['old', 'changed', 'new'].map((id) => isSince(id, page().asOf))).toEqual([false, false, false])
})

test('what had waited and is believed after an answer is since, whether it began a detection or changed one, though its place is an older one', () => {
  const { store, isSince, page, hold } = setUp()
  const begin = hold('begun', 5)
  const change = hold('changed', 6)
  store.keeper.keep([trusted(content({ id: 'changed' }), { issued: 1 }), trusted(content({ id: 'other' }), { issued: 2 })])
  const { asOf } = page()
  begin()
  change()
  expect(['begun', 'changed', 'other'].map((id) => isSince(id, asOf))).toEqual([true, true, false])
  expect(['begun', 'changed', 'other'].map((id) => isSince(id, page().asOf))).toEqual([false, false, false])
})

test('where so much was believed late that nobody knows any more what, everything is since', () => {
  const { store, late, isSince, page, hold } = setUp(2)
  store.keeper.keep([trusted(content({ id: 'other' }), { issued: 1 })])
  const believed = ['a', 'b', 'c', 'd'].map((id, index) => {
    const settle = hold(id, index + 2)
    const { asOf } = page()
    settle()
    late.add(index + 2)
    return asOf
  })
  expect(believed.map(({ late: number }) => number)).toEqual([0, 2, 4, 6])
  expect(believed.map((asOf) => isSince('other', asOf))).toEqual([true, true, true, false])
  expect(isSince('other', page().asOf)).toBe(false)
})
