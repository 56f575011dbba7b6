import { z } from 'zod'
import type { DetectionId, Instant, OrganizationId } from '../../shared/detection.ts'

/** More than any honest bundle has, and what a hostile one cannot exceed. */
export const bundleLimits = {
  fileBytes: 64 * 1024 * 1024,
  deliveries: 500,
  bodyBytes: 8 * 1024 * 1024,
  links: 100_000,
  keys: 1_000,
  /** Of one transition: how many changes, how long a name, and how much text they are together as JSON. */
  changes: 200,
  fieldLength: 256,
  changesLength: 16_384,
} as const

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
  .refine((text) => !Number.isNaN(Date.parse(text)))
  .transform((text) => text as Instant)
const text = z.string().max(2_048)
const sequence = z.int().positive()
const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/)

const bundleSchema = z.object({
  format: z.literal('tocsin-evidence'),
  version: z.literal(1),
  /** For whoever opens the file with an editor. */
  readme: z.string().max(20_000),
  madeAt: instant,
  madeBy: text,
  history: z.object({ id: text, genesis: hash }),
  organization: z.object({
    id: text.min(1).transform((id) => id as OrganizationId),
    /** null where an inlet was declared unsigned: nobody signed then. */
    issuer: text.nullable(),
    demo: z.boolean(),
  }),
  detectionId: text.min(1).transform((id) => id as DetectionId),
  keys: z
    .array(
      z.object({
        jwk: z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), alg: z.literal('ES256'), kid: text, x: coordinate, y: coordinate }),
        firstSeenAt: instant,
        confirmedAt: instant,
        retiredAt: instant.nullable(),
      }),
    )
    .max(bundleLimits.keys),
  deliveries: z
    .array(
      z
        .object({
          sequence,
          inlet: text,
          receivedAt: instant,
          trust: z.enum(['verified', 'late', 'unsigned']),
          keyId: text.nullable(),
          /** The body as received where it is a token; all three are null where retention has removed the content. */
          token: z.string().max(400_000).nullable(),
          /** The body as base64, where it is no token. */
          body: z.string().max(400_000).nullable(),
          /** JSON text, exactly as hashed. */
          headers: z.string().max(100_000).nullable(),
        })
        .refine(isWholeOrRemoved),
    )
    .max(bundleLimits.deliveries)
    // A place in the sequence is one delivery's: a second one there would lean on the first one's link.
    .refine((all) => all.every((one, index) => index === 0 || one.sequence > (all[index - 1]?.sequence ?? 0))),
  /** Older deliveries of the detection that found no room here. */
  olderLeftOut: z.int().nonnegative(),
  /** One segment from the first delivery to the last; several where they are too far apart for one. */
  chain: z
    .array(
      z.object({
        after: z.object({ sequence: z.int().nonnegative(), chainHash: hash }),
        links: z.array(z.object({ sequence, contentHash: hash, chainHash: hash })).max(bundleLimits.links),
      }),
    )
    .max(bundleLimits.deliveries),
  /** What the deliveries changed, in the order of their `iat`. */
  transitions: z
    .array(
      z.object({
        sequence,
        at: instant,
        receivedAt: instant,
        from: text.nullable(),
        to: text,
        changes: z
          .array(z.object({ field: z.string().max(bundleLimits.fieldLength), from: z.unknown(), to: z.unknown() }))
          .max(bundleLimits.changes),
        /** Changes that found no room here; the tokens have them. */
        changesLeftOut: z.int().nonnegative(),
        isUnsigned: z.literal(true).exactOptional(),
      }),
    )
    .max(bundleLimits.deliveries),
})

/** Everything needed to check one detection without the history it comes from, and without Tocsin. */
export type Bundle = z.infer<typeof bundleSchema>

export type BundleReading = { readonly kind: 'read'; readonly bundle: Bundle } | { readonly kind: 'refused'; readonly detail: string }

/** Reads the text of a bundle. Says nothing yet of whether what is in it is true. */
export function readBundle(text: string): BundleReading {
  if (Buffer.byteLength(text) > bundleLimits.fileBytes) return refused('it is larger than 64 MiB, which no bundle is')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refused('it is not JSON')
  }
  const named = z.object({ format: z.string(), version: z.number() }).safeParse(value)
  if (!named.success || named.data.format !== 'tocsin-evidence') return refused('it does not call itself an evidence bundle of Tocsin')
  if (named.data.version !== 1) return refused(`it has version ${named.data.version}, and this Tocsin reads version 1`)
  const parsed = bundleSchema.safeParse(value)
  if (parsed.success) return { kind: 'read', bundle: parsed.data }
  const [issue] = parsed.error.issues
  return refused(`its part ${JSON.stringify(issue?.path.join('.').slice(0, 100) ?? '')} has another form than a bundle has`)
}

/** Without its headers a body would not be bound to the chain; only what retention removed has neither. */
function isWholeOrRemoved({ token, body, headers }: { readonly [part in 'token' | 'body' | 'headers']: string | null }): boolean {
  return headers === null ? token === null && body === null : (token === null) !== (body === null)
}

function refused(detail: string): BundleReading {
  return { kind: 'refused', detail }
}
