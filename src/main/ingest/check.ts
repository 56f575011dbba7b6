import { webcrypto } from 'node:crypto'
import { assertNever } from '../../shared/assert-never.ts'
import type { JsonObject, OrganizationId, Trust } from '../../shared/detection.ts'
import type { Organization } from '../../shared/organization.ts'
import type { Refusal, Wait } from '../../shared/trust.ts'
import type { Delivery, TokenFacts } from './delivery.ts'
import type { KeyFinding, KeyRing, RingKey } from './keys.ts'
import { readToken } from './token.ts'
import type { Token } from './token.ts'
import { readUnsigned, unsignedFacts } from './unsigned.ts'

/** Clocks may differ by this much; more is a refusal with its own name. */
export const skewMs = 60_000

type Comparison = 'same' | 'other' | 'not-compared'

/** Everything the decision depends on. Times are epoch milliseconds. */
export type Evidence =
  | { readonly kind: 'malformed'; readonly because: Refusal }
  /** One JSON object, from the inlet the user declared unsigned for this organization. */
  | { readonly kind: 'unsigned'; readonly organization: 'known' | 'unknown' }
  | {
      readonly kind: 'token'
      readonly organization: 'known' | 'unknown'
      readonly issuer: Comparison
      readonly target: Comparison
      readonly webhook: Comparison
      readonly issuedAt: number
      readonly expiresAt: number
      readonly receivedAt: number
      readonly lookedAt: number
      /** Who vouches for `receivedAt`: our own receiver, or a relay that proved itself to us. */
      readonly firstAcceptedBy: 'receiver' | 'authenticated-relay'
      readonly key: KeyFinding['kind'] | 'not-looked-up'
      readonly signature: 'good' | 'bad' | 'not-checked'
    }

export type Decision =
  | { readonly kind: 'trusted'; readonly trust: Trust }
  | { readonly kind: 'waiting'; readonly because: Wait }
  | { readonly kind: 'refused'; readonly because: Refusal }

/** Nothing speaks against the delivery yet, and this has to be found out before it can be believed. */
export type Undecided = { readonly kind: 'undecided'; readonly missing: 'key' | 'signature' }

/**
 * How far a delivery is believed. Cheap grounds for a refusal come first, and keys and crypto are asked for only
 * where nothing else speaks against it: a sender nobody knows can cause neither a fetch nor a verification.
 */
export function decide(evidence: Exclude<Evidence, { kind: 'token' }>): Decision
export function decide(evidence: Evidence): Decision | Undecided
export function decide(evidence: Evidence): Decision | Undecided {
  if (evidence.kind === 'malformed') return refused(evidence.because)
  if (evidence.organization === 'unknown') return refused('organization-unknown')
  if (evidence.kind === 'unsigned') return { kind: 'trusted', trust: 'unsigned' }
  if (evidence.issuer !== 'same') return refused('issuer-mismatch')
  if (evidence.target === 'other') return refused('target-mismatch')
  if (evidence.webhook === 'other') return refused('webhook-mismatch')
  // Always by first acceptance, however late we look: what was in time then does not expire in quarantine or while we slept.
  // Written so that a time that is not a number refuses.
  if (!(evidence.issuedAt <= evidence.receivedAt + skewMs)) return refused('issued-in-future')
  if (!(evidence.expiresAt + skewMs >= evidence.receivedAt)) return refused('expired')
  switch (evidence.key) {
    case 'not-looked-up':
      return { kind: 'undecided', missing: 'key' }
    case 'unknown-to-pinned':
    case 'unknown-to-issuer':
      return refused('key-unknown')
    case 'none-fetched-yet':
      return { kind: 'waiting', because: 'keys-not-fetched' }
    case 'not-found':
      return { kind: 'waiting', because: 'key-not-found' }
    case 'found':
      break
    default:
      return assertNever(evidence.key)
  }
  switch (evidence.signature) {
    case 'not-checked':
      return { kind: 'undecided', missing: 'signature' }
    case 'bad':
      return refused('signature-invalid')
    case 'good': {
      const isLate = evidence.firstAcceptedBy === 'authenticated-relay' && evidence.expiresAt + skewMs < evidence.lookedAt
      return { kind: 'trusted', trust: isLate ? 'late' : 'verified' }
    }
    default:
      return assertNever(evidence.signature)
  }
}

function refused(because: Refusal): Decision {
  return { kind: 'refused', because }
}

/** What the user or the registration told us a token must say; null where we do not know. */
export type Expected = {
  /** Earlier ones among them: a delivery may have been on its way, or in quarantine, while the registration changed. */
  readonly targetUrls: readonly string[] | null
  readonly webhookIds: readonly string[] | null
}

