import { createPublicKey } from 'node:crypto'
import { z } from 'zod'
import type { PublicKey } from '../../shared/organization.ts'

export const maxKeys = 32

/** A key set as text, read. `detail` says what is wrong, for people; `left` names keys of the set that are not for ES256. */
export type Jwks =
  | { readonly kind: 'keys'; readonly keys: readonly PublicKey[]; readonly left: readonly string[] }
  | { readonly kind: 'unusable'; readonly because: JwksTrouble; readonly detail: string }
export type JwksTrouble = 'not-a-key-set' | 'private-key' | 'too-many-keys' | 'no-usable-key'

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const Es256Key = z.object({
  kid: z
    .string()
    .min(1)
    .max(256)
    .refine((kid) => !/\p{Surrogate}/u.test(kid)),
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinate,
  y: coordinate,
  alg: z.literal('ES256').optional(),
  use: z.literal('sig').optional(),
})
const Entry = z.record(z.string(), z.unknown())
const KeySet = z.union([
  z.object({ keys: z.array(Entry) }),
  Entry.refine((key) => key['kty'] !== undefined).transform((key) => ({ keys: [key] })),
])

/** Members that only a private or a shared key has. */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/** Reads a JWK set (or one JWK by itself), as an issuer publishes it or a user pins it. */
export function parseJwks(text: string): Jwks {
  const set = KeySet.safeParse(parseJson(text))
  if (!set.success) return unusable('not-a-key-set', `${describe(text)} is not a JWK set, such as {"keys":[{"kty":"EC","crv":"P-256",…}]}.`)
  const { keys: entries } = set.data
  if (entries.length > maxKeys) return unusable('too-many-keys', `The set has ${entries.length} keys; at most ${maxKeys} are accepted.`)
  if (entries.some((entry) => secretMembers.some((member) => member in entry))) {
    return unusable(
      'private-key',
      'The set holds a private or shared key. Whoever has it can forge detections: give the public keys only, and replace this one.',
    )
  }
  const read = entries.map(readKey)
  const keys = read.flatMap((entry) => (entry.kind === 'key' ? [entry.key] : []))
  const left = read.flatMap((entry) => (entry.kind === 'left' ? [entry.because] : []))
  if (keys.length === 0) {
    return unusable('no-usable-key', left.length === 0 ? 'The set has no keys.' : `No key of the set is for ES256: ${left.join('; ')}.`)
  }
  return { kind: 'keys', keys, left }
}

type ReadKey = { readonly kind: 'key'; readonly key: PublicKey } | { readonly kind: 'left'; readonly because: string }

function readKey(entry: Record<string, unknown>, index: number): ReadKey {
  const name =
    typeof entry['kid'] === 'string' && entry['kid'] !== '' ? `key ${JSON.stringify(entry['kid'].slice(0, 64))}` : `key ${index + 1}`
  const key = Es256Key.safeParse(entry)
  if (!key.success) {
    const members = [...new Set(key.error.issues.map((issue) => String(issue.path[0])))]
    return {
      kind: 'left',
      because: `${name} has ${members.map((member) => (member in entry ? `another ${member}` : `no ${member}`)).join(' and ')}`,
    }
  }
  const { kid, kty, crv, x, y } = key.data
  if (!isOnCurve({ kty, crv, x, y })) return { kind: 'left', because: `${name} is not a point of P-256` }
  return { kind: 'key', key: { kid, kty, crv, x, y } }
}

function isOnCurve(jwk: { kty: string; crv: string; x: string; y: string }): boolean {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' }).asymmetricKeyType === 'ec'
  } catch {
    return false
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function describe(text: string): string {
  const start = text.trimStart().slice(0, 1)
  if (start === '') return 'Nothing'
  if (start === '<') return 'A web page (HTML or XML)'
  return start === '{' || start === '[' ? 'This JSON' : 'This text'
}

function unusable(because: JwksTrouble, detail: string): Jwks {
  return { kind: 'unusable', because, detail }
}
