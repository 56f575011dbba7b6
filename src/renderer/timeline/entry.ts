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
/** What stands between a row and the one above it. */
export type Above = DayHeading | GapItem

export const headingHeight = 36
export const gapHeight = 28

export function toEntry(row: Placed, position: number, day: string, above: readonly Above[] = []): Entry {
  const gapsAbove = above.filter((item) => item.kind === 'gap')
  return { kind: 'entry', key: row.key, detection: row.detection, position, day, placedAt: row.placedAt, gapsAbove }
}

// Asked again with every pixel of scrolling.
const days = new WeakMap<Placed, string>()

/** The day a row stands under. Days are the user's own, not UTC. */
export function dayOfRow(row: Placed, timeZone?: string): string {
  const known = timeZone === undefined ? days.get(row) : undefined
  if (known !== undefined) return known
  const day = dayOf(Date.parse(row.placedAt), timeZone)
  if (timeZone === undefined) days.set(row, day)
  return day
}

/** What stands around the rows: gaps by their end, newest first. */
export type Around = { readonly gaps: readonly GapRow[]; readonly today: string; readonly timeZone?: string }

/** The gaps between a row and the one above it, null for the first, with a heading wherever a day begins. */
export function toAbove(row: Placed, previous: Placed | null, { gaps, today, timeZone }: Around): readonly Above[] {
  const items: Above[] = []
  let day = previous === null ? null : dayOfRow(previous, timeZone)
  const under = (next: string): void => {
    if (next === day) return
    day = next
    items.push({ kind: 'day', key: `day ${next}`, day: next, label: dayName(next, today) })
  }
  for (const gap of gaps) {
    // A gap stands where it ended: what came in afterwards is above it, what belongs to its time below.
    if (gap.to !== null && gap.to < row.placedAt) break
    if (previous !== null && (gap.to === null || gap.to >= previous.placedAt)) continue
    const gapDay = gap.to === null ? today : dayOf(Date.parse(gap.to), timeZone)
    // A row with a clock of its own can stand above a gap of a later day: days do not go back and forth for that.
    if (day === null || gapDay < day) under(gapDay)
    items.push({ kind: 'gap', key: gap.key, row: gap, day: day ?? gapDay })
  }
  under(dayOfRow(row, timeZone))
  return items
}

export function heightOf(above: readonly Above[]): number {
  return above.reduce((sum, { kind }) => sum + (kind === 'day' ? headingHeight : gapHeight), 0)
}

/** What a screen reader says of an entry: everything the two lines show, in the order people ask. The organization is named where there are several. */
export function entryName({ detection, day, placedAt }: Entry, organization: string | null = null, gaps: readonly string[] = []): string {
  const { kind, type, status, confidence, entityType, entityId, sourceType, trust, triage, demo, imported } = detection
  const parts = [
    triage.isUnread ? 'unread' : null,
    triage.state === 'new' ? null : triage.state,
    triage.snoozedUntil === null ? null : 'snoozed',
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
    triage.verdict === null ? null : triage.verdict.replace('-', ' '),
    ...triage.labels.slice(0, 5).map((label) => `label ${toVisible(label, 40)}`),
    organization === null ? null : toVisible(organization, 80),
    demo ? 'demo' : null,
    imported ? 'imported' : null,
    ...gaps.map((words) => `above it: ${toVisible(words, 200)}`),
  ]
  return parts.filter((part) => part !== null && part !== '').join(', ')
}