export type CheckContext = {
  readonly organization: (id: OrganizationId) => Organization | null
  readonly keys: Pick<KeyRing, 'find'>
  readonly expected: (id: OrganizationId) => Expected
  /** Whether `receivedAt` of this inlet is the word of a relay that proved itself to us. */
  readonly isAuthenticatedRelay: (inlet: string) => boolean
  /** For whom the user declared this inlet unsigned; null for every other one. */
  readonly unsignedInlet: (inlet: string) => OrganizationId | null
  /** A good form, a known key and a bad signature: a forgery, or the issuer has a new key under an old name. */
  readonly onBadSignature?: (id: OrganizationId, kid: string) => void
  readonly now: () => number
}

/** What a body says, whether it was signed or not. */
export type Said = { readonly header: JsonObject; readonly claims: JsonObject; readonly facts: TokenFacts }

/** A delivery after the check. `token` is null only where the body has not the form that its inlet asks for. */
export type Examined = { readonly token: Said | null; readonly decision: Decision }

/** Checks a delivery as far as needed to decide. Signatures are verified on the thread pool, several at a time. */
export async function check(delivery: Delivery, context: CheckContext): Promise<Examined> {
  const declaredFor = context.unsignedInlet(delivery.inlet)
  if (declaredFor !== null) return checkUnsigned(delivery, declaredFor, context)
  const token = readToken(delivery.body)
  if (token.kind === 'malformed') return { token: null, decision: refused(token.because) }

  let evidence = gather(delivery, token, context)
  let candidates: readonly RingKey[] = []
  for (;;) {
    const decision = decide(evidence)
    if (decision.kind !== 'undecided') return { token, decision }
    if (decision.missing === 'key') {
      const finding = context.keys.find(token.facts.organizationId, token.facts.keyId, {
        issuedAt: token.issuedAtMs,
        receivedAt: evidence.receivedAt,
      })
      candidates = finding.kind === 'found' ? finding.keys : []
      evidence = { ...evidence, key: finding.kind }
    } else {
      const isGood = await isSignedByOneOf(candidates, token)
      if (!isGood && token.facts.keyId !== null) context.onBadSignature?.(token.facts.organizationId, token.facts.keyId)
      evidence = { ...evidence, signature: isGood ? 'good' : 'bad' }
    }
  }
}

/** Such a body is never read as a token: what was signed has its own way in, where the signature counts. */
function checkUnsigned(delivery: Delivery, organizationId: OrganizationId, context: CheckContext): Examined {
  const said = readUnsigned(delivery.body)
  if (said === null) return { token: null, decision: decide({ kind: 'malformed', because: 'not-json' }) }
  const organization = context.organization(organizationId) === null ? 'unknown' : 'known'
  return {
    token: { header: {}, claims: said.claims, facts: unsignedFacts(delivery, organizationId, said.triggerName) },
    decision: decide({ kind: 'unsigned', organization }),
  }
}

function gather(delivery: Delivery, token: Token, context: CheckContext): Extract<Evidence, { kind: 'token' }> {
  const organization = context.organization(token.facts.organizationId)
  const expected = organization === null ? null : context.expected(organization.id)
  return {
    kind: 'token',
    organization: organization === null ? 'unknown' : 'known',
    issuer: compare(organization === null ? null : [organization.issuer], token.issuer),
    target: compare(expected?.targetUrls ?? null, token.targetUrl),
    webhook: compare(expected?.webhookIds ?? null, token.webhookId),
    issuedAt: token.issuedAtMs,
    expiresAt: token.expiresAtMs,
    receivedAt: Date.parse(delivery.receivedAt),
    lookedAt: context.now(),
    firstAcceptedBy: context.isAuthenticatedRelay(delivery.inlet) ? 'authenticated-relay' : 'receiver',
    key: 'not-looked-up',
    signature: 'not-checked',
  }
}

/** A claim that is absent is not what we expect. */
function compare(expected: readonly string[] | null, said: string | null): Comparison {
  if (expected === null) return 'not-compared'
  return said !== null && expected.includes(said) ? 'same' : 'other'
}

const es256 = { name: 'ECDSA', hash: 'SHA-256' } as const

/** More than one candidate only where an issuer used one kid for two keys. */
async function isSignedByOneOf(keys: readonly RingKey[], token: Token): Promise<boolean> {
  for (const key of keys) {
    if (await webcrypto.subtle.verify(es256, key.cryptoKey, token.signature, token.signingInput)) return true
  }
  return false
}
