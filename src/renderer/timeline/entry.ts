import type { Detection, Instant } from '../../shared/detection.ts'
import type { Placed } from '../state/placed.ts'
import { toVisible } from '../ui/safe-text.ts'
import { clockTime, dayName, dayOf } from '../ui/time.ts'

/** A detection as the timeline shows it, at the time it stands for. `position` counts entries only, from 0. */
export type Entry = {
  readonly kind: 'entry'
  readonly key: string
  readonly detection: Detection
  readonly position: number
  readonly day: string
  readonly placedAt: Instant
}
export type DayHeading = { readonly kind: 'day'; readonly key: string; readonly day: string; readonly label: string }
export type Item = Entry | DayHeading | { readonly kind: 'end'; readonly key: 'end'; readonly label: string }

export function toEntry(row: Placed, position: number, day: string): Entry {
  return { kind: 'entry', key: row.key, detection: row.detection, position, day, placedAt: row.placedAt }
}

/** The rows with a heading above the first one of each day. Days are the user's own, not UTC. */
export function toItems(rows: readonly Placed[], today: string, end: string | null, timeZone?: string): readonly Item[] {
  const items: Item[] = []
  let day: string | null = null
  let label = ''
  for (const [position, row] of rows.entries()) {
    const rowDay = dayOf(Date.parse(row.placedAt), timeZone)
    if (rowDay !== day) {
      day = rowDay
      label = dayName(rowDay, today)
      items.push({ kind: 'day', key: `day ${rowDay}`, day: rowDay, label })
    }
    items.push(toEntry(row, position, label))
  }
  if (end !== null && rows.length > 0) items.push({ kind: 'end', key: 'end', label: end })
  return items
}

/** What a screen reader says of an entry: everything the two lines show, in the order people ask. The organization is named where there are several. */
export function entryName({ detection, day, placedAt }: Entry, organization: string | null = null): string {
  const { kind, type, status, confidence, entityType, entityId, sourceType, trust, triage, demo, imported } = detection
  const parts = [
    triage.isUnread ? 'unread' : null,
    kind,
    type === '' ? 'no type' : toVisible(type, 80),
    toVisible(status, 24),
    confidence === null ? null : `confidence ${confidence.toFixed(2)}`,
    [entityType, entityId]
      .filter((text) => text !== null)
      .map((text) => toVisible(text, 80))
      .join(' '),
    sourceType === null ? null : toVisible(sourceType, 40),
    `${day} ${clockTime(placedAt)}`,
    trust,
    organization === null ? null : toVisible(organization, 80),
    demo ? 'demo' : null,
    imported ? 'imported' : null,
  ]
  return parts.filter((part) => part !== null && part !== '').join(', ')
}
