import { describe, expect, test } from 'vitest'
import type { Sequence } from '../../shared/detection.ts'
import type { HookDraft, HookId } from '../../shared/hooks.ts'
import { createHookQueue } from './hook-queue.ts'
import { createHookRows } from './hooks.ts'
import { content, start, testDeliveries, trusted, unsigned } from './test-support.ts'

const draft: HookDraft = { id: null, name: 'SIEM', url: 'https://siem.example.org/hook', format: 'detection', isOn: true, secret: null }

function setUp(count = 0, most?: number) {
  const { db, keeper } = testDeliveries()
  keeper.keep(Array.from({ length: count }, (_, index) => trusted(content({ id: `d-${index + 1}` }), { issued: index })))
  const rows = createHookRows(db)
  const queue = createHookQueue(db, most)
  const enqueue = (hook: HookId, ...sequences: number[]) => {
    for (const sequence of sequences) queue(hook, sequence as Sequence, start + sequence * 1_000)
  }
  const due = (hook: HookId, at = start + 3_600_000, limit = 100) => rows.due(hook, at, limit)
  const ids = (hook: HookId, at?: number) => due(hook, at).map(({ change }) => change.detection.id)
  return { db, keeper, rows, enqueue, due, ids }
}

describe('a hook', () => {
  test('is kept as it was saved, with what came of it', () => {
    const { rows } = setUp()
    const id = rows.save(draft)
    const other = rows.save({ ...draft, name: 'Other', isOn: false })
    rows.trouble(id, 'It does not answer.')
    expect(rows.read(id)?.trouble).toBe('It does not answer.')
    rows.save({ ...draft, id, name: 'Renamed', format: 'ecs' })
    const fresh = { waiting: 0, sent: 0, failed: 0, lastSentAt: null, trouble: null }
    expect(rows.list()).toEqual([
      { id, name: 'Renamed', url: draft.url, format: 'ecs', isOn: true, ...fresh },
      { id: other, name: 'Other', url: draft.url, format: 'detection', isOn: false, ...fresh },
    ])
  })

  test('that is damaged takes no other with it', () => {
    const { db, rows } = setUp()
    const id = rows.save(draft)
    rows.save({ ...draft, name: 'Other' })
    db.prepare("UPDATE hooks SET format = 'carrier pigeon' WHERE id = ?").run(id)
    expect(rows.list().map(({ name }) => name)).toEqual(['Other'])
    expect(rows.read(id)).toBeNull()
  })

  test('goes with what waits for it, and no rule names it any more', () => {
    const { db, rows, enqueue } = setUp(1)
    const id = rows.save(draft)
    enqueue(id, 1)
    db.prepare("INSERT INTO rules (place, name, query, action, has_sound, hook, is_on) VALUES (0, 'r', '', 'notify', 0, @id, 1)").run({
      id,
    })
    rows.remove(id)
    expect(rows.list()).toEqual([])
    expect(db.prepare('SELECT count(*) FROM hook_messages').pluck().get()).toBe(0)
    expect(db.prepare('SELECT hook FROM rules').pluck().get()).toBeNull()
  })
})

describe('what waits', () => {
  test('is each change once, as it was when it came, oldest first', () => {
    const { keeper, rows, enqueue, due } = setUp()
    keeper.keep([
      unsigned(content({ id: 'a' }), { issued: 1 }),
      trusted(content({ id: 'a', status: 'resolved', entityId: 'newer' }), { issued: 2 }),
    ])
    const id = rows.save(draft)
    enqueue(id, 2, 1, 2, 77)
    expect(
      due(id).map(({ change: { detection, transition }, tries }) => [
        transition.sequence,
        transition.to,
        detection.trust,
        detection.entityId,
        tries,
      ]),
    ).toEqual([
      [2, 'resolved', 'verified', 'newer', 0],
      [1, 'detected', 'unsigned', 'newer', 0],
    ])
    expect(new Set(due(id).map(({ chainHash }) => Buffer.from(chainHash).toString('hex'))).size).toBe(2)
    expect(rows.read(id)?.waiting).toBe(2)
  })

  test('is nothing for a hook that is off, and never a demonstration', () => {
    const { db, rows, enqueue, ids } = setUp(2)
    const id = rows.save(draft)
    const off = rows.save({ ...draft, name: 'Off', isOn: false })
    db.exec("UPDATE detections SET is_demo = 1 WHERE id = 'd-1'")
    enqueue(id, 1, 2)
    enqueue(off, 1, 2)
    expect([ids(id), ids(off)]).toEqual([['d-2'], []])
  })

  test('is bounded: what comes beyond counts as failed, and it is said until there is room', () => {
    const { rows, enqueue, due } = setUp(6, 3)
    const id = rows.save(draft)
    enqueue(id, 1, 2, 3, 4, 5)
    expect(rows.read(id)).toMatchObject({ waiting: 3, failed: 2 })
    expect(rows.read(id)?.trouble).toContain('The history has it')
    rows.answered(
      id,
      due(id, undefined, 1).map((message) => message.id),
      start,
    )
    enqueue(id, 6)
    expect(rows.read(id)).toMatchObject({ waiting: 3, failed: 2, sent: 1, trouble: null })
  })

  test('leaves when it is answered or given up, and waits on when it is put off', () => {
    const { rows, enqueue, due, ids } = setUp(4)
    const id = rows.save(draft)
    enqueue(id, 1, 2, 3, 4)
    const [one, two, three] = due(id).map((message) => message.id)
    rows.answered(id, [one!], start + 5_000)
    rows.giveUp(id, [two!])
    rows.postpone(id, [three!], start + 60_000)
    expect(ids(id, start + 59_999)).toEqual(['d-4'])
    expect(due(id, start + 60_000).map(({ tries }) => tries)).toEqual([1, 0])
    expect(rows.nextAt(id, start)).toBe(start + 4_000)
    expect(rows.read(id)).toMatchObject({ waiting: 2, sent: 1, failed: 1, lastSentAt: new Date(start + 5_000).toISOString() })
    expect(rows.giveUpSince(id, start + 3_000)).toBe(1)
    expect([ids(id), rows.read(id)?.failed]).toEqual([['d-4'], 2])
  })

  test('is not put off beyond reason by a clock that was set back', () => {
    const { rows, enqueue, due, ids } = setUp(1)
    const id = rows.save(draft)
    enqueue(id, 1)
    rows.postpone(id, [due(id)[0]!.id], start + 30 * 86_400_000)
    expect(ids(id, start)).toEqual(['d-1'])
  })

  test.each([1, 11, 13, 24, 47, 49, 1_000])('is there to be sent when it says so, also where it was put off for %i hours', (hours) => {
    const { rows, enqueue, due } = setUp(1)
    const id = rows.save(draft)
    enqueue(id, 1)
    rows.postpone(id, [due(id)[0]!.id], start + hours * 3_600_000)
    // Or it would be looked for over and over, and nothing else would have its turn.
    expect((rows.nextAt(id, start) ?? start) <= start).toBe(due(id, start).length > 0)
  })
})
