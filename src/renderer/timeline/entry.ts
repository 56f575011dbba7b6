import type { Detection, Instant } from '../../shared/detection.ts'
import type { Placed } from '../state/placed.ts'
import { toVisible } from '../ui/safe-text.ts'
import { clockTime, dayName, dayOf } from '../ui/time.ts'
import type { GapRow } from './gap-rows.ts'

/** A detection as the timeline shows it, at the time it stands for. `position` counts entries only, from 0. */
export type Entry = {
  readonly kind: 'entry'
  readonly key: string
  readonly detection: Detection
  readonly position: number
  readonly day: string
  readonly placedAt: Instant
  /** The gaps between it and the entry above: for the ear, which does not reach their rows. */
  readonly gapsAbove: readonly GapItem[]
}
export type DayHeading = { readonly kind: 'day'; readonly key: string; readonly day: string; readonly label: string }
/** `day` is the one it stands under, as `dayOf` gives it. */
export type GapItem = { readonly kind: 'gap'; readonly key: string; readonly row: GapRow; readonly day: string }
export type Item = Entry | DayHeading | GapItem | { readonly kind: 'end'; readonly key: 'end'; readonly label: string }

export function toEntry(row: Placed, position: number, day: string, gapsAbove: readonly GapItem[] = []): Entry {
  return { kind: 'entry', key: row.key, detection: row.detection, position, day, placedAt: row.placedAt, gapsAbove }
}

/** What stands around the rows: gaps by their end, newest first, and what the list ends with. */
export type Around = { readonly gaps: readonly GapRow[]; readonly end: string | null }

/** The rows and the gaps between them, with a heading above the first of each day. Days are the user's own, not UTC. */
export function toItems(rows: readonly Placed[], today: string, { gaps, end }: Around, timeZone?: string): readonly Item[] {
  const items: Item[] = []
  let day = null as string | null
  let label = ''
  const under = (next: string): void => {
    if (next === day) return
    day = next
    label = dayName(next, today)
    items.push({ kind: 'day', key: `day ${next}`, day: next, label })
  }
  let nextGap = 0
  for (const [position, row] of rows.entries()) {
    const above: GapItem[] = []
    // A gap stands where it ended: what came in afterwards is above it, what belongs to its time below.
    for (let gap = gaps[nextGap]; gap && (gap.to === null || gap.to >= row.placedAt); gap = gaps[++nextGap]) {
      const gapDay = gap.to === null ? today : dayOf(Date.parse(gap.to), timeZone)
      // A row with a clock of its own can stand above a gap of a later day: days do not go back and forth for that.
      if (day === null || gapDay < day) under(gapDay)
      const item: GapItem = { kind: 'gap', key: gap.key, row: gap, day: day ?? gapDay }
      above.push(item)
      items.push(item)
    }
    under(dayOf(Date.parse(row.placedAt), timeZone))
    items.push(toEntry(row, position, label, above))
  }
  if (end !== null && rows.length > 0) items.push({ kind: 'end', key: 'end', label: end })
  return items
}

/** What a screen reader says of an entry: everything the two lines show, in the order people ask. The organization is named where there are several. */
export function entryName({ detection, day, placedAt }: Entry, organization: string | null = null, gaps: readonly string[] = []): string {
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
    ...gaps.map((words) => `above it: ${toVisible(words, 200)}`),
  ]
  return parts.filter((part) => part !== null && part !== '').join(', ')
}
