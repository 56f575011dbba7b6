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
