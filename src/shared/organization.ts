import type { Instant, OrganizationId } from './detection.ts'

/** An organization whose detections are believed. */
export type Organization = {
  readonly id: OrganizationId
  /** SlashID's API base URL: equal to the `iss` claim, and where keys are fetched. */
  readonly issuer: string
  readonly name: string
  readonly colour: OrganizationColour
  readonly keys: KeySource
  /** The simulator's organization: marked as such everywhere. */
  readonly demo: boolean
  readonly addedAt: Instant
}

/** What an organization is marked with beside its name. Orange-red and blue-violet are not among them: those say threat and posture. */
export const organizationColours = ['teal', 'gold', 'magenta', 'green', 'cyan', 'olive', 'brown', 'grey'] as const
export type OrganizationColour = (typeof organizationColours)[number]

/** How much of an organization is in the history; unread is counted up to `mostUnreadCounted`. */
export type OrganizationCount = { readonly organizationId: OrganizationId; readonly detections: number; readonly unread: number }

export const mostUnreadCounted = 10_000

/** Pinned keys were given by the user and are all there is; fetched ones come from the issuer and are looked up again. */
export type KeySource = 'pinned' | 'fetched'

/** An organization and how its keys stand. */
export type OrganizationState = Organization & {
  readonly keyIds: readonly string[]
  /** When the issuer last answered with these keys, or when they were pinned; null before the first answer. */
  readonly keysConfirmedAt: Instant | null
  /** Why the last fetch failed, in words; null after a success. */
  readonly keysTrouble: string | null
}

/** SlashID's two environments; any other issuer has to be typed in full. */
export const knownIssuers = {
  production: 'https://api.slashid.com',
  sandbox: 'https://api.sandbox.slashid.com',
} as const

/** A public ES256 key of an issuer: the members of its JWK that matter, and nothing private. */
export type PublicKey = {
  readonly kid: string
  readonly kty: 'EC'
  readonly crv: 'P-256'
  /** Coordinates, 32 bytes each, base64url. */
  readonly x: string
  readonly y: string
}
