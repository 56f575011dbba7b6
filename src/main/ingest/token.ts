import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Json, JsonObject, OrganizationId } from '../../shared/detection.ts'
import type { Refusal } from '../../shared/trust.ts'
import type { TokenFacts } from './delivery.ts'
import { lastInstantMs, toInstant } from './instant.ts'
import { readJsonObject } from './strict-json.ts'

/** A well-formed token. Nothing it says is believed before its signature is checked. */
export type Token = {
  readonly kind: 'token'
  /** As parsed, every member of it. */
  readonly header: JsonObject
  readonly claims: JsonObject
  readonly facts: TokenFacts & { readonly keyId: string }
  readonly issuer: string
  readonly targetUrl: string | null
  readonly webhookId: string | null
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  /** The bytes of `header.payload`. */
  readonly signingInput: Uint8Array
  /** r and s, 32 bytes each. */
  readonly signature: Uint8Array
}

export type TokenReading = Token | { readonly kind: 'malformed'; readonly because: Refusal }

const compactForm = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** Header members that change what is signed, bring a key of the sender's own, or belong to another kind of token. */
const forbidden = ['crit', 'b64', 'jwk', 'jku', 'x5c', 'x5u', 'zip', 'enc', 'epk', 'p2s', 'p2c'] as const
const nestedToken = /^(application\/)?jwt$/i

// Half a surrogate pair cannot be written as UTF-8: two different names would become one in the history.
const wellFormed = (text: string) => !/\p{Surrogate}/u.test(text)
const name = z.string().min(1).max(256).refine(wellFormed)
const text = z.string().max(2048).refine(wellFormed)
const seconds = z
  .number()
  .min(0)
  .max(Math.floor(lastInstantMs / 1000))

const Header = z.object({ kid: name, typ: text.optional(), cty: text.refine((type) => !nestedToken.test(type)).optional() })

const Claims = z.object({
  aud: z.union([name, z.tuple([name]).transform(([only]) => only)]),
  iss: text.min(1),
  iat: seconds,
  exp: seconds,
  // A delivery is named by its signing input, so a sender without jti loses nothing.
  jti: name.optional(),
  trigger_type: text.optional(),
  trigger_name: text.optional(),
  target_url: text.optional(),
  webhook_id: text.optional(),
})

/** Reads a body as one compact ES256 token in its only form, before any crypto. Never throws. */
export function readToken(body: Uint8Array): TokenReading {
  // Latin-1 gives one character a byte, so whatever is not ASCII fails the form.
  const compact = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  if (!compactForm.test(compact)) return malformed('not-a-token')
  const firstDot = compact.indexOf('.')
  const lastDot = compact.lastIndexOf('.')
  const headerBytes = decode(compact.slice(0, firstDot))
  const claimsBytes = decode(compact.slice(firstDot + 1, lastDot))
  const signature = decode(compact.slice(lastDot + 1))
  if (headerBytes === null || claimsBytes === null || signature === null) return malformed('not-a-token')

  const header = readJsonObject(headerBytes)
  if (header === null) return malformed('header-malformed')
  const headerTrouble = judgeHeader(header)
  if (headerTrouble !== null) return malformed(headerTrouble)
  if (signature.length !== 64) return malformed('signature-invalid')

  const claims = readJsonObject(claimsBytes)
  const known = Claims.safeParse(claims)
  if (claims === null || !known.success) return malformed('claims-malformed')

  const { aud, iss, iat, exp, jti, trigger_name, target_url, webhook_id } = known.data
  const signingInput = body.subarray(0, lastDot)
  const issuedAtMs = Math.floor(iat * 1000)
  const expiresAtMs = Math.floor(exp * 1000)
  return {
    kind: 'token',
    header,
    claims,
    facts: {
      organizationId: aud as OrganizationId,
      keyId: header['kid'] as string,
      jti: jti ?? null,
      signingInputHash: createHash('sha256').update(signingInput).digest(),
      issuedAt: toInstant(issuedAtMs),
      expiresAt: toInstant(expiresAtMs),
      triggerName: trigger_name ?? null,
    },
    issuer: iss,
    targetUrl: target_url ?? null,
    webhookId: webhook_id ?? null,
    issuedAtMs,
    expiresAtMs,
    signingInput,
    signature,
  }
}

function judgeHeader(header: JsonObject): Refusal | null {
  if (header['alg'] !== 'ES256') return 'algorithm-not-allowed'
  if (forbidden.some((member) => Object.hasOwn(header, member))) return 'header-malformed'
  if (isMissing(header['kid'])) return 'key-id-missing'
  return Header.safeParse(header).success ? null : 'header-malformed'
}

function isMissing(kid: Json | undefined): boolean {
  return typeof kid !== 'string' || kid === ''
}

/** Only the one canonical spelling: no padding, no stray bits at the end. */
function decode(part: string): Uint8Array | null {
  const bytes = Buffer.from(part, 'base64url')
  return bytes.toString('base64url') === part ? bytes : null
}

function malformed(because: Refusal): TokenReading {
  return { kind: 'malformed', because }
}
