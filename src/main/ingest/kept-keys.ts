import type { OrganizationId } from '../../shared/detection.ts'
import type { KeySource, PublicKey } from '../../shared/organization.ts'
import type { KeyFinding, KeyRing, RingKey } from './keys.ts'
import { speaksFor } from './key-set.ts'
import type { StoredKey } from './key-store.ts'
import { importKey } from './organization-keys.ts'

/** Keys as they were kept, retired ones included: to look again at what was believed, without asking anybody. */
export type KeptKeys = Pick<KeyRing, 'find'>

export async function importKeptKeys(
  organizations: Iterable<readonly [OrganizationId, readonly Pick<StoredKey, 'jwk' | 'retiredAt'>[]]>,
  /** How the keys of an organization came. For what was kept already the wider rule fits: what a pinned key was withdrawn from never got so far. */
  source: (id: OrganizationId) => KeySource = () => 'fetched',
): Promise<KeptKeys> {
  const rings = new Map<OrganizationId, Map<string, RingKey[]>>()
  for (const [id, keys] of organizations) {
    const byKid = new Map<string, RingKey[]>()
    for (const { jwk, retiredAt } of keys) {
      const cryptoKey = await importKey(jwk satisfies PublicKey)
      if (cryptoKey === null) continue
      const key: RingKey = { cryptoKey, retiredAt: retiredAt === null ? null : Date.parse(retiredAt) }
      byKid.set(jwk.kid, [...(byKid.get(jwk.kid) ?? []), key])
    }
    rings.set(id, byKid)
  }
  return {
    find(id, kid, times): KeyFinding {
      const keys = (rings.get(id)?.get(kid) ?? []).filter((key) => speaksFor(key.retiredAt, times, source(id)))
      if (keys.length > 0) return { kind: 'found', keys }
      return { kind: source(id) === 'pinned' ? 'unknown-to-pinned' : 'not-found' }
    },
  }
}
