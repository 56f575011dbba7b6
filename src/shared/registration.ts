import type { Instant, OrganizationId } from './detection.ts'

/** Where a secret is: with the system's keychain, in this start of the app only, or where the user said it is read from each time. */
export type SecretPlace = 'keychain' | 'session' | 'reference'

/** What may be shown of a secret: everything but the secret. */
export type SecretState = {
  /** null: there is none. */
  readonly where: SecretPlace | null
  /** `file:/path` or `env:NAME`. */
  readonly reference: string | null
  /** Where one that is entered now would be kept. */
  readonly next: 'keychain' | 'session'
}

/** One request made to SlashID's API. Nothing in it is secret. */
export type ApiRequest = {
  readonly method: string
  readonly path: string
  /** null where no answer came. */
  readonly status: number | null
  readonly at: Instant
  readonly ms: number
}

export const differenceNames = ['target-url', 'secret-header', 'timeout', 'threat-trigger', 'posture-trigger'] as const
/** Something of the webhook that is not as it should be. `detail` is for people. */
export type Difference = { readonly name: (typeof differenceNames)[number]; readonly detail: string }

/** How the webhook at SlashID stood when it was last looked at. */
export type RegistrationStanding =
  /** Not looked at since this start of the app. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'found'; readonly at: Instant }
  | { readonly kind: 'different'; readonly at: Instant; readonly differences: readonly Difference[] }
  | { readonly kind: 'missing'; readonly at: Instant }
  /** `field` is what the user can mend here; `detail` says what happened, what is safe and what to do. */
  | { readonly kind: 'failed'; readonly at: Instant; readonly field: 'key' | 'name' | 'target' | null; readonly detail: string }

/** The webhook of one organization at SlashID, as far as this app knows. */
export type RegistrationState = {
  readonly organizationId: OrganizationId
  readonly key: SecretState
  /** What was registered from here, or found there; its target is null while it is not certain. */
  readonly webhook: { readonly id: string; readonly targetUrl: string | null; readonly registeredAt: Instant } | null
  /** The address it should have; null before there is a public origin. It holds the path secret. */
  readonly wantedUrl: string | null
  readonly standing: RegistrationStanding
  /** The newest last, at most 50. */
  readonly requests: readonly ApiRequest[]
}

export type SecretWritten =
  { readonly kind: 'written'; readonly state: RegistrationState } | { readonly kind: 'refused'; readonly detail: string }

/** The header that SlashID can send with every delivery beside the secret path. */
export type SecretHeaderState = {
  readonly name: string
  /** null where there is none yet, or where it was kept for an earlier session only. */
  readonly value: string | null
  /** Whether there is a value that the receiver accepts, known or not. */
  readonly isSet: boolean
}
