import type { PageKey } from '../../shared/ipc.ts'
import type { DetectionRow } from './detection-row.ts'
import { toInstant, toMillis } from './time.ts'

/** A place in the order of all lists: newest first, and by row within one moment. */
export type Key = { readonly changedAt: number; readonly row: number }

export function toKey({ changedAt, row }: PageKey): Key {
  return { changedAt: toMillis(changedAt), row }
}

export function toPageKey({ changedAt, row }: Key): PageKey {
  return { changedAt: toInstant(changedAt), row }
}

export function keyOf({ changed_at, row }: { readonly changed_at: number; readonly row: number }): Key {
  return { changedAt: changed_at, row }
}

export function newestFirst(one: DetectionRow, other: DetectionRow): number {
  return other.changed_at - one.changed_at || other.row - one.row
}

export function secondOf({ changed_at }: DetectionRow): number {
  return Math.trunc(changed_at / 1000)
}

export function isNewer(one: Key, other: Key): boolean {
  return one.changedAt > other.changedAt || (one.changedAt === other.changedAt && one.row > other.row)
}

export function isSame(one: Key, other: Key): boolean {
  return one.changedAt === other.changedAt && one.row === other.row
}
