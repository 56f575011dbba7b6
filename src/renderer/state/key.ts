import type { DetectionKey } from '../../shared/detection.ts'

/** One string per detection. A space cannot stand in an organization's id as SlashID makes them, so no two keys are equal by accident. */
export function keyOf(key: DetectionKey): string {
  return `${key.organizationId} ${key.id}`
}
