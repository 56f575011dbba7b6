import type { Instant } from '../../shared/detection.ts'
import { toInstant } from '../state/instant.ts'

/** As a field for a day and a time has it, by this computer's calendar. */
export function toLocal(instant: Instant): string {
  const at = new Date(instant)
  const two = (part: number): string => String(part).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`
}

/** null where it is no day and time. */
export function fromLocal(text: string): Instant | null {
  const at = new Date(text).getTime()
  return text === '' || Number.isNaN(at) || Math.abs(at) > 8.64e15 ? null : toInstant(at)
}
