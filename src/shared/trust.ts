/** Why a delivery is not believed. The sender learns none of it: every one of them is answered alike. */
export const refusals = [
  'not-a-token',
  'not-json',
  'header-malformed',
  'algorithm-not-allowed',
  'key-id-missing',
  'claims-malformed',
  'organization-unknown',
  'issuer-mismatch',
  'target-mismatch',
  'webhook-mismatch',
  'key-unknown',
  'signature-invalid',
  'expired',
  'issued-in-future',
] as const
export type Refusal = (typeof refusals)[number]

/** Why a delivery waits in quarantine: it may still become good. */
export const waits = ['keys-not-fetched', 'key-not-found'] as const
export type Wait = (typeof waits)[number]

/** What became of a verified delivery that is not a detection on the timeline. */
export const asides = ['other-trigger', 'unreadable'] as const
export type Aside = (typeof asides)[number]
