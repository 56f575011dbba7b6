import type { Instant, OrganizationId, Sequence } from '../../shared/detection.ts'
import type { Quarantined, QuarantineCounts, QuarantinePage } from '../../shared/quarantine.ts'
import type { Refusal, Wait } from '../../shared/trust.ts'
import type { Database } from './database.ts'
import type { Quarantine } from './quarantine.ts'
import { toInstant, toInstantOrNull, toMillis } from './time.ts'

/** Quarantine as people visit it. */
export type QuarantineStore = {
  /** Newest first, at most 200. */
  page(query: { readonly before: Sequence | null; readonly limit: number }): QuarantinePage
  /** The raw body of a delivery in quarantine; null where it is there no longer. */
  body(sequence: Sequence): Uint8Array | null
  counts(): QuarantineCounts
  waitingOf(organizationId: string): number
  /** Whether one of this organization that came at that moment or earlier still waits. */
  hasWaitedSince(organizationId: string, moment: Instant): boolean
} & Pick<Quarantine, 'discard'>

type QuarantinedRow = {
  readonly sequence: number
  readonly received_at: number
  readonly inlet: string
  readonly state: 'waiting' | 'refused'
  readonly reason: string
  readonly organization_id: string | null
  readonly kid: string | null
  readonly issued_at: number | null
  readonly size: number
}

const longestPage = 200

export function createQuarantineStore(db: Database, quarantine: Quarantine): QuarantineStore {
  const newest = db.prepare<[number, number], QuarantinedRow>(`
    SELECT sequence, received_at, inlet, state, reason, organization_id, kid, issued_at, size FROM deliveries
    WHERE state IN ('waiting', 'refused') AND sequence < ? ORDER BY sequence DESC LIMIT ?`)
  const bodyOf = db
    .prepare<[number], Uint8Array>("SELECT body FROM deliveries WHERE sequence = ? AND state IN ('waiting', 'refused')")
    .pluck()
  const countRefused = db.prepare<[], number>("SELECT count(*) FROM deliveries WHERE state = 'refused'").pluck()
  const tally = db.prepare<[string], number>('SELECT count FROM tally WHERE name = ?').pluck()
  const countWaiting = db
    .prepare<[string], number>("SELECT count(*) FROM deliveries WHERE state = 'waiting' AND organization_id = ?")
    .pluck()
  const oldestWaiting = db
    .prepare<[string], number>(
      "SELECT received_at FROM deliveries WHERE state = 'waiting' AND organization_id = ? ORDER BY sequence LIMIT 1",
    )
    .pluck()

  return {
    page({ before, limit }) {
      const size = Math.max(1, Math.min(longestPage, Math.trunc(limit)))
      const rows = newest.all(before ?? Number.MAX_SAFE_INTEGER, size + 1)
      const shown = rows.slice(0, size)
      return {
        deliveries: shown.map(fromRow),
        next: rows.length > size ? ((shown.at(-1)?.sequence ?? null) as Sequence | null) : null,
        counts: counts(),
      }
    },
    body: (sequence) => bodyOf.get(sequence) ?? null,
    counts,
    waitingOf: (organizationId) => countWaiting.get(organizationId) ?? 0,
    hasWaitedSince(organizationId, moment) {
      const oldest = oldestWaiting.get(organizationId)
      return oldest !== undefined && oldest <= toMillis(moment)
    },
    discard: quarantine.discard,
  }

  function counts(): QuarantineCounts {
    return {
      waiting: quarantine.waiting().rows,
      refused: countRefused.get() ?? 0,
      crowdedOut: tally.get('crowded-out') ?? 0,
      discarded: tally.get('discarded') ?? 0,
    }
  }
}

function fromRow(row: QuarantinedRow): Quarantined {
  return {
    sequence: row.sequence as Sequence,
    receivedAt: toInstant(row.received_at),
    inlet: row.inlet,
    standing:
      row.state === 'waiting' ? { kind: 'waiting', because: row.reason as Wait } : { kind: 'refused', because: row.reason as Refusal },
    organizationId: row.organization_id as OrganizationId | null,
    keyId: row.kid,
    issuedAt: toInstantOrNull(row.issued_at),
    size: row.size,
  }
}
