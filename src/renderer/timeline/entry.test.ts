import { describe, expect, test } from 'vitest'
import { detectionOf } from '../state/memory-bridge.ts'
import { place } from '../state/placed.ts'
import { entryName, toAbove, toEntry } from './entry.ts'

const day = 86_400
const rows = [detectionOf(2 * day), detectionOf(2 * day - 1), detectionOf(day), detectionOf(0)].map(place)

/** What stands above each row, as the list shows it. */
function labels(list: typeof rows, today: string): readonly (string | number)[] {
  return list.flatMap((row, index) => [
    ...toAbove(row, list[index - 1] ?? null, { gaps: [], today, timeZone: 'UTC' }).map((item) =>
      item.kind === 'day' ? item.label : item.key,
    ),
    index,
  ])
}

describe('the list', () => {
  test('has a heading above the first entry of each day', () => {
    expect(labels(rows, '2031-05-19')).toEqual(['Today', 0, 'Yesterday', 1, 2, 'Saturday 17 May', 3])
  })

  test('is grouped by where a row stands, not by a change that did not move it', () => {
    const [row] = rows
    if (!row) throw new Error('no row')
    expect(labels([{ ...row, detection: detectionOf(9 * day) }], '2031-05-19')).toEqual(['Today', 0])
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
  const triage = { ...detection.triage, state: 'done', verdict: 'false-positive', labels: ['vpn'], isUnread: false } as const
  expect(entryName(toEntry(place({ ...detection, triage }), 0, 'Today'))).toMatch(
    /^done, threat, .* verified, false positive, label vpn, demo$/,
  )
  expect(entryName(toEntry(place(detection), 0, 'Today'), 'Example')).toMatch(/verified, Example, demo$/)
})
