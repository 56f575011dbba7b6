import type { PageKey } from '../../shared/ipc.ts'
import type { Database } from './database.ts'
import { bucketOf, levels, minuteLevel, topLevel, type Level, type Range } from './spans.ts'
import { toInstant, toMillis } from './time.ts'

/**
 * Places in the list of everything, newest change first, from 0: what a scroll bar needs to reach any row without passing all before it. An
 * import can leave any number in one minute: there both come as near as their time allows.
 */
export type Positions = {
  /** How many come before this key. It need not be there any more. */
  positionOf(key: PageKey): number
  /** The key of what is at this place now; null beyond the end. Rows that arrive move places, never keys. */
  keyAt(position: number): PageKey | null
}

const budgetMs = 100
/** Rows of one minute that are passed between two looks at the clock. */
const stride = 8_192

type KeyRow = { readonly changed_at: number; readonly row: number }
type BucketRow = { readonly bucket: number; readonly count: number }

export function createPositions(db: Database, clock: () => number): Positions {
  const newestFirst = db.prepare<[number, number, number], BucketRow>(
    'SELECT bucket, count FROM change_rollups WHERE level = ? AND bucket BETWEEN ? AND ? ORDER BY bucket DESC',
  )
  const sumAbove = db
    .prepare<[number, number, number], number>(
      'SELECT ifnull(sum(count), 0) FROM change_rollups WHERE level = ? AND bucket > ? AND bucket <= ?',
    )
    .pluck()
  // Both ways from a key, within one minute: the row that is so many behind.
  const older = db.prepare<[number, number, number, number], KeyRow>(`
    SELECT changed_at, row FROM detections INDEXED BY detections_by_change WHERE (changed_at, row) < (?, ?) AND changed_at >= ?
    ORDER BY changed_at DESC, row DESC LIMIT 1 OFFSET ?`)
  const newer = db.prepare<[number, number, number, number], KeyRow>(`
    SELECT changed_at, row FROM detections INDEXED BY detections_by_change WHERE (changed_at, row) > (?, ?) AND changed_at < ?
    ORDER BY changed_at, row LIMIT 1 OFFSET ?`)
  const countNewer = db
    .prepare<[number, number, number], number>(
      'SELECT count(*) FROM detections INDEXED BY detections_by_change WHERE (changed_at, row) > (?, ?) AND changed_at < ?',
    )
    .pluck()

  return {
    positionOf: db.transaction(({ changedAt, row }): number => {
      const at = toMillis(changedAt)
      let position = 0
      let last = Number.MAX_SAFE_INTEGER
      for (let level: Level = topLevel; ; level = (level - 1) as Level) {
        const bucket = bucketOf(at, level)
        position += sumAbove.get(level, bucket, last) ?? 0
        if (level === minuteLevel) return position + newerInMinute({ changed_at: at, row }, minuteOf(bucket))
        last = lastChild(bucket, level)
      }
    }),

    keyAt: db.transaction((position): PageKey | null => {
      if (!Number.isInteger(position) || position < 0) return null
      let left = position
      let [first, last] = [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]
      for (let level: Level = topLevel; ; level = (level - 1) as Level) {
        let holding: BucketRow | null = null
        for (const one of newestFirst.all(level, first, last)) {
          if (left < one.count) {
            holding = one
            break
          }
          left -= one.count
        }
        if (holding === null) return null
        const { bucket, count } = holding
        if (level === minuteLevel) {
          const found = inMinute(left, minuteOf(bucket), count)
          return found === null ? null : { changedAt: toInstant(found.changed_at), row: found.row }
        }
        first = bucketOf(bucket * levels[level], (level - 1) as Level)
        last = lastChild(bucket, level)
      }
    }),
  }

  /** From the nearer end of the minute. */
  function inMinute(place: number, { from, to }: Range, count: number): KeyRow | null {
    const fromNewest = place + 1
    const fromOldest = count - place
    return fromNewest <= fromOldest
      ? pass(older, { changed_at: to, row: 0 }, from, fromNewest)
      : pass(newer, { changed_at: from - 1, row: Number.MAX_SAFE_INTEGER }, to, fromOldest)
  }

  function pass(next: typeof older, start: KeyRow, end: number, rows: number): KeyRow | null {
    const startedAt = clock()
    let key = start
    for (let left = rows; left > 0;) {
      const step = Math.min(left, stride)
      const found = next.get(key.changed_at, key.row, end, step - 1)
      if (found === undefined) return null
      key = found
      left -= step
      if (clock() - startedAt >= budgetMs) break
    }
    return key
  }

  function newerInMinute(start: KeyRow, { to }: Range): number {
    const startedAt = clock()
    let key = start
    for (let passed = 0; ; passed += stride) {
      const found = newer.get(key.changed_at, key.row, to, stride - 1)
      if (found === undefined) return passed + (countNewer.get(key.changed_at, key.row, to) ?? 0)
      if (clock() - startedAt >= budgetMs) return passed + stride
      key = found
    }
  }
}

function minuteOf(bucket: number): Range {
  return { from: bucket * levels[minuteLevel], to: (bucket + 1) * levels[minuteLevel] }
}

function lastChild(bucket: number, level: Level): number {
  return bucketOf((bucket + 1) * levels[level] - 1, (level - 1) as Level)
}
