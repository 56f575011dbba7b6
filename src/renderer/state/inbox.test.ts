import { expect, test, vi } from 'vitest'
import type { DetectionId, Instant, OrganizationId } from '../../shared/detection.ts'
import type { InboxLine, NotificationId } from '../../shared/inbox.ts'
import { Inbox } from './inbox.svelte.ts'
import { createMemoryBridge, detectionOf } from './memory-bridge.ts'

function lineOf(id: number, more: Partial<InboxLine> = {}): InboxLine {
  return {
    id,
    at: '2031-05-17T00:00:00.000Z' as Instant,
    said: { kind: 'told', urgency: 'normal', notification: (id % 2) as NotificationId, isCertain: true },
    rule: null,
    key: { organizationId: 'org' as OrganizationId, id: `d${id}` as DetectionId },
    kindOfDetection: 'threat',
    type: 'CredentialStuffingAttempt',
    entityType: null,
    entityId: null,
    confidence: null,
    trust: 'verified',
    status: 'detected',
    isUnread: true,
    ...more,
  }
}

/** A log of so many lines. */
function inboxOf(count: number) {
  let all = Array.from({ length: count }, (_, index) => lineOf(count - index))
  const memory = createMemoryBridge({
    'inbox:page': ({ notification, before, limit }) => {
      const isWanted = ({ id, said }: InboxLine) =>
        (before === null || id < before) && (notification === null || (said.kind === 'told' && said.notification === notification))
      const lines = all.filter(isWanted).slice(0, limit)
      return { lines, next: lines.length < limit ? null : (lines.at(-1)?.id ?? null) }
    },
  })
  return {
    ...memory,
    inbox: new Inbox(memory.bridge),
    add(line: InboxLine): void {
      all = [line, ...all]
      memory.push('inbox:changed', null)
    },
  }
}

test('older lines are loaded page by page, and what arrives above keeps them', async () => {
  const { inbox, add } = inboxOf(250)
  inbox.visit('all')
  await vi.waitFor(() => expect(inbox.phase).toBe('ready'))
  await inbox.loadOlder()
  await inbox.loadOlder()
  expect([inbox.lines.length, inbox.hasMore]).toEqual([250, false])
  add(lineOf(251))
  await vi.waitFor(() => expect(inbox.lines[0]?.id).toBe(251))
  expect(inbox.lines.map(({ id }) => id)).toEqual(Array.from({ length: 251 }, (_, index) => 251 - index))
})

test('of one notification only its own lines are shown, page by page, and the way back shows all again', async () => {
  const { inbox } = inboxOf(250)
  const leave = inbox.visit('all')
  await vi.waitFor(() => expect(inbox.phase).toBe('ready'))
  leave()
  inbox.visit('all', 1 as NotificationId)
  expect([inbox.lines, inbox.phase], 'nothing of the others is left standing').toEqual([[], 'loading'])
  await vi.waitFor(() => expect(inbox.phase).toBe('ready'))
  await inbox.loadOlder()
  expect(inbox.lines.map(({ id }) => id)).toEqual(Array.from({ length: 125 }, (_, index) => 249 - 2 * index))
  expect([inbox.hasMore, inbox.unread]).toEqual([false, 100])
  inbox.visit('all')
  await vi.waitFor(() => expect(inbox.lines[0]?.id).toBe(250))
})

test('while nobody looks only the unread are counted', async () => {
  const { inbox, asked, add } = inboxOf(3)
  await vi.waitFor(() => expect(inbox.unread).toBe(3))
  add(lineOf(4))
  await vi.waitFor(() => expect(inbox.unread).toBe(4))
  expect(asked.every(({ argument }) => (argument as { filter: string }).filter === 'told')).toBe(true)
  expect(inbox.lines).toEqual([])
})

test('opening a detection makes its lines read', async () => {
  const { inbox, push } = inboxOf(2)
  inbox.visit('all')
  await vi.waitFor(() => expect(inbox.phase).toBe('ready'))
  const { triage } = detectionOf(2)
  push('detections:changed', { changed: [detectionOf(2, { triage: { ...triage, isUnread: false } })], more: false })
  expect(inbox.lines.map(({ isUnread }) => isUnread)).toEqual([false, true])
})

test('a log that cannot be read says so, and reads again', async () => {
  const { inbox, handlers } = inboxOf(1)
  const page = handlers['inbox:page'] ?? (() => ({ lines: [], next: null }))
  handlers['inbox:page'] = () => Promise.reject(new Error('disk I/O error'))
  inbox.visit('all')
  await vi.waitFor(() => expect(inbox.phase).toBe('failed'))
  handlers['inbox:page'] = page
  await inbox.read()
  expect([inbox.phase, inbox.lines.length]).toEqual(['ready', 1])
})

test('lines stay where they cannot be read again, and that is said until they can', async () => {
  const { inbox, handlers } = inboxOf(250)
  const page = handlers['inbox:page'] ?? (() => ({ lines: [], next: null }))
  inbox.visit('all')
  await vi.waitFor(() => expect(inbox.phase).toBe('ready'))
  handlers['inbox:page'] = () => Promise.reject(new Error('disk I/O error'))
  await inbox.read()
  expect([inbox.phase, inbox.lines.length, inbox.trouble]).toEqual(['failed', 100, 'disk I/O error'])
  handlers['inbox:page'] = page
  await inbox.read()
  expect([inbox.phase, inbox.lines.length, inbox.trouble]).toEqual(['ready', 100, null])
})

test('of another question no lines stay, and what fails of the one before is no trouble of it', async () => {
  const { inbox, handlers } = inboxOf(250)
  inbox.visit('all')
  await vi.waitFor(() => expect(inbox.phase).toBe('ready'))
  handlers['inbox:page'] = () => Promise.reject(new Error('disk I/O error'))
  const older = inbox.loadOlder()
  inbox.visit('told')
  await older
  await vi.waitFor(() => expect(inbox.phase).toBe('failed'))
  expect([inbox.lines, inbox.older === 'failed']).toEqual([[], false])
})
