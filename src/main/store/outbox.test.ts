import { describe, expect, test } from 'vitest'
import type { Sequence } from '../../shared/detection.ts'
import type { HookId } from '../../shared/hooks.ts'
import type { NotificationId } from '../../shared/inbox.ts'
import type { Change } from '../ingest/delivery.ts'
import { createHookQueue } from './hook-queue.ts'
import { createLogTrim } from './log-trim.ts'
import { createNotificationLog } from './notification-log.ts'
import { createOutbox, type QuietLine } from './outbox.ts'
import { risesStatements } from './rises.ts'
import { createRetention, type RetentionPolicy } from './retention.ts'
import { at, changeOf, content, start, testDeliveries, trusted, unsigned, waiting } from './test-support.ts'
import { delivery, keepOne } from './test-support.ts'
import { createTextIndex } from './text-index.ts'

function setUp(count = 0, most?: number) {
  const { db, keeper, all } = testDeliveries()
  keeper.keep(Array.from({ length: count }, (_, index) => trusted(content({ id: `d-${index + 1}` }), { issued: index })))
  db.prepare(
    "INSERT INTO hooks (id, name, url, format, is_on) VALUES (1, 'on', 'https://a', 'ecs', 1), (2, 'off', 'https://b', 'ecs', 0)",
  ).run()
  const outbox = createOutbox(db, { enqueueHook: createHookQueue(db), trim: createLogTrim(db, most) })
  const log = createNotificationLog(db)
  const lines = () => log.page({ filter: 'all', notification: null, before: null, limit: 100 }).lines.map(({ key, said }) => [key.id, said])
  const countOf = (table: string) => db.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get()
  return { db, keeper, all, outbox, log, lines, count: countOf }
}
const line = (sequence: number, hook: number | null = null) =>
  ({ sequence: sequence as Sequence, at: start + sequence * 1000, rule: null, hook: hook as HookId | null }) as const
const quiet = (sequence: number, because: QuietLine['because'] = 'focused', hook: number | null = null): QuietLine => ({
  ...line(sequence, hook),
  because,
})
const told = (sequence: number, hook: number | null = null) => ({ ...line(sequence, hook), urgency: 'urgent' }) as const
const intent = (id: number | null, ...sequences: number[]) =>
  ({ id: id as NotificationId | null, at: start, urgency: 'urgent', lines: sequences.map((one) => told(one)) }) as const
const saidIn = (notification: number, isCertain = true) => ({ kind: 'told', urgency: 'urgent', notification, isCertain })

describe('by what number the desktop knows a notification', () => {
  test('follows it when that changes, and changes nothing of what was told', () => {
    const { outbox, log } = setUp(1)
    const id = outbox.telling(intent(null, 1))
    outbox.shown(id, 7, 'a')
    const before = log.page({ filter: 'all', notification: null, before: null, limit: 10 })
    outbox.moved(id, 9, 'a')
    expect([outbox.byNative(7, 'a'), outbox.byNative(9, 'a')]).toEqual([null, id])
    expect(log.page({ filter: 'all', notification: null, before: null, limit: 10 })).toEqual(before)
  })

  test('is known of earlier runs and of one service only', () => {
    const { db, outbox } = setUp(3)
    for (const [number, service] of [
      [7, 'a'],
      [8, 'b'],
      [null, null],
    ] as const)
      outbox.shown(outbox.telling(intent(null, (number ?? 9) - 6)), number, service)
    expect(outbox.earlierNumbers('a'), 'these are of this run').toEqual([])
    const next = createOutbox(db, { enqueueHook: createHookQueue(db), trim: createLogTrim(db) })
    expect([next.earlierNumbers('a'), next.earlierNumbers('b'), next.earlierNumbers('c')]).toEqual([[7], [8], []])
  })
})

