import type { Instant } from './detection.ts'

/** A stretch of time, `to` exclusive. */
export type TimeRange = { readonly from: Instant; readonly to: Instant }

/** Where a range ends that stays open to whatever arrives. */
export const openEnd = '9999-12-31T23:59:59.999Z' as Instant

/** Which detections a view is about: a search ('' is everything), and the range drawn on the timeline, by detectedAt. */
export type Wanted = { readonly text: string; readonly range: TimeRange | null }

/** Whether both are about the same detections. */
export function isSame(one: Wanted, other: Wanted): boolean {
  return one.text === other.text && one.range?.from === other.range?.from && one.range?.to === other.range?.to
}

/** Names of the views, as they stand in an address. */
export const views = ['timeline', 'inbox', 'entities', 'posture', 'attack', 'digest', 'rules', 'connections', 'settings'] as const
export type View = (typeof views)[number]

/** What a link begins with that opens a view of the app; the rest is an address without its `#/`. */
export const linkPrefix = 'tocsin://open/'
export const longestLink = 4_000
