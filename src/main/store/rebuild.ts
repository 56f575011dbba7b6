import type { DetectionContent, DetectionKey, OrganizationId, Trust } from '../../shared/detection.ts'
import { isImport } from '../../shared/imported.ts'
import type { Database } from './database.ts'
import { newestColumns } from './detection-row.ts'
import type { DetectionRow } from './detection-row.ts'
import { fieldChanges } from './field-changes.ts'
import { isSigned, toNewestRow, toTransitionRow } from './present.ts'
import type { Arrival, ContentOf, TransitionRow } from './present.ts'
import { nearestInstant } from './time.ts'

/** Where what is shown of a detection is not what its deliveries say. */
export type RebuildFinding =
  | { readonly what: 'detection-without-deliveries' }
  | { readonly what: 'detection-changed'; readonly columns: readonly string[] }
  | { readonly what: 'transition-changed'; readonly sequence: number; readonly columns: readonly string[] }
  /** Of a delivery that is not there, is not believed, or has no detection in it. */
  | { readonly what: 'transition-unfounded'; readonly sequence: number }

export type Rebuilt = {
  readonly row: number
  readonly key: DetectionKey
  /** The first ones, at most 100. */
  readonly findings: readonly RebuildFinding[]
  readonly found: number
}

type MadeOfRow = TransitionRow & {
  readonly inlet: string | null
  readonly state: string | null
  readonly trust: Trust | null
  readonly delivery_issued_at: number | null
  readonly received_at: number
  readonly body: Uint8Array | null
}

/** What one line of transitions, signed or unsigned, has come to. */
type Line = { readonly arrival: Arrival; readonly resolvedAt: number | null }

const mostFindings = 100

/** Makes detections anew, one by one and each in one moment of the history, one delivery of it in memory at a time. */
export function createRebuild(db: Database, contentOf: ContentOf): (after: number) => Rebuilt | null {
  const nextRow = db.prepare<[number], DetectionRow>('SELECT * FROM detections WHERE row > ? ORDER BY row LIMIT 1')
  const isDemo = db.prepare<[string], number>('SELECT is_demo FROM organizations WHERE id = ?').pluck()
  const madeOf = db.prepare<[number], MadeOfRow>(`
    SELECT sequence, detection, transitions.issued_at, from_status, to_status, changes,
      inlet, state, trust, deliveries.issued_at AS delivery_issued_at, received_at, body
    FROM transitions LEFT JOIN deliveries USING (sequence)
    WHERE detection = ? ORDER BY transitions.issued_at, sequence`)

  return db.transaction((after: number): Rebuilt | null => {
    const shown = nextRow.get(after)
    return shown === undefined ? null : rebuild(shown)
  })

  function rebuild(shown: DetectionRow): Rebuilt {
    const organizationId = shown.organization_id as OrganizationId
    const findings: RebuildFinding[] = []
    let found = 0
    const find = (finding: RebuildFinding): void => {
      found += 1
      if (findings.length < mostFindings) findings.push(finding)
    }
    const lines: { signed: Line | null; unsigned: Line | null } = { signed: null, unsigned: null }
    let transitions = 0
    let imported = 0
    // Each transition is compared with its delivery's own time as well, so an order that was tampered with is found, too.
    for (const kept of madeOf.iterate(shown.row)) {
      transitions += 1
      const content = contentOfRow(kept)
      if (content === null || kept.trust === null || kept.delivery_issued_at === null) {
        find({ what: 'transition-unfounded', sequence: kept.sequence })
        continue
      }
      const arrival: Arrival = {
        sequence: kept.sequence,
        organizationId,
        issuedAt: kept.delivery_issued_at,
        receivedAt: kept.received_at,
        trust: kept.trust,
        isImported: isImport(kept.inlet ?? ''),
        content,
      }
      if (arrival.isImported) imported += 1
      const line = isSigned(arrival) ? 'signed' : 'unsigned'
      const previous = lines[line]?.arrival.content ?? null
      const changes = previous === null ? [] : fieldChanges(previous, content)
      const expected = toTransitionRow(shown.row, arrival, previous?.status ?? null, changes)
      const columns = differing(transitionColumns, expected, kept)
      if (columns.length > 0) find({ what: 'transition-changed', sequence: kept.sequence, columns })
      const isResolvedAnew = content.status === 'resolved' && previous?.status !== 'resolved'
      lines[line] = { arrival, resolvedAt: isResolvedAnew ? arrival.issuedAt : (lines[line]?.resolvedAt ?? null) }
    }

    const newest = lines.signed ?? lines.unsigned
    if (newest !== null) {
      const { arrival, resolvedAt } = newest
      const expected = {
        ...toNewestRow(arrival, arrival.content.status === 'resolved' ? resolvedAt : null),
        id: arrival.content.id as string,
        is_demo: isDemo.get(organizationId) ?? 0,
        // Where some were imported and others received, either word may be true: which was first believed is in no record.
        is_imported: imported > 0 && imported < transitions ? shown.is_imported : Math.min(imported, 1),
      }
      const columns = differing(['id', 'is_demo', 'is_imported', ...newestColumns], expected, shown)
      if (columns.length > 0) find({ what: 'detection-changed', columns })
    } else if (transitions === 0) find({ what: 'detection-without-deliveries' })
    return { row: shown.row, key: { organizationId, id: shown.id as DetectionKey['id'] }, findings, found }
  }

  function contentOfRow({ state, body, received_at }: MadeOfRow): DetectionContent | null {
    return state === 'detection' && body !== null ? contentOf(body, nearestInstant(received_at)) : null
  }
}

const transitionColumns = ['issued_at', 'from_status', 'to_status', 'changes'] as const

function differing<Name extends string>(
  names: readonly Name[],
  expected: Readonly<Record<Name, string | number | null>>,
  shown: Readonly<Record<Name, string | number | null>>,
): readonly Name[] {
  return names.filter((name) => expected[name] !== shown[name])
}