describe('what is yet to be decided about', () => {
  test('is every change of the present as it was when it came, and nothing that a file brought', () => {
    const { keeper, outbox } = setUp()
    const changes: Change[] = [
      changeOf(keeper, unsigned(content({ id: 'a', metadata: { of: 'nobody' } }), { issued: 1 })),
      changeOf(keeper, trusted(content({ id: 'b' }), { issued: 2 })),
    ]
    const late = trusted(content({ id: 'c' }), { issued: 3 })
    changes.push({ ...changeOf(keeper, { ...late, delivery: { ...late.delivery, isBacklog: true } }), isBacklog: true })
    const imported = trusted(content({ id: 'd' }), { issued: 4 })
    keeper.keep([{ ...imported, delivery: { ...imported.delivery, inlet: 'import' } }])
    // Of the past, and twice the same.
    keeper.keep([
      trusted(content({ id: 'e' }), { issued: 5, signed: 'once' }),
      trusted(content({ id: 'e' }), { issued: 5, signed: 'once' }),
    ])
    keepOne(keeper, trusted(content({ id: 'e', status: 'ongoing' }), { issued: 1 }))
    expect(outbox.undecided(null, 3).changes).toEqual(changes)
    const rest = outbox.undecided(changes[2]!.transition.sequence, 10).changes
    expect(rest.map(({ detection }) => detection.id)).toEqual(['e'])
  })

  test('keeps the status and the trust it came with, whatever came since', () => {
    const { keeper, outbox } = setUp()
    keeper.keep([unsigned(content({ id: 'a' }), { issued: 1 })])
    keeper.keep([trusted(content({ id: 'a', status: 'resolved', entityId: 'newer' }), { issued: 2 })])
    expect(outbox.undecided(null, 9).changes.map(({ detection }) => [detection.status, detection.trust, detection.entityId])).toEqual([
      ['detected', 'unsigned', 'newer'],
      ['resolved', 'verified', 'newer'],
    ])
  })

  test('is also what a second look lets out of quarantine', () => {
    const { keeper, outbox } = setUp()
    const { sequence } = keepOne(keeper, delivery(waiting, { signed: 'late' }))
    keeper.keep([trusted(content({ id: 'b' }))])
    const settled = keeper.settle([{ sequence, checked: trusted(content({ id: 'a' }), { signed: 'late', received: 1 }) }])
    expect(outbox.undecided(null, 9).changes[0]).toEqual(settled[0])
    expect(outbox.undecided(null, 9).changes).toHaveLength(2)
  })

  test('goes with its delivery where nothing was kept', () => {
    const { keeper, db, outbox } = setUp()
    db.exec("CREATE TEMP TRIGGER fails BEFORE INSERT ON main.outbox WHEN new.sequence = 2 BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    expect(() => keeper.keep([trusted(content({ id: 'a' })), trusted(content({ id: 'b' }))])).toThrow('disk full')
    expect(outbox.undecided(null, 9).changes).toEqual([])
    expect(db.prepare('SELECT count(*) FROM deliveries').pluck().get()).toBe(0)
  })
})

describe('what was decided', () => {
  test('is written once, however often it is said', () => {
    const { outbox, lines } = setUp(3)
    outbox.quiet([quiet(1), quiet(1, 'off')])
    expect(outbox.telling(intent(null, 1, 2))).toBe(1)
    outbox.quiet([quiet(2), quiet(77)])
    expect(lines()).toEqual([
      ['d-2', saidIn(1, false)],
      ['d-1', { kind: 'quiet', because: 'focused' }],
    ])
    expect(outbox.undecided(null, 9).changes.map(({ detection }) => detection.id)).toEqual(['d-3'])
  })

  test('is all written or not at all', () => {
    const { db, outbox, lines } = setUp(3)
    db.exec(
      "CREATE TEMP TRIGGER fails BEFORE INSERT ON main.notification_log WHEN new.sequence = 2 BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    expect(() => outbox.telling(intent(null, 1, 2))).toThrow('disk full')
    expect(() => outbox.quiet([quiet(1), quiet(2)])).toThrow('disk full')
    expect(lines()).toEqual([])
    expect(outbox.undecided(null, 9).changes).toHaveLength(3)
  })

  test('of a file has its line though it never waited', () => {
    const { keeper, outbox, lines } = setUp()
    const imported = trusted(content({ id: 'a' }))
    keeper.keep([{ ...imported, delivery: { ...imported.delivery, inlet: 'import' } }])
    outbox.quiet([quiet(1, 'imported')])
    expect(lines()).toEqual([['a', { kind: 'quiet', because: 'imported' }]])
  })

  test('goes to the hook that is on, once, whether it was told or not', () => {
    const { outbox, all } = setUp(3)
    outbox.quiet([quiet(1, 'rule', 1), quiet(2, 'rule', 2)])
    outbox.telling({ ...intent(null), lines: [told(3, 1), told(1, 1)] })
    expect(all('SELECT hook, sequence, detection, tries, next_at FROM hook_messages ORDER BY id')).toEqual([
      { hook: 1, sequence: 1, detection: 1, tries: 0, next_at: start + 1_000 },
      { hook: 1, sequence: 3, detection: 3, tries: 0, next_at: start + 3_000 },
    ])
  })
})

describe('a notification', () => {
  test('is certain when it is on the screen, and what it told before stays so while it tells more', () => {
    const { outbox, lines } = setUp(3)
    const id = outbox.telling(intent(null, 1))
    expect(lines()).toEqual([['d-1', saidIn(1, false)]])
    outbox.shown(id, 42, ':1.9')
    expect(outbox.telling(intent(id, 2))).toBe(id)
    expect(lines()).toEqual([
      ['d-2', saidIn(1, false)],
      ['d-1', saidIn(1)],
    ])
    expect(outbox.interrupted()).toBe(1)
    expect(outbox.interrupted()).toBe(0)
    expect(lines()).toEqual([
      ['d-2', saidIn(1, false)],
      ['d-1', saidIn(1)],
    ])
    expect(outbox.byNative(42, ':1.9')).toBe(id)
    expect(outbox.byNative(42, ':1.10')).toBeNull()
  })

  test('that is not shown leaves lines that say so, but for what it told before', () => {
    const { outbox, lines, log } = setUp(3)
    const id = outbox.telling(intent(null, 1))
    outbox.shown(id, 42, ':1.9')
    outbox.telling(intent(id, 2, 3))
    outbox.notShown(id)
    const notShown = { kind: 'quiet', because: 'not-shown' }
    expect(lines()).toEqual([
      ['d-3', notShown],
      ['d-2', notShown],
      ['d-1', saidIn(1)],
    ])
    // A desktop that was only slow shows it after all, and a click asks what it is about.
    expect(outbox.keysOf(id).map((key) => key.id)).toEqual(['d-3', 'd-2', 'd-1'])
    const ofOne = (filter: 'all' | 'told' | 'quiet') =>
      log.page({ filter, notification: id, before: null, limit: 9 }).lines.map(({ key }) => key.id)
    expect([ofOne('all'), ofOne('told'), ofOne('quiet')]).toEqual([['d-3', 'd-2', 'd-1'], ['d-1'], ['d-3', 'd-2']])
    expect(outbox.interrupted()).toBe(0)
  })

  test('names each detection once, the newest first, and no number stands for two', () => {
    const { keeper, outbox } = setUp(2)
    keeper.keep([trusted(content({ id: 'd-1', status: 'ongoing' }), { issued: 9 })])
    const id = outbox.telling(intent(null, 1, 2, 3))
    expect(outbox.keysOf(id).map((key) => key.id)).toEqual(['d-1', 'd-2'])
    outbox.shown(id, 42, ':1.9')
    const next = outbox.telling(intent(null))
    outbox.shown(next, 42, ':1.9')
    expect(outbox.byNative(42, ':1.9')).toBe(next)
  })

  test('is remembered by the types of posture it told of', () => {
    const { keeper, outbox } = setUp(1)
    keeper.keep(['p', 'q'].map((id) => trusted(content({ id, kind: 'posture', type: 'MissingMFA' }), { issued: 5 })))
    outbox.telling({ ...intent(null), lines: [told(1), { ...told(2), urgency: 'normal' }] })
    outbox.quiet([quiet(3, 'repeated')])
    expect(outbox.postureToldSince(start, start + 3_000)).toEqual([{ type: 'MissingMFA', at: start + 2_000 }])
    expect(outbox.postureToldSince(start + 2_001, start + 3_000)).toEqual([])
    expect(outbox.postureToldSince(start, start + 1_999), 'by a clock that was ahead').toEqual([])
  })
})

describe('a confidence that rises', () => {
  /** One change a minute, each with this confidence and status. */
  function risen(...changes: readonly (readonly [confidence: number | null, status?: string])[]) {
    const { keeper, outbox, db } = setUp()
    for (const [index, [confidence, status = 'ongoing']] of changes.entries())
      keeper.keep([trusted(content({ id: 'a', confidence, status }), { issued: index * 60, signed: `${index}` })])
    return { outbox, db, lowerMs: () => outbox.lowerMs(changes.length as Sequence) }
  }

  test('was lower since it fell, where it was told as urgent before', () => {
    const { outbox, lowerMs } = risen([0.9], [0.7], [null], [0.9])
    expect(lowerMs()).toBeNull()
    outbox.telling(intent(null, 1))
    expect(lowerMs()).toBe(120_000)
    outbox.notShown(1 as NotificationId)
    expect(lowerMs()).toBeNull()
  })

  test('is new where the detection was resolved since it was told, or never was as high', () => {
    const back = risen([0.9], [0.7, 'resolved'], [0.7], [0.9])
    back.outbox.telling(intent(null, 1))
    back.outbox.quiet([quiet(2, 'resolved'), quiet(3)])
    expect(back.lowerMs()).toBeNull()
    const first = risen([0.7], [0.6], [0.9])
    first.outbox.telling(intent(null, 1))
    expect(first.lowerMs()).toBeNull()
  })

  test('is new where what was before is damaged', () => {
    const { outbox, db, lowerMs } = risen([0.9], [0.7], [0.9])
    outbox.telling(intent(null, 1))
    expect(lowerMs()).toBe(60_000)
    db.exec("UPDATE transitions SET changes = '{' WHERE sequence = 2")
    expect(lowerMs()).toBeNull()
  })

  test('is looked at by indexes, however long the log is', () => {
    const { db } = setUp()
    const plans = risesStatements.map((sql) =>
      db
        .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all(1, 1)
        .map(({ detail }) => detail),
    )
    expect(plans.flat().filter((step) => /^SCAN|TEMP B-TREE/.test(step))).toEqual([])
    expect(plans.flat().join('; ')).toMatch(/transitions_by_detection.*notification_log_of_detection/)
  })
})

describe('with what goes', () => {
  const policy: RetentionPolicy = { before: start + 1e9, kinds: null, keepsNew: false, keepsOngoing: false, enoughBytes: Infinity }
  const from = { of: 'detections', changedAt: 0, row: 0 } as const

  test('a detection goes all that was to be said and was said of it', () => {
    const { db, outbox, count } = setUp(3)
    const retention = createRetention(db, createTextIndex(db), () => start)
    outbox.shown(outbox.telling({ ...intent(null), lines: [told(1, 1)] }), 1, 's')
    outbox.quiet([quiet(2, 'rule', 1)])
    const all = () => ['outbox', 'notification_log', 'notifications', 'hook_messages'].map(count)
    expect(all()).toEqual([1, 2, 1, 2])
    retention.remove(policy, from, 1)
    expect(all()).toEqual([1, 1, 0, 1])
    retention.remove(policy, from, 9)
    expect(all()).toEqual([0, 0, 0, 0])
    // Whoever still shows it may go on, under the same number.
    expect(outbox.telling(intent(1))).toBe(1)
    expect(outbox.telling(intent(null))).toBe(2)
  })

  test('a part of a detection goes what nobody has decided about yet', () => {
    const { db, keeper, outbox, count } = setUp()
    const retention = createRetention(db, createTextIndex(db), () => start)
    keeper.keep(
      Array.from({ length: 300 }, (_, index) =>
        trusted(content({ id: 'a', status: index % 2 === 0 ? 'detected' : 'ongoing' }), { issued: index }),
      ),
    )
    outbox.quiet([quiet(1, 'rule', 1), quiet(300, 'rule', 1)])
    retention.remove(policy, from, 1)
    expect([count('transitions'), count('outbox'), count('hook_messages')]).toEqual([44, 43, 1])
  })

  test('the oldest lines of a word goes a notification of which nothing is left', () => {
    const { outbox, count, lines } = setUp(1_200, 3)
    for (const one of [1, 2]) outbox.shown(outbox.telling(intent(null, one)), one, 's')
    outbox.telling(intent(null, ...Array.from({ length: 1_100 }, (_, index) => index + 3)))
    expect(lines().map(([id]) => id)).toEqual(['d-1102', 'd-1101', 'd-1100'])
    expect(count('notifications')).toBe(1)
  })
})

test('the log of one detection holds its newest changes', () => {
  const { keeper, outbox, log } = setUp()
  for (let index = 0; index < 25; index += 1) {
    keeper.keep([trusted(content({ id: 'a', status: index % 2 === 0 ? 'detected' : 'ongoing' }), { issued: index })])
  }
  outbox.quiet(Array.from({ length: 25 }, (_, index) => ({ ...quiet(index + 1, 'rule'), rule: 'mine' })))
  const said = log.of(1)
  expect(said).toHaveLength(20)
  expect(said[0]).toEqual({ at: at(25), said: { kind: 'quiet', because: 'rule' }, rule: 'mine' })
  expect(log.of(2)).toEqual([])
})
