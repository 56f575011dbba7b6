import { expect, test } from 'vitest'
import type { DetectionId, Sequence } from '../../shared/detection.ts'
import type { Said } from '../../shared/inbox.ts'
import { createNotificationLog } from './notification-log.ts'
import { at, content, organization, start, testDeliveries, trusted } from './test-support.ts'

const told: Said = { kind: 'told', urgency: 'urgent' }
const quiet: Said = { kind: 'quiet', because: 'focused' }

function setUp(count: number, most?: number) {
  const { db, keeper } = testDeliveries()
  keeper.keep(Array.from({ length: count }, (_, index) => trusted(content({ id: `d-${index + 1}` }), { issued: index })))
  const log = createNotificationLog(db, most)
  const say = (sequence: number, said: Said) => log.add([{ sequence: sequence as Sequence, at: start + sequence * 1000, said }])
  const sequencesOf = (filter: 'all' | 'told' | 'quiet') =>
    log.page({ filter, before: null, limit: 100 }).lines.map(({ key }) => Number(key.id.slice(2)))
  return { db, keeper, log, say, sequencesOf }
}

test('a line says what was said, when and of which change, and leads to its detection', () => {
  const { keeper, log, say } = setUp(1)
  keeper.keep([trusted(content({ id: 'd-1', status: 'ongoing' }), { issued: 5 })])
  say(1, told)
  say(2, { kind: 'quiet', because: 'continuing' })
  const line = {
    key: { organizationId: organization, id: 'd-1' as DetectionId },
    kindOfDetection: 'threat',
    type: 'CredentialStuffingAttempt',
    entityType: 'okta_user',
    entityId: '00u1',
    confidence: 0.9,
    trust: 'verified',
    isUnread: true,
  }
  expect(log.page({ filter: 'all', before: null, limit: 10 })).toEqual({
    lines: [
      { ...line, id: 2, at: at(2), said: { kind: 'quiet', because: 'continuing' }, status: 'ongoing' },
      { ...line, id: 1, at: at(1), said: told, status: 'detected' },
    ],
    next: null,
  })
  expect(log.newestOf(1)).toEqual({ at: start + 2_000, said: { kind: 'quiet', because: 'continuing' } })
  expect(log.newestOf(2)).toBeNull()
})

test('pages go on where the last one ended, newest first, whatever comes meanwhile', () => {
  const { log, say } = setUp(9)
  for (let sequence = 1; sequence <= 7; sequence += 1) say(sequence, sequence % 3 === 0 ? told : quiet)
  const first = log.page({ filter: 'all', before: null, limit: 4 })
  expect(first.lines.map(({ id }) => id)).toEqual([7, 6, 5, 4])
  say(8, told)
  const second = log.page({ filter: 'all', before: first.next, limit: 4 })
  expect(second.lines.map(({ id }) => id)).toEqual([3, 2, 1])
  expect(second.next).toBeNull()
})

test('what was told and what was not are listed apart', () => {
  const { say, sequencesOf } = setUp(5)
  say(1, told)
  say(2, quiet)
  say(3, { kind: 'told', urgency: 'normal' })
  say(4, { kind: 'quiet', because: 'imported' })
  expect(sequencesOf('told')).toEqual([3, 1])
  expect(sequencesOf('quiet')).toEqual([4, 2])
  expect(sequencesOf('all')).toEqual([4, 3, 2, 1])
})

test('of each reason the newest stay, and none crowds out another', () => {
  const { log, sequencesOf } = setUp(1_200, 3)
  log.add([{ sequence: 1 as Sequence, at: start, said: told }])
  log.add(
    Array.from({ length: 1_100 }, (_, index) => ({
      sequence: (index + 2) as Sequence,
      at: start,
      said: { kind: 'quiet', because: 'imported' } as const,
    })),
  )
  expect(sequencesOf('all')).toEqual([1_101, 1_100, 1_099, 1])
})

test('nothing is said of a change that is gone', () => {
  const { log, say } = setUp(1)
  say(77, told)
  expect(log.page({ filter: 'all', before: null, limit: 10 }).lines).toEqual([])
})
