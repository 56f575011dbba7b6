import type { DetectionId, DetectionKey, Instant, OrganizationId, Trust } from '../../shared/detection.ts'
import { fromChainRow } from './chain-row.ts'
import type { ChainRow } from './chain-row.ts'
import type { ChainedDelivery, ChainLink } from './chain.ts'
import type { Database } from './database.ts'
import type { DeliveryState } from './deliveries.ts'
import { toInstant } from './time.ts'

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

/** A link with the hash of what it links. */
export type ContentLink = ChainLink & { readonly contentHash: Uint8Array }

export type MarkedLink = ChainLink & { readonly receivedAt: Instant }

/** What proof reads of the history. Each answer is read at once, so that the history can be written between two of them. */
export type Proof = {
  databaseId(): string
  /** null where there is no such delivery. */
  linkAt(sequence: number): MarkedLink | null
  /** At most `limit` deliveries above `after`, ascending. */
  portion(after: number, limit: number): readonly ProvedDelivery[]
  /** The links from one sequence to another, ends included. */
  links(from: number, to: number): readonly ContentLink[]
  /** The newest deliveries of a detection, at most `limit`, ascending. */
  deliveriesOf(key: DetectionKey, limit: number): readonly ProvedDelivery[]
  /** How many deliveries a detection is made of. */
  countOf(key: DetectionKey): number
  /** Detections of this id in any organization, at most 20. Reads the whole list of detections. */
  keysOf(id: DetectionId): readonly DetectionKey[]
}

type ProvedRow = ChainRow & {
  readonly state: DeliveryState
  readonly trust: Trust | null
  readonly kid: string | null
  readonly removed_because: string | null
}
type LinkRow = Pick<ChainRow, 'sequence' | 'chain_hash' | 'content_hash'>

const provedColumns = 'sequence, inlet, received_at, content_hash, chain_hash, headers, body, state, trust, kid, removed_because'

export function createProof(db: Database): Proof {
  const databaseId = db.prepare<[], string>('SELECT id FROM identity').pluck()
  const linkAt = db.prepare<[number], Pick<ChainRow, 'sequence' | 'chain_hash' | 'received_at'>>(
    'SELECT sequence, chain_hash, received_at FROM deliveries WHERE sequence = ?',
  )
  const portion = db.prepare<[number, number], ProvedRow>(
    `SELECT ${provedColumns} FROM deliveries WHERE sequence > ? ORDER BY sequence LIMIT ?`,
  )
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
    portion: (after, limit) => portion.all(after, limit).map(fromProvedRow),
    links: (from, to) =>
      links.all(from, to).map((row) => ({ sequence: row.sequence, contentHash: row.content_hash, chainHash: row.chain_hash })),
    deliveriesOf: (key, limit) => deliveriesOf.all(key.organizationId, key.id, limit).map(fromProvedRow),
    countOf: (key) => countOf.get(key.organizationId, key.id) ?? 0,
    keysOf: (id) => keysOf.all(id).map((row) => ({ organizationId: row.organization_id as OrganizationId, id })),
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

/** A damaged row may hold any number, and must not end a walk that is there to find it. */
function nearestInstant(millis: number): Instant {
  const lastMillis = Date.UTC(9999, 11, 31)
  return toInstant(Math.min(Math.max(millis, 0), lastMillis))
}
