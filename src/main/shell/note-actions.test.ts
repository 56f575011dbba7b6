import { expect, test } from 'vitest'
import type { DetectionId, DetectionKey, OrganizationId } from '../../shared/detection.ts'
import type { NotificationId } from '../../shared/inbox.ts'
import type { Triaged, UndoId } from '../../shared/triage.ts'
import type { Note } from '../notify/notifier.ts'
import { createNoteActions } from './note-actions.ts'

const notification = 7 as NotificationId
const keys: readonly DetectionKey[] = ['d1', 'd2'].map((id) => ({ organizationId: 'org' as OrganizationId, id: id as DetectionId }))
const done: Triaged = { kind: 'triaged', undo: 1 as UndoId, count: 2, isCapped: false, left: 0 }

function setUp(answer: () => Promise<Triaged>, keysOf: () => readonly DetectionKey[] = () => keys) {
  const log: unknown[] = []
  const shown: Note[] = []
  const act = createNoteActions({
    keysOf,
    write(wanted) {
      log.push(wanted)
      return answer()
    },
    close: (id) => log.push(`closed ${id}`),
    show: (note) => shown.push(note),
    onFault: (error) => log.push((error as Error).message),
    now: () => Date.UTC(2031, 4, 17, 14),
  })
  return { act, log, shown }
}

test.each([
  ['acknowledge', { state: 'acknowledged' }],
  ['snooze', { snoozedUntil: '2031-05-17T15:00:00.000Z' }],
] as const)('%s is done to all that the notification told of, closes it, and nothing is said', async (action, change) => {
  const { act, log, shown } = setUp(() => Promise.resolve(done))
  await act(notification, action)
  expect(log).toEqual(['closed 7', { of: { kind: 'keys', keys }, change }])
  expect(shown).toEqual([])
})

test('what was refused is said, in words', async () => {
  const { act, shown } = setUp(() => Promise.resolve({ kind: 'refused', detail: 'There is no room on the disk.' }))
  await act(notification, 'acknowledge')
  expect(shown).toMatchObject([
    { id: null, title: 'Acknowledging did not go as asked', body: 'There is no room on the disk.', actions: [] },
  ])
})

test.each(['keys', 'write'])('a fault of %s is written down and said', async (where) => {
  const fail = () => {
    throw new Error('disk I/O error')
  }
  const { act, log, shown } =
    where === 'keys' ? setUp(() => Promise.resolve(done), fail) : setUp(() => Promise.reject(new Error('disk I/O error')))
  await act(notification, 'snooze')
  expect(log).toContain('disk I/O error')
  expect(shown).toMatchObject([{ title: 'Snoozing did not go as asked' }])
})
