import type { Instant } from '../../shared/detection.ts'

/** The moment `ms` after the epoch. Only years 1970 to 9999 have the four digits that make text order time order. */
export function toInstant(ms: number): Instant {
  return new Date(ms).toISOString() as Instant
}

/** 9999-12-31T23:59:59.999Z */
export const lastInstantMs = 253_402_300_799_999
