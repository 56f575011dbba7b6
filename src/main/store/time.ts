import type { Instant } from '../../shared/detection.ts'

/** Rows keep moments as milliseconds since 1970, the domain as ISO text; these two are the only way between them. */
export function toMillis(instant: Instant): number {
  return Date.parse(instant)
}

export function toInstant(millis: number): Instant {
  return new Date(millis).toISOString() as Instant
}

export function toMillisOrNull(instant: Instant | null): number | null {
  return instant === null ? null : toMillis(instant)
}

export function toInstantOrNull(millis: number | null): Instant | null {
  return millis === null ? null : toInstant(millis)
}

/** A damaged row may hold any number, and must not end a walk that is there to find it. */
export function nearestInstant(millis: number): Instant {
  const lastMillis = Date.UTC(9999, 11, 31)
  return toInstant(Math.min(Math.max(millis, 0), lastMillis))
}
