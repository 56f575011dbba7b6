import type { Instant } from '../../shared/detection.ts'
import type { Gap, GapEnd, GapReason, InletId } from '../../shared/inlets.ts'
import { gapReasons } from '../../shared/inlets.ts'
import type { Database } from './database.ts'
import { toInstant, toInstantOrNull, toMillis, toMillisOrNull } from './time.ts'

export type NewGap = Omit<Gap, 'id'>

/** The times in which inlets were not listening. */
export type GapRows = {
  /** Of one inlet, only one may last. */
  add(gap: NewGap): Gap
  change(gap: Gap): void
  /** The newest first; with `since`, those that ended then or later, or last. */
  list(query: { readonly inlet: InletId | null; readonly since: Instant | null; readonly limit: number }): readonly Gap[]
  /** Those that last or whose backlog is not known to be in, the oldest first. */
  unfinished(inlet: InletId): readonly Gap[]
}

type GapRow = {
  readonly id: number
  readonly inlet: string
  readonly from_at: number
  readonly to_at: number | null
  readonly because: string
  readonly ending: string
  readonly delivered: number
  readonly lost_count: number | null
}

/** Beyond so many of one inlet, the oldest that missed nothing go: a far end that comes and goes must not fill the disk. */
export const mostGaps = 10_000

const columns = 'inlet, from_at, to_at, because, ending, delivered, lost_count'
const values = '@inlet, @from_at, @to_at, @because, @ending, @delivered, @lost_count'

export function createGapRows(db: Database, most = mostGaps): GapRows {
  const insert = db.prepare<[Omit<GapRow, 'id'>]>(`INSERT INTO gaps (${columns}) VALUES (${values})`)
  const update = db.prepare<[GapRow]>(`UPDATE gaps SET (${columns}) = (${values}) WHERE id = @id`)
  const ofInlet = db.prepare<[string, number, number], GapRow>(`
    SELECT id, ${columns} FROM gaps WHERE inlet = ? AND (to_at IS NULL OR to_at >= ?) ORDER BY from_at DESC, id DESC LIMIT ?`)
  const ofAll = db.prepare<[number, number], GapRow>(`
    SELECT id, ${columns} FROM gaps WHERE to_at IS NULL OR to_at >= ? ORDER BY from_at DESC, id DESC LIMIT ?`)
  const unfinished = db.prepare<[string], GapRow>(`
    SELECT id, ${columns} FROM gaps INDEXED BY gaps_of_inlet WHERE inlet = ? AND (to_at IS NULL OR ending = 'open') ORDER BY from_at, id`)
  const crowdOut = db.prepare<[{ inlet: string; most: number }]>(`
    DELETE FROM gaps WHERE id IN (
      SELECT id FROM gaps WHERE inlet = @inlet AND ending = 'backlog' ORDER BY from_at, id
      LIMIT max(0, (SELECT count(*) FROM gaps WHERE inlet = @inlet) - @most))`)
  const add = db.transaction((gap: NewGap): Gap => {
    const { lastInsertRowid } = insert.run(toRow(gap))
    crowdOut.run({ inlet: gap.inlet, most })
    return { ...gap, id: Number(lastInsertRowid) }
  })

  return {
    add: (gap) => add.immediate(gap),
    change: (gap) => void update.run({ ...toRow(gap), id: gap.id }),
    list({ inlet, since, limit }) {
      const sinceAt = since === null ? Number.MIN_SAFE_INTEGER : toMillis(since)
      return (inlet === null ? ofAll.all(sinceAt, limit) : ofInlet.all(inlet, sinceAt, limit)).map(fromRow)
    },
    unfinished: (inlet) => unfinished.all(inlet).map(fromRow),
  }
}

function toRow({ inlet, from, to, because, end }: NewGap): Omit<GapRow, 'id'> {
  return {
    inlet,
    from_at: toMillis(from),
    to_at: toMillisOrNull(to),
    because,
    ending: end.kind,
    delivered: end.kind === 'backlog' || end.kind === 'lost' ? end.delivered : 0,
    lost_count: end.kind === 'lost' ? end.count : null,
  }
}

function fromRow(row: GapRow): Gap {
  return {
    id: row.id,
    inlet: row.inlet as InletId,
    from: toInstant(row.from_at),
    to: toInstantOrNull(row.to_at),
    because: toReason(row.because),
    end: toEnd(row),
  }
}

function toReason(text: string): GapReason {
  const reason = gapReasons.find((one) => one === text)
  if (reason === undefined) throw new Error(`a gap has the unknown reason ${text}`)
  return reason
}

function toEnd({ ending, delivered, lost_count }: GapRow): GapEnd {
  if (ending === 'open' || ending === 'unknown') return { kind: ending }
  return ending === 'lost' ? { kind: 'lost', count: lost_count, delivered } : { kind: 'backlog', delivered }
}
