import { z } from 'zod'
import type { DetectionId, Instant, OrganizationId } from '../../shared/detection.ts'
import type { Argument, RequestName } from '../../shared/ipc.ts'

const mebibyte = 1_048_576

/** An id is the sender's word: any text, of a length that no honest id reaches. */
const id = z.string().min(1).max(512)
const branded = <Id extends string>() => id.transform((text) => text as Id)
const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .transform((text) => text as Instant)
const nothing = z.null()

/**
 * The shape of every request's argument: strict objects and bounded text, so that nothing large or unexpected passes. Whether
 * the words in it make sense (an origin, a JWK set) is for the handler to say, in words the user can read.
 */
export const argumentSchemas: { readonly [N in RequestName]: z.ZodType<Argument<N>> } = {
  // A page could ask for the whole history at once and stall main: the text and the number of rows are bounded.
  'timeline:page': z.strictObject({
    text: z.string().max(1_000),
    before: z.strictObject({ changedAt: instant, row: z.int().nonnegative() }).nullable(),
    limit: z.int().min(1).max(500),
  }),
  // A page could look for what it was not shown: the key names one detection, which the user may read anyway.
  'detection:open': z.strictObject({ organizationId: branded<OrganizationId>(), id: branded<DetectionId>() }),
  // Counts and words only: there is nothing to take.
  'health:read': nothing,
  // The receiver's address with its secret is told: with it anyone can be heard by the receiver, not believed.
  'app:read': nothing,
  // A page could fill the history with samples: the handler sends one at a time, and they are marked as a demonstration.
  'sample:send': nothing,
  // Names, issuers and key ids: public keys only, no secret.
  'organizations:list': nothing,
  // A page could have an attacker's organization believed, or main fetch from an address of its choice: the handler restricts the
  // issuer, and every organization is shown by name.
  'organization:add': z.strictObject({
    id: z.string().max(512),
    issuer: z.string().max(2_048),
    name: z.string().max(200),
    jwks: z.string().max(65_536).nullable(),
  }),
  // A page could keep the receiver from listening by restarting it for ever: the handler lets one restart finish before the next.
  'receiver:restart': nothing,
  // Choices of the user: no secret is among them.
  'settings:read': nothing,
  // A page could turn notifications off, as the user can: the change is pushed to every view, and nothing else can be written.
  'settings:write': z.strictObject({
    theme: z.enum(['system', 'dark', 'light']).exactOptional(),
    notify: z.boolean().exactOptional(),
    publicOrigin: z.string().max(2_048).nullable().exactOptional(),
  }),
  // A page could plant a command for a terminal: text only and bounded, and the clipboard is never read.
  'clipboard:write': z.string().refine((text) => Buffer.byteLength(text) <= mebibyte),
}
