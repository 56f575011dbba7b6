import { expect, test } from 'vitest'
import type { DetectionId, Instant, OrganizationId } from '../../shared/detection.ts'
import type { InboxLine } from '../../shared/inbox.ts'
import { dayHeight, lineHeight, rowAt, rowsBetween, toRows } from './rows.ts'

/** The newest first, one an hour, from noon on. */
function linesOf(count: number): readonly InboxLine[] {
  return Array.from({ length: count }, (_, index) => ({
    id: count - index,
    at: new Date(new Date(2031, 4, 17, 12).getTime() - index * 3_600_000).toISOString() as Instant,
    said: { kind: 'told', urgency: 'normal', notification: null, isCertain: true },
    rule: null,
    key: { organizationId: 'org' as OrganizationId, id: `d${index}` as DetectionId },
    kindOfDetection: 'threat',
    type: 'CredentialStuffingAttempt',
    entityType: null,
    entityId: null,
    confidence: null,
    trust: 'verified',
    status: 'detected',
    isUnread: true,
  }))
}

test('lines stand one below the other, and the first of each day has its name above it', () => {
  const { rows, height } = toRows(linesOf(30), '2031-05-17')
  expect(rows.flatMap(({ day, index }) => (day === null ? [] : [[index, day]]))).toEqual([
    [0, 'Today'],
    [13, 'Yesterday'],
  ])
  for (const [index, row] of rows.entries()) expect(row.top).toBe(index * lineHeight + (index > 13 ? 2 : index > 0 ? 1 : 0) * dayHeight)
  expect(height).toBe(30 * lineHeight + 2 * dayHeight)
  expect(toRows([], '2031-05-17')).toEqual({ rows: [], height: 0 })
})

test('of thousands only those in sight are there, and the one with the focus', () => {
  const all = toRows(linesOf(5_000), '2031-05-17')
  const ids = (from: number, focused: number | null = null) => rowsBetween(all, from, from + 1_000, focused).map(({ line }) => line.id)
  expect(ids(0)[0]).toBe(5_000)
  for (const from of [0, 1, 51, 52, 53, 100_000, all.height - 1_000, all.height + 999]) {
    expect(ids(from).length).toBeLessThanOrEqual(Math.ceil(1_000 / lineHeight) + 1)
    const row = rowAt(all, from)
    expect(row && row.top <= Math.max(0, from)).toBe(true)
  }
  expect(ids(all.height - 1_000).at(-1)).toBe(1)
  expect(ids(0, 1).at(-1)).toBe(1)
  expect(ids(all.height - 1_000, 5_000)[0]).toBe(5_000)
  expect(ids(0, 4_999)).toEqual(ids(0))
  expect(ids(0, 12_345)).toEqual(ids(0))
  expect(rowsBetween(toRows([], '2031-05-17'), 0, 1_000, null)).toEqual([])
})
