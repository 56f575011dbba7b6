import { expect, test } from 'vitest'
import type { DetectionId, Sequence } from '../../shared/detection.ts'
import type { NotificationId } from '../../shared/inbox.ts'
import { createLogTrim } from './log-trim.ts'
import { createNotificationLog } from './notification-log.ts'
import { createOutbox, type QuietLine } from './outbox.ts'
import { at, content, organization, start, testDeliveries, trusted } from './test-support.ts'

function setUp(count: number, most?: number) {
  const { db, keeper } = testDeliveries()
  keeper.keep(Array.from({ length: count }, (_, index) => trusted(content({ id: `d-${index + 1}` }), { issued: index })))
  const log = createNotificationLog(db)
  const outbox = createOutbox(db, { enqueueHook: () => {}, trim: createLogTrim(db, most) })
  const lineOf = (sequence: number) => ({ sequence: sequence as Sequence, at: start + sequence * 1000, rule: 'mine', hook: null })
  function tell(...sequences: number[]): NotificationId {
    const lines = sequences.map((sequence) => ({ ...lineOf(sequence), urgency: 'urgent' as const }))
    const id = outbox.telling({ id: null, at: start, urgency: 'urgent', lines })
    outbox.shown(id, null, null)
    return id
  }
  const quiet = (because: QuietLine['because'], ...sequences: number[]) =>
    outbox.quiet(sequences.map((sequence) => ({ ...lineOf(sequence), because })))
  const sequencesOf = (filter: 'all' | 'told' | 'quiet', notification: NotificationId | null = null) =>
    log.page({ filter, notification, before: null, limit: 100 }).lines.map(({ key }) => Number(key.id.slice(2)))
  return { keeper, log, tell, quiet, sequencesOf }
}

test('a line says what was said, by which rule, when and of which change, and leads to its detection', () => {
  const { keeper, log, tell, quiet } = setUp(1)
  keeper.keep([trusted(content({ id: 'd-1', status: 'ongoing' }), { issued: 5 })])
  const notification = tell(1)
  quiet('continuing', 2)
  const line = {
    rule: 'mine',
    key: { organizationId: organization, id: 'd-1' as DetectionId },
    kindOfDetection: 'threat',
    type: 'CredentialStuffingAttempt',
    entityType: 'okta_user',
    entityId: '00u1',
    confidence: 0.9,
    trust: 'verified',
    isUnread: true,
  }
  const told = { kind: 'told', urgency: 'urgent', notification, isCertain: true }
  expect(log.page({ filter: 'all', notification: null, before: null, limit: 10 })).toEqual({
    lines: [
      { ...line, id: 2, at: at(2), said: { kind: 'quiet', because: 'continuing' }, status: 'ongoing' },
      { ...line, id: 1, at: at(1), said: told, status: 'detected' },
    ],
    next: null,
  })
  expect(log.of(1)).toEqual([
    { at: at(2), said: { kind: 'quiet', because: 'continuing' }, rule: 'mine' },
    { at: at(1), said: told, rule: 'mine' },
  ])
  expect(log.of(2)).toEqual([])
})

test('pages go on where the last one ended, newest first, whatever comes meanwhile', () => {
  const { log, tell, quiet } = setUp(9)
  for (let sequence = 1; sequence <= 7; sequence += 1) (sequence % 3 === 0 ? tell : quiet.bind(null, 'focused'))(sequence)
  const first = log.page({ filter: 'all', notification: null, before: null, limit: 4 })
  expect(first.lines.map(({ id }) => id)).toEqual([7, 6, 5, 4])
  tell(8)
  const second = log.page({ filter: 'all', notification: null, before: first.next, limit: 4 })
  expect(second.lines.map(({ id }) => id)).toEqual([3, 2, 1])
  expect(second.next).toBeNull()
})

test('what was told and what was not are listed apart, and what one notification told by itself, in pages', () => {
  const { log, tell, quiet, sequencesOf } = setUp(6)
  const first = tell(1, 3)
  quiet('focused', 2)
  const second = tell(4)
  quiet('off', 5)
  expect(sequencesOf('told')).toEqual([4, 3, 1])
  expect(sequencesOf('quiet')).toEqual([5, 2])
  expect(sequencesOf('all')).toEqual([5, 4, 2, 3, 1])
  expect(sequencesOf('all', first)).toEqual([3, 1])
  expect(sequencesOf('told', second)).toEqual([4])
  expect(sequencesOf('all', 99 as NotificationId)).toEqual([])
  const page = log.page({ filter: 'all', notification: first, before: null, limit: 1 })
  const next = log.page({ filter: 'all', notification: first, before: page.next, limit: 1 })
  expect([page.lines[0]?.key.id, next.lines[0]?.key.id, next.next]).toEqual(['d-3', 'd-1', null])
})

test('of each reason the newest stay, and none crowds out another', () => {
  const { tell, quiet, sequencesOf } = setUp(1_200, 3)
  tell(1)
  quiet('imported', ...Array.from({ length: 1_100 }, (_, index) => index + 2))
  expect(sequencesOf('all')).toEqual([1_101, 1_100, 1_099, 1])
})

test('nothing is said of a change that is gone', () => {
  const { tell, sequencesOf } = setUp(1)
  tell(77)
  expect(sequencesOf('all')).toEqual([])
})
