import type { Instant } from '../../shared/detection.ts'

/** Of epoch ms. */
export function toInstant(at: number): Instant {
  return new Date(at).toISOString() as Instant
}
