import type { OrganizationId } from '../../shared/detection.ts'
import type { Drift, DriftKind, DriftList, Observation } from '../../shared/drift.ts'
import type { Database } from './database.ts'
import { toInstant } from './time.ts'

/** What believed deliveries said beyond what SlashID documents, with first sight and count. */
export type DriftLog = {
  /** Gathers what the deliveries of one transaction showed; `write` belongs at the end of that transaction. */
  gather(): DriftGathering
  list(): DriftList
}
export type DriftGathering = {
  /** `seenAt` in milliseconds. */
  add(organizationId: string, seenAt: number, observations: readonly Observation[]): void
  write(): void
}

type DriftRow = {
  readonly organization_id: string
  readonly what: string
  readonly value: string
  readonly first_seen_at: number
  readonly last_seen_at: number
  readonly count: number
}

/** Per organization: a sender who varies without end is only counted from here on. */
export const mostDrift = 2_000
const mostListed = 1_000

export function createDriftLog(db: Database, most: number = mostDrift): DriftLog {
  const countAgain = db.prepare<[DriftRow]>(`
    UPDATE drift SET count = count + @count, first_seen_at = min(first_seen_at, @first_seen_at), last_seen_at = max(last_seen_at, @last_seen_at)
    WHERE organization_id = @organization_id AND what = @what AND value = @value`)
  const insert = db.prepare<[DriftRow]>(
    'INSERT INTO drift (organization_id, what, value, first_seen_at, last_seen_at, count) VALUES (@organization_id, @what, @value, @first_seen_at, @last_seen_at, @count)',
  )
  const countOf = db.prepare<[string], number>("SELECT count(*) FROM drift WHERE organization_id = ? AND what <> 'overflow'").pluck()
  const newest = db.prepare<[number], DriftRow>('SELECT * FROM drift ORDER BY first_seen_at DESC, organization_id, what, value LIMIT ?')
  const countAll = db.prepare<[], number>('SELECT count(*) FROM drift').pluck()

  return {
    gather() {
      // Summed up first: most deliveries of a commit show the same few things, and each is written once.
      const seen = new Map<string, DriftRow>()
      return {
        add(organizationId, seenAt, observations) {
          for (const { what, value } of observations) {
            const key = JSON.stringify([organizationId, what, value])
            const row = seen.get(key)
            seen.set(key, {
              organization_id: organizationId,
              what,
              value,
              first_seen_at: Math.min(row?.first_seen_at ?? seenAt, seenAt),
              last_seen_at: Math.max(row?.last_seen_at ?? seenAt, seenAt),
              count: (row?.count ?? 0) + 1,
            })
          }
        },
        write() {
          for (const row of seen.values()) record(row)
        },
      }
    },
    list: () => ({ listed: newest.all(mostListed).map(fromRow), total: countAll.get() ?? 0 }),
  }

  function record(row: DriftRow): void {
    if (countAgain.run(row).changes > 0) return
    if (row.what === 'overflow' || (countOf.get(row.organization_id) ?? 0) < most) insert.run(row)
    else record({ ...row, what: 'overflow', value: '' })
  }
}

function fromRow(row: DriftRow): Drift {
  return {
    organizationId: row.organization_id as OrganizationId,
    what: row.what as DriftKind,
    value: row.value,
    firstSeenAt: toInstant(row.first_seen_at),
    lastSeenAt: toInstant(row.last_seen_at),
    count: row.count,
  }
}
