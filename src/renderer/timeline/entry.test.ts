import { describe, expect, test } from 'vitest'
import { detectionOf } from '../state/memory-bridge.ts'
import { place } from '../state/placed.ts'
import { entryName, toEntry, toItems } from './entry.ts'
import { summarize } from './summary.ts'

const day = 86_400
const rows = [detectionOf(2 * day), detectionOf(2 * day - 1), detectionOf(day), detectionOf(0)].map(place)

describe('the list', () => {
  test('has a heading above the first entry of each day, and counts entries only', () => {
    const items = toItems(rows, '2031-05-19', { gaps: [], end: 'The end' }, 'UTC')
    expect(items.map((item) => (item.kind === 'entry' ? item.position : 'label' in item && item.label))).toEqual([
      'Today',
      0,
      'Yesterday',
      1,
      2,
      'Saturday 17 May',
      3,
      'The end',
    ])
    expect(new Set(items.map((item) => item.key)).size).toBe(items.length)
  })

  test('has no end while there is nothing', () => {
    expect(toItems([], '2031-05-19', { gaps: [], end: 'The end' }, 'UTC')).toEqual([])
  })

  test('is grouped by where a row stands, not by a change that did not move it', () => {
    const [row] = rows
    if (!row) throw new Error('no row')
    const changed = { ...row, detection: detectionOf(9 * day) }
    expect(toItems([changed], '2031-05-19', { gaps: [], end: null }, 'UTC')[0]).toMatchObject({ kind: 'day', label: 'Today' })
  })
})

test('a screen reader hears everything the row shows, and nothing hidden in it', () => {
  const detection = detectionOf(0, {
    type: 'adm\u202enimda',
    confidence: 0.93,
    entityType: 'okta_user',
    entityId: '00u1',
    sourceType: 'okta_org',
    demo: true,
  })
  const name = entryName(toEntry(place(detection), 0, 'Today'))
  expect(name).toMatch(
    /^unread, threat, adm⟨RLO⟩nimda, detected, confidence 0\.93, okta_user 00u1, okta_org, Today \d\d:\d\d, verified, demo$/,
  )
  expect(entryName(toEntry(place(detection), 0, 'Today'), 'Example')).toMatch(/verified, Example, demo$/)
})

test('the summary counts what is loaded', () => {
  const posture = detectionOf(5, { kind: 'posture', status: 'ongoing', triage: { ...detectionOf(5).triage, isUnread: false } })
  expect(summarize([...rows, place(posture)])).toEqual({ threat: 4, posture: 1, ongoing: 1, unread: 4 })
})
