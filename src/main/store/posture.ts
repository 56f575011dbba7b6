import type { DetectionId, Instant, OrganizationId } from '../../shared/detection.ts'
import type { PostureAsked, PostureOverview } from '../../shared/posture.ts'
import { timeToResolve } from '../../shared/time-to-resolve.ts'
import { createRollupSums } from './rollup-sums.ts'
import { dimensions } from './rollups.ts'
import { always } from './spans.ts'
import { openDatabase, type Database } from './database.ts'
import { createPostureFigures, type Interval } from './posture-figures.ts'
import { readReport, type PostureReport, type SeenPosture } from './posture-report.ts'
import { intervalsOf, prepareChangesOfLine, type ChangeRow } from './posture-intervals.ts'
import { toInstant } from './time.ts'

export type Posture = {
  /**
   * In steps of some milliseconds, between which others may ask: all of it is of one moment, read on a connection of its own, which is
   * closed when the last step is done or `return` is called.
   */
  steps(asked: PostureAsked): Generator<void, PostureOverview>
  /** The same with the detections themselves, and what there is to say of the history they are from. */
  report(asked: PostureAsked): Generator<void, PostureReport>
}

/** Looked at in all, and of these the most that are open: those that were resolved are not to be crowded out. */
export const mostPosture = { all: 200_000, open: 150_000 } as const
const stride = 4_000
const mostOldest = 100
/** Those that were opened again are looked at change by change. */
const mostReopened = 5_000
const mostChanges = 500
/** After it, the answer is of what was looked at by then. */
const budgetMs = 5_000

type OpenRow = [row: number, detectedAt: number, type: string, source: string | null, entity: string | null, frameworks: string]
type ClosedRow = [row: number, resolvedAt: number, detectedAt: number, type: string, frameworks: string]
type OldestRow = {
  readonly organization_id: string
  readonly id: string
  readonly type: string
  readonly entity_id: string | null
  readonly entity_type: string | null
  readonly source_type: string | null
  readonly detected_at: number
}

/** What is open and what was resolved, how long it took, and how it goes from week to week. */
export function createPosture(parts: {
  readonly file: string
  readonly now: () => number
  readonly clock: () => number
  readonly most?: { readonly all: number; readonly open: number }
}): Posture {
  const { file, now, clock, most = mostPosture } = parts

  return {
    steps: (asked) => atOneMoment((db) => look(db, asked, () => {})),
    report: (asked) => atOneMoment((db) => readReport(db, now(), (visit) => look(db, asked, visit))),
  }

  function* atOneMoment<Answer>(work: (db: Database) => Generator<void, Answer>): Generator<void, Answer> {
    const opened = openDatabase(file, { readOnly: true })
    if (opened.kind !== 'opened') throw new Error(opened.detail)
    const { db } = opened
    try {
      db.exec('BEGIN')
      return yield* work(db)
    } finally {
      db.close()
    }
  }

  function* look(db: Database, { framework }: PostureAsked, visit: (seen: SeenPosture) => void): Generator<void, PostureOverview> {
    const startedAt = clock()
    const figures = createPostureFigures(now())
    const reopened = createReopened(db)
    const namesOf = createNames()
    const oldest: { readonly row: number; readonly detectedAt: number }[] = []
    const isOver = (): boolean => clock() - startedAt >= budgetMs
    const counted = { open: 0, closed: 0 }

    const open = yield* stretches<OpenRow>(db, openSql, [1, 0], most.open, isOver, (issue) => {
      const [row, detectedAt, type, source, entity, frameworks] = issue
      const names = namesOf(frameworks)
      for (const name of names) figures.openInFramework(name, detectedAt)
      if (framework !== null && !names.includes(framework)) return
      counted.open += 1
      visit({ row, isOpen: true, lastMs: null })
      figures.open({ detectedAt, type, entity, source })
      oldest.push({ row, detectedAt })
      for (const interval of reopened.intervals(row, detectedAt) ?? [{ from: detectedAt, to: null }]) figures.interval(interval)
    })
    const closed = yield* stretches<ClosedRow>(db, closedSql, [1, 0], most.all - open.looked, isOver, (issue) => {
      const [row, resolvedAt, detectedAt, type, frameworks] = issue
      const names = namesOf(frameworks)
      for (const name of names) figures.closedInFramework(name)
      if (framework !== null && !names.includes(framework)) return
      counted.closed += 1
      const again = reopened.intervals(row, detectedAt)
      // What was resolved when it was first heard of, and says not since when it was open, took no time that anybody knows.
      const lastMs = again !== null ? reopened.lastMs(row, detectedAt) : resolvedAt > detectedAt ? resolvedAt - detectedAt : null
      if (lastMs !== null) figures.resolved(type, lastMs)
      visit({ row, isOpen: false, lastMs })
      for (const interval of again ?? [{ from: Math.min(detectedAt, resolvedAt), to: resolvedAt }]) figures.interval(interval)
    })

    const isExact = open.isWhole && closed.isWhole && reopened.isWhole
    const all = framework === null ? countAll(db) : counted
    return {
      ...all,
      ...(yield* figures.read()),
      oldest: framework === null ? oldestOf(db) : oldestAmong(db, oldest),
      isExact,
    }
  }
}

