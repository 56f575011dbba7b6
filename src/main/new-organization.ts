import { thumbprint } from './ingest/key-set.ts'
import type { NewOrganization, OrganizationChange } from '../shared/ipc.ts'
import type { OrganizationId } from '../shared/detection.ts'
import type { PublicKey } from '../shared/organization.ts'
import { demoOrganization } from './sample/demo.ts'
import { keysUrl, parseJwks } from './slashid/keys.ts'
import type { OrganizationToAdd } from './store/organizations.ts'

export type ReadOrganization =
  /** `left` names keys of a given set that are not for ES256, and so not pinned. */
  | { readonly kind: 'read'; readonly organization: OrganizationToAdd; readonly left: readonly string[] }
  | { readonly kind: 'refused'; readonly detail: string }

/** What a user typed about an organization, checked and in the one form that the history keeps. */
export function readNewOrganization({ id, issuer, name, jwks, colour }: NewOrganization): ReadOrganization {
  // It goes into a request header when keys are fetched.
  if (!/^[\x21-\x7e]{1,128}$/.test(id)) {
    return refused('The organization id must be 1 to 128 visible ASCII characters without spaces, as SlashID shows it.')
  }
  const trimmed = readName(name)
  if (trimmed === null) return refused(nameRule)
  const normalized = normalizeIssuer(issuer)
  if (normalized === null) {
    return refused(
      `The issuer must be an https address such as https://api.slashid.com, without user, query or fragment (http only for a literal loopback address such as http://127.0.0.1:8080).`,
    )
  }
  const organization = { id: id as OrganizationId, issuer: normalized, name: trimmed, demo: false, ...(colour && { colour }) }
  if (jwks === null) return { kind: 'read', organization: { ...organization, pinned: null }, left: [] }
  const set = parseJwks(jwks)
  if (set.kind === 'unusable') return refused(set.detail)
  return { kind: 'read', organization: { ...organization, pinned: set.keys.map(toPinned) }, left: set.left }
}

export function readOrganizationChange(
  change: OrganizationChange,
): { readonly kind: 'read'; readonly change: OrganizationChange } | { readonly kind: 'refused'; readonly detail: string } {
  const name = readName(change.name)
  return name === null ? { kind: 'refused', detail: nameRule } : { kind: 'read', change: { ...change, name } }
}

const nameRule = 'The name must have 1 to 100 characters, and no control characters.'

function readName(name: string): string | null {
  const trimmed = name.trim()
  return trimmed === '' || trimmed.length > 100 || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(trimmed) ? null : trimmed
}

/** The simulator's organization, believed by the key of this profile only. */
export function demoOrganizationWith(key: PublicKey): OrganizationToAdd {
  const { id, issuer, name, demo } = demoOrganization
  return { id, issuer, name, demo, pinned: [toPinned(key)] }
}

function toPinned(jwk: PublicKey): { readonly kid: string; readonly thumbprint: string; readonly jwk: PublicKey } {
  return { kid: jwk.kid, thumbprint: thumbprint(jwk), jwk }
}

/** As it will stand in the `iss` claim: the origin in its usual spelling, the path without a slash at its end. */
function normalizeIssuer(issuer: string): string | null {
  if (issuer.length > 2_048 || keysUrl(issuer) === null) return null
  const { origin, pathname } = new URL(issuer)
  return origin + pathname.replace(/\/+$/, '')
}

function refused(detail: string): ReadOrganization {
  return { kind: 'refused', detail }
}
