import type { Instant, OrganizationId } from '../../shared/detection.ts'
import type { Organization, PublicKey } from '../../shared/organization.ts'

/** A key as the history keeps it, named by (organizationId, kid, thumbprint): an issuer may reuse a kid for another key. */
export type StoredKey = {
  readonly kid: string
  /** RFC 7638, SHA-256, base64url: two keys are the same key exactly where this is equal. */
  readonly thumbprint: string
  readonly jwk: PublicKey
  readonly firstSeenAt: Instant
  /** When the issuer last answered with this key, or when it was pinned. */
  readonly confirmedAt: Instant
  /** When it was first missing from the issuer's answer; null while it is current. */
  readonly retiredAt: Instant | null
}

/** What the key ring asks of the history. */
export type KeyStore = {
  organizations(): readonly Organization[]
  /** All keys of one organization, current and retired. */
  keys(organizationId: OrganizationId): readonly StoredKey[]
  /**
   * In one commit: inserts what is new by (kid, thumbprint), updates confirmedAt and retiredAt of what is there.
   * Keys not named stay as they are: none is ever deleted, since the proof of an old delivery needs its key.
   */
  saveKeys(organizationId: OrganizationId, keys: readonly StoredKey[]): void
}
