import { z } from 'zod'
import type { DetectionId, Instant, OrganizationId } from '../../shared/detection.ts'
import { longestNote, longestReason, mostNotes } from '../../shared/triage.ts'

/**
 * A line of an archive. Exports write a detection in the shape of `Detection` with the deliveries it was made of, and where these
 * have no room on one line, lines of further ones; imports read this much of it and make everything else anew.
 */
export const archiveLimits = {
  /** Deliveries begin another line after this many bytes of theirs, as they are written. */
  lineBytes: 2 * 1024 * 1024,
  /** Notes go on on another line after this many bytes of theirs. */
  noteBytes: 1024 * 1024,
  /** A longer line is none of ours. */
  longestLine: 8 * 1024 * 1024,
  /** Of one delivery, as at the receiver. */
  bodyBytes: 256 * 1024,
  deliveries: 10_000,
} as const

const instant = z.iso.datetime().transform((text) => new Date(text).toISOString() as Instant)
const id = z.string().min(1).max(512)

const deliverySchema = z.object({
  receivedAt: instant,
  inlet: z.string().max(64),
  trust: z.enum(['verified', 'late', 'unsigned']),
  /** All of those of a request are no longer. */
  headers: z.record(z.string().max(8192), z.string().max(8192)).nullable(),
  /** Text as it was received. Where it is no UTF-8 it is in `base64`; both are null where retention has removed it. */
  body: z.string().nullable(),
  base64: z.base64().optional(),
})
export type ArchivedDelivery = z.infer<typeof deliverySchema>

const triageSchema = z.object({
  state: z.enum(['new', 'acknowledged', 'done']),
  verdict: z.enum(['true-positive', 'false-positive', 'expected']).nullable(),
  labels: z.array(z.string().min(1).max(256)).max(64),
  snoozedUntil: instant.nullable(),
  isUnread: z.boolean(),
})

const ownSchema = z.object({
  verdictReason: z.string().max(longestReason).nullable(),
  isKept: z.boolean(),
  notes: z.array(z.object({ at: instant, text: z.string().min(1).max(longestNote) })).max(mostNotes),
})
export type ArchivedOwn = z.infer<typeof ownSchema>

export const archiveLine = z.object({
  organizationId: id.transform((text) => text as OrganizationId),
  id: id.transform((text) => text as DetectionId),
  /** Not on a line of further deliveries. */
  triage: triageSchema.optional(),
  /** What else the user made of it; not there where that is nothing, nor in archives of older versions. */
  own: ownSchema.optional(),
  deliveries: z.array(deliverySchema).max(archiveLimits.deliveries),
})
export type ArchiveLine = z.infer<typeof archiveLine>