const isOpenPosture = "kind = 'posture' AND status <> 'resolved'"
const isClosedPosture = "kind = 'posture' AND status = 'resolved'"
// Both are answered by an index that holds all they ask for.
const openSql = `
  SELECT row, detected_at, type, source_type, entity_id, frameworks FROM detections INDEXED BY detections_open_posture
  WHERE ${isOpenPosture} AND (detected_at, row) < (?, ?) ORDER BY detected_at DESC, row DESC LIMIT ?`
const closedSql = `
  SELECT row, resolved_at, detected_at, type, frameworks FROM detections INDEXED BY detections_closed_posture
  WHERE ${isClosedPosture} AND (resolved_at, row) < (?, ?) ORDER BY resolved_at DESC, row DESC LIMIT ?`

/** Newest first; the columns of `key` are those that a stretch begins below. */
function* stretches<Row extends readonly unknown[]>(
  db: Database,
  sql: string,
  key: readonly [number, number],
  most: number,
  isOver: () => boolean,
  visit: (row: Row) => void,
): Generator<void, { readonly looked: number; readonly isWhole: boolean }> {
  const stretch = db.prepare<[number, number, number], Row>(sql).raw()
  let from: readonly [number, number] = [Number.MAX_SAFE_INTEGER, 0]
  let looked = 0
  for (;;) {
    const rows = stretch.all(...from, Math.min(stride, most - looked + 1)) as unknown as Row[]
    const wanted = rows.slice(0, most - looked)
    for (const row of wanted) visit(row)
    looked += wanted.length
    if (rows.length > wanted.length) return { looked, isWhole: false }
    const last = rows.at(-1)
    if (last === undefined || rows.length < stride) return { looked, isWhole: true }
    if (isOver()) return { looked, isWhole: false }
    from = [last[key[0]] as number, last[key[1]] as number]
    yield
  }
}

/** Those that were resolved and came back, change by change, of their own line only. */
function createReopened(db: Database) {
  const rows = db
    .prepare<[number], number>(
      `SELECT DISTINCT detection FROM transitions INDEXED BY transitions_reopening
       WHERE from_status = 'resolved' AND to_status <> 'resolved' ORDER BY detection DESC LIMIT ?`,
    )
    .pluck()
    .all(mostReopened + 1)
  const trustOf = db.prepare<[number], { readonly trust: string; readonly status: string }>(
    'SELECT trust, status FROM detections WHERE row = ?',
  )
  const changesOf = prepareChangesOfLine(db)
  const known = new Set(rows.slice(0, mostReopened))
  const read = (row: number): readonly ChangeRow[] =>
    changesOf.all(row, trustOf.get(row)?.trust === 'unsigned' ? 1 : 0, mostChanges).reverse()

  return {
    isWhole: rows.length <= mostReopened,
    /** null of any other. */
    intervals: (row: number, detectedAt: number): readonly Interval[] | null =>
      known.has(row)
        ? intervalsOf(detectedAt, read(row)).map(({ from, to }) => ({ from: Date.parse(from), to: to === null ? null : Date.parse(to) }))
        : null,
    lastMs: (row: number, detectedAt: number): number | null =>
      timeToResolve(
        { status: trustOf.get(row)?.status ?? '', detectedAt: toInstant(detectedAt) },
        read(row).map(({ issued_at, to_status }) => ({ at: toInstant(issued_at), to: to_status })),
      )?.lastMs ?? null,
  }
}

function createNames(): (json: string) => readonly string[] {
  const known = new Map<string, readonly string[]>()
  return (json) => {
    if (json === '[]') return []
    const names = known.get(json) ?? [...new Set(JSON.parse(json) as readonly string[])]
    if (known.size < 10_000) known.set(json, names)
    return names
  }
}

/** From the counts that are kept of the whole history. */
function countAll(db: Database): { open: number; closed: number } {
  let [open, closed] = [0, 0]
  for (const { value: state, count } of createRollupSums(db).byValue(dimensions.state, always).counts) {
    if (state === 'posture resolved') closed += count
    else if (state.startsWith('posture ')) open += count
  }
  return { open, closed }
}

const oldestColumns = 'organization_id, id, type, entity_id, entity_type, source_type, detected_at'

function oldestOf(db: Database): PostureOverview['oldest'] {
  return db
    .prepare<[number], OldestRow>(
      `SELECT ${oldestColumns} FROM detections INDEXED BY detections_open_posture WHERE ${isOpenPosture} ORDER BY detected_at, row LIMIT ?`,
    )
    .all(mostOldest)
    .map(toOldest)
}

function oldestAmong(db: Database, issues: readonly { readonly row: number; readonly detectedAt: number }[]): PostureOverview['oldest'] {
  const get = db.prepare<[number], OldestRow>(`SELECT ${oldestColumns} FROM detections WHERE row = ?`)
  return [...issues]
    .sort((one, other) => one.detectedAt - other.detectedAt || one.row - other.row)
    .slice(0, mostOldest)
    .flatMap(({ row }) => get.all(row).map(toOldest))
}

function toOldest(row: OldestRow): PostureOverview['oldest'][number] {
  return {
    key: { organizationId: row.organization_id as OrganizationId, id: row.id as DetectionId },
    type: row.type,
    entityId: row.entity_id,
    entityType: row.entity_type,
    sourceType: row.source_type,
    detectedAt: toInstant(row.detected_at) satisfies Instant,
  }
}
