import { z } from 'zod'
import type { DetectionId, DetectionKey, Instant, OrganizationId, Sequence } from '../../../shared/detection.ts'
import { kindOf, type InletId } from '../../../shared/inlets.ts'
import type { Argument, RequestName } from '../../../shared/ipc.ts'
import { longestSearch } from '../../../shared/search-fields.ts'
import type { AsOf, TriageOf } from '../../../shared/triage.ts'
import type { TimeRange } from '../../../shared/view.ts'

export type Schemas = { readonly [N in RequestName]: z.ZodType<Argument<N>> }

export const nothing = z.null()
/** An id is the sender's word: any text, of a length that no honest id reaches. */
const id = z.string().min(1).max(512)
export const branded = <Id extends string>() => id.transform((text) => text as Id)
export const detectionKey: z.ZodType<DetectionKey> = z.strictObject({
  organizationId: branded<OrganizationId>(),
  id: branded<DetectionId>(),
})
export const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .refine((text) => !Number.isNaN(Date.parse(text)))
  .transform((text) => text as Instant)
export const sequence = z
  .int()
  .positive()
  .transform((number) => number as Sequence)
export const inletId = z
  .string()
  .max(32)
  .refine((text) => kindOf(text) !== null)
  .transform((text) => text as InletId)
export const url = z.string().max(2_048)

export const range: z.ZodType<TimeRange> = z.strictObject({ from: instant, to: instant }).refine(({ from, to }) => from <= to)
/** As many as a person can choose row by row; more are named by a search. */
const mostKeys = 10_000
const keys = z.array(detectionKey).min(1).max(mostKeys)

/** What a view is about: a search and a range. To be spread into strict objects. */
export const wanted = { text: z.string().max(longestSearch), range: range.nullable() }

const asOf: z.ZodType<AsOf> = z.strictObject({ sequence: z.int().nonnegative(), late: z.int().nonnegative() })

/** Detections by name, or all that a view finds. */
export const triageOf: z.ZodType<TriageOf> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('keys'), keys }),
  z.strictObject({ kind: z.literal('view'), except: keys.exactOptional(), asOf: asOf.exactOptional(), ...wanted }),
])
