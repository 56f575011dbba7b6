import { trusts } from '../../shared/detection.ts'
import type { Instant, OrganizationId } from '../../shared/detection.ts'
import { importInlet, unsignedImportInlet } from '../../shared/imported.ts'
import { isAuthenticatedRelay } from '../../shared/inlets.ts'
import { skewMs, type Examined } from '../ingest/check.ts'
import type { StoredKey } from '../ingest/key-store.ts'
import { parse } from '../ingest/parse.ts'
import { unsignedInlet } from '../ingest/unsigned.ts'
import type { RecordedDelivery } from '../store/proof.ts'

/** Where what is kept of one delivery is not what its body says. */
export type RowFinding =
  | { readonly what: 'delivery-changed'; readonly sequence: number; readonly columns: readonly string[] }
  /** Believed, with a detection in it, and shown nowhere. */
  | { readonly what: 'transition-missing'; readonly sequence: number }
  /** Shown under a detection that it does not speak of. */
  | { readonly what: 'transition-misplaced'; readonly sequence: number }
  /** Kept as refused or waiting for want of what it has. */
  | { readonly what: 'refused-yet-verifies' | 'waiting-yet-verifies'; readonly sequence: number; readonly because: string }
  /** The content of one that was believed is gone, and not by retention: nothing else in Tocsin takes it away; or it is shown all the same. */
  | { readonly what: 'believed-removed'; readonly sequence: number; readonly because: string | null }
  /** Nobody says why its content is gone. */
  | { readonly what: 'removed-unexplained'; readonly sequence: number; readonly because: string | null }

/** Compares the columns of a delivery that is believed with what the check reads in its body today. */
export function compareBelieved(delivery: RecordedDelivery, { token, decision }: Examined): readonly RowFinding[] {
  const { sequence, record } = delivery
  if (token === null || decision.kind !== 'trusted') return []
  const { facts } = token
  const content = parse(token.claims, facts)
  const trust = isLateAllowed(delivery) ? delivery.trust : decision.trust
  const columns = Object.entries({
    state: delivery.state === content.kind,
    trust: trusts.some((word) => word === delivery.trust) && delivery.trust === trust,
    organization_id: record.organizationId === facts.organizationId,
    kid: delivery.keyId === facts.keyId,
    jti: record.jti === facts.jti,
    signing_hash: record.signingHash !== null && Buffer.compare(record.signingHash, facts.signingInputHash) === 0,
    issued_at: record.issuedAt === millis(facts.issuedAt),
    expires_at: record.expiresAt === millis(facts.expiresAt),
    trigger_name: record.triggerName === facts.triggerName,
  }).flatMap(([name, isSame]) => (isSame ? [] : [name]))
  const findings: RowFinding[] = columns.length > 0 ? [{ what: 'delivery-changed', sequence, columns }] : []

  const shownUnder = record.detection
  if (content.kind !== 'detection') return shownUnder === null ? findings : [...findings, { what: 'transition-misplaced', sequence }]
  if (shownUnder === null) return [...findings, { what: 'transition-missing', sequence }]
  const isThere = shownUnder.organizationId === facts.organizationId && shownUnder.id === content.detection.id
  return isThere ? findings : [...findings, { what: 'transition-misplaced', sequence }]
}

/**
 * Only a relay that vouches for an earlier arrival can bring one late; when it came here is in no record, so either word may be true of it.
 * What an import calls late stays late: less than the check says is never more than is true.
 */
function isLateAllowed({ trust, inlet }: RecordedDelivery): boolean {
  return trust === 'late' && (isAuthenticatedRelay(inlet) || inlet === importInlet)
}

/** What stands against a tombstone. Only what quarantine or retention lets go of leaves one that is in order. */
export function judgeTombstone({ sequence, trust, removedBecause, record }: RecordedDelivery): RowFinding | null {
  // Retention takes a detection with all its deliveries: where something is still shown of one, somebody else took its content.
  if (trust !== null && removedBecause === 'retention' && record.detection === null) return null
  if (trust !== null) return { what: 'believed-removed', sequence, because: removedBecause }
  if (removedBecause !== null && removals.has(removedBecause)) return null
  return { what: 'removed-unexplained', sequence, because: removedBecause }
}

const removals: ReadonlySet<string> = new Set(['crowded-out', 'duplicate', 'discarded'])

/**
 * What stands against one in quarantine that verifies today. Of some refusals it can be told that they never were: the token, its
 * time and the key say the same as then. Of those for a key it can only where the key was there before it came.
 */
export function judgeQuarantined(delivery: RecordedDelivery, wasKeyKnown: boolean): RowFinding | null {
  const { sequence, state, record } = delivery
  const because = record.reason ?? 'unknown'
  if (state === 'waiting') return wasKeyKnown ? { what: 'waiting-yet-verifies', sequence, because } : null
  const isImpossible = neverOfAGoodOne.has(because) || (because === 'key-unknown' && wasKeyKnown)
  return isImpossible ? { what: 'refused-yet-verifies', sequence, because } : null
}

const neverOfAGoodOne: ReadonlySet<string> = new Set(['signature-invalid', 'expired', 'issued-in-future'])

/** Whether a key of this name was current well before a delivery came, by when it was kept: an app hears of a new one a little later. */
export function wasKnown(keys: readonly StoredKey[], kid: string | null, receivedAt: Instant): boolean {
  const came = Date.parse(receivedAt)
  return keys.some((key) => key.kid === kid && key.retiredAt === null && Date.parse(key.firstSeenAt) + skewMs <= came)
}

function millis(at: Instant | null): number | null {
  return at === null ? null : Date.parse(at)
}

/** The organization that a row names, for an inlet that says nothing of it. */
export function declaredBy({ inlet, record }: RecordedDelivery): OrganizationId | null {
  return inlet === unsignedInlet || inlet === unsignedImportInlet ? (record.organizationId as OrganizationId | null) : null
}
