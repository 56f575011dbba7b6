import type { DetectionId, DetectionKey, Instant, OrganizationId, Trust } from '../../shared/detection.ts'
import { fromChainRow } from './chain-row.ts'
import type { ChainRow } from './chain-row.ts'
import type { ChainedDelivery, ChainLink } from './chain.ts'
import type { Database } from './database.ts'
import type { DeliveryState } from './deliveries.ts'
import type { ContentOf } from './present.ts'
import { createRebuild } from './rebuild.ts'
import type { Rebuilt } from './rebuild.ts'
import { nearestInstant } from './time.ts'

/** A delivery as verification walks over it. */
export type ProvedDelivery = ChainedDelivery & {
  readonly inlet: string
  readonly receivedAt: Instant
  readonly state: DeliveryState
  readonly trust: Trust | null
  readonly keyId: string | null
  /** Why a tombstone is one. */
  readonly removedBecause: string | null
}

/** What the history says of a delivery in columns, to be compared with what its body says. Times in milliseconds. */
export type DeliveryRecord = {
  readonly reason: string | null
  readonly organizationId: string | null
  readonly jti: string | null
  readonly signingHash: Uint8Array | null
  readonly issuedAt: number | null
  readonly expiresAt: number | null
  readonly triggerName: string | null
  /** The detection that it is shown under; null where it is under none. */
  readonly detection: { readonly organizationId: string | null; readonly id: string | null } | null
}

export type RecordedDelivery = ProvedDelivery & { readonly record: DeliveryRecord }

/** A link with the hash of what it links. */
export type ContentLink = ChainLink & { readonly contentHash: Uint8Array }

export type MarkedLink = ChainLink & { readonly receivedAt: Instant }

/** What proof reads of the history. Each answer is read at once, so that the history can be written between two of them. */
export type Proof = {
  databaseId(): string
  /** null where there is no such delivery. */
  linkAt(sequence: number): MarkedLink | null
  /** At most `limit` deliveries above `after`, ascending. */
  portion(after: number, limit: number): readonly RecordedDelivery[]
  /** The links from one sequence to another, ends included. */
  links(from: number, to: number): readonly ContentLink[]
  /** The newest deliveries of a detection, at most `limit`, ascending. */
  deliveriesOf(key: DetectionKey, limit: number): readonly ProvedDelivery[]
  /** How many deliveries a detection is made of. */
  countOf(key: DetectionKey): number
  /** Detections of this id in any organization, at most 20. Reads the whole list of detections. */
  keysOf(id: DetectionId): readonly DetectionKey[]
  /** Makes the next detection above this row of the list anew from its deliveries, and compares; null where there is none. */
  rebuildAfter(row: number): Rebuilt | null
}

type ProvedRow = ChainRow & {
  readonly state: DeliveryState
  readonly trust: Trust | null
  readonly kid: string | null
  readonly removed_because: string | null
}
type RecordedRow = ProvedRow & {
  readonly reason: string | null
  readonly organization_id: string | null
  readonly jti: string | null
  readonly signing_hash: Uint8Array | null
  readonly issued_at: number | null
  readonly expires_at: number | null
  readonly trigger_name: string | null
  readonly detection: number | null
  readonly detection_organization: string | null
  readonly detection_id: string | null
}
type LinkRow = Pick<ChainRow, 'sequence' | 'chain_hash' | 'content_hash'>

const provedColumns = 'sequence, inlet, received_at, content_hash, chain_hash, headers, body, state, trust, kid, removed_because'

export function createProof(db: Database, contentOf: ContentOf): Proof {
  const databaseId = db.prepare<[], string>('SELECT id FROM identity').pluck()
  const linkAt = db.prepare<[number], Pick<ChainRow, 'sequence' | 'chain_hash' | 'received_at'>>(
    'SELECT sequence, chain_hash, received_at FROM deliveries WHERE sequence = ?',
  )
  const recordColumns = 'reason, organization_id, jti, signing_hash, issued_at, expires_at, trigger_name'
  const portion = db.prepare<[number, number], RecordedRow>(`
    SELECT chosen.*, detection, detections.organization_id AS detection_organization, detections.id AS detection_id
    FROM (SELECT ${provedColumns}, ${recordColumns} FROM deliveries WHERE sequence > ? ORDER BY sequence LIMIT ?) AS chosen
    LEFT JOIN transitions ON transitions.sequence = chosen.sequence
    LEFT JOIN detections ON detections.row = detection
    ORDER BY chosen.sequence`)
  const links = db.prepare<[number, number], LinkRow>(
    'SELECT sequence, content_hash, chain_hash FROM deliveries WHERE sequence BETWEEN ? AND ? ORDER BY sequence',
  )
  const ofDetection = `
    FROM transitions WHERE detection = (SELECT row FROM detections WHERE organization_id = ? AND id = ?)`
  const deliveriesOf = db.prepare<[string, string, number], ProvedRow>(`
    SELECT ${provedColumns} FROM deliveries
    WHERE sequence IN (SELECT sequence ${ofDetection} ORDER BY sequence DESC LIMIT ?) ORDER BY sequence`)
  const countOf = db.prepare<[string, string], number>(`SELECT count(*) ${ofDetection}`).pluck()
  const keysOf = db.prepare<[string], { organization_id: string }>('SELECT organization_id FROM detections WHERE id = ? LIMIT 20')

  return {
    databaseId() {
      const id = databaseId.get()
      if (id === undefined) throw new Error('the history has no identity')
      return id
    },
    linkAt(sequence) {
      const row = linkAt.get(sequence)
      return row === undefined ? null : { sequence: row.sequence, chainHash: row.chain_hash, receivedAt: nearestInstant(row.received_at) }
    },
    portion: (after, limit) => portion.all(after, limit).map(fromRecordedRow),
    links: (from, to) =>
      links.all(from, to).map((row) => ({ sequence: row.sequence, contentHash: row.content_hash, chainHash: row.chain_hash })),
    deliveriesOf: (key, limit) => deliveriesOf.all(key.organizationId, key.id, limit).map(fromProvedRow),
    countOf: (key) => countOf.get(key.organizationId, key.id) ?? 0,
    keysOf: (id) => keysOf.all(id).map((row) => ({ organizationId: row.organization_id as OrganizationId, id })),
    rebuildAfter: createRebuild(db, contentOf),
  }
}

function fromRecordedRow(row: RecordedRow): RecordedDelivery {
  return {
    ...fromProvedRow(row),
    record: {
      reason: row.reason,
      organizationId: row.organization_id,
      jti: row.jti,
      signingHash: row.signing_hash,
      issuedAt: row.issued_at,
      expiresAt: row.expires_at,
      triggerName: row.trigger_name,
      detection: row.detection === null ? null : { organizationId: row.detection_organization, id: row.detection_id },
    },
  }
}

function fromProvedRow(row: ProvedRow): ProvedDelivery {
  return {
    ...fromChainRow(row),
    inlet: row.inlet,
    receivedAt: nearestInstant(row.received_at),
    state: row.state,
    trust: row.trust,
    keyId: row.kid,
    removedBecause: row.removed_because,
  }
}
