import { createHash } from 'node:crypto'
import type { KeySource, PublicKey } from '../../shared/organization.ts'
import { toInstant } from './instant.ts'
import type { StoredKey } from './key-store.ts'

/**
 * What an answer of the issuer makes of the keys we have. A key that is gone is retired, never forgotten; one that
 * comes back is current again. A kid with other key material is another key: the old one is retired under the same
 * kid, so that tokens it signed can still be checked and the new one never vouches for them.
 */
export function mergeKeys(existing: readonly StoredKey[], answered: readonly PublicKey[], nowMs: number): readonly StoredKey[] {
  const now = toInstant(nowMs)
  const fresh = new Map(answered.map((jwk) => [identity(jwk.kid, thumbprint(jwk)), jwk]))
  const merged = existing.map((key): StoredKey => {
    const isCurrent = fresh.delete(identity(key.kid, key.thumbprint))
    return isCurrent ? { ...key, confirmedAt: now, retiredAt: null } : { ...key, retiredAt: key.retiredAt ?? now }
  })
  for (const jwk of fresh.values()) {
    merged.push({ kid: jwk.kid, thumbprint: thumbprint(jwk), jwk, firstSeenAt: now, confirmedAt: now, retiredAt: null })
  }
  return merged
}

/** RFC 7638: SHA-256 over the required members in this order. */
export function thumbprint(jwk: PublicKey): string {
  const canonical = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y })
  return createHash('sha256').update(canonical).digest('base64url')
}

export function identity(kid: string, print: string): string {
  return JSON.stringify([kid, print])
}

const maxInMemory = 256

/** The keys worth holding in memory: the current ones, then those retired last. */
export function mostUseful(keys: readonly StoredKey[]): readonly StoredKey[] {
  if (keys.length <= maxInMemory) return keys
  const byRetirement = (a: StoredKey, b: StoredKey) => (b.retiredAt ?? '9').localeCompare(a.retiredAt ?? '9')
  return [...keys].sort(byRetirement).slice(0, maxInMemory)
}

/** When a token was made and first accepted, in epoch milliseconds. */
export type TokenTimes = { readonly issuedAt: number; readonly receivedAt: number }

const issueToleranceMs = 60_000
const deliveryToleranceMs = 3_600_000

/**
 * Whether a key speaks for a token: a current one always; a retired one for tokens made before its retirement (plus
 * clock skew) that also arrived within an hour of it. Without the second condition whoever stole a key that was
 * withdrawn for this reason could go on dating tokens back. A pinned key that the user replaced is withdrawn at once: it
 * speaks only for what had arrived by then.
 */
export function speaksFor(retiredAtMs: number | null, times: TokenTimes, source: KeySource): boolean {
  if (retiredAtMs === null) return true
  if (source === 'pinned') return times.receivedAt <= retiredAtMs
  return times.issuedAt <= retiredAtMs + issueToleranceMs && times.receivedAt <= retiredAtMs + deliveryToleranceMs
}
