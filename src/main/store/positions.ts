import type { PageKey } from '../../shared/ipc.ts'
import type { Database } from './database.ts'
import { bucketOf, levels, minuteLevel, topLevel, type Level } from './spans.ts'
import { toInstant, toMillis } from './time.ts'

/** Places in the list of everything, newest change first, from 0: what a scroll bar needs to reach any row without passing all before it. */
export type Positions = {
  /** How many come before this key. It need not be there any more. */
  positionOf(key: PageKey): number
  /** The key of what is at this place now; null beyond the end. Rows that arrive move places, never keys. */
  keyAt(position: number): PageKey | null
}

type BucketRow = { readonly bucket: number; readonly count: number }
type KeyRow = { readonly changed_at: number; readonly row: number }

export function createPositions(db: Database): Positions {
  const newestFirst = db.prepare<[number, number, number], BucketRow>(
    'SELECT bucket, count FROM change_rollups WHERE level = ? AND bucket BETWEEN ? AND ? ORDER BY bucket DESC',
  )
  const sumAbove = db
    .prepare<[number, number, number], number>(
      'SELECT ifnull(sum(count), 0) FROM change_rollups WHERE level = ? AND bucket > ? AND bucket <= ?',
    )
    .pluck()
  // Within one minute only: as many rows are passed as changed in it.
  const inMinute = db.prepare<[number, number, number], KeyRow>(`
    SELECT changed_at, row FROM detections INDEXED BY detections_by_change WHERE changed_at >= ? AND changed_at < ?
    ORDER BY changed_at DESC, row DESC LIMIT 1 OFFSET ?`)
  const newerInMinute = db
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
        if (level === minuteLevel) return position + (newerInMinute.get(at, row, (bucket + 1) * levels[level]) ?? 0)
        last = lastChild(bucket, level)
      }
    }),

    keyAt: db.transaction((position): PageKey | null => {
      if (!Number.isInteger(position) || position < 0) return null
      let left = position
      let [first, last] = [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]
      for (let level: Level = topLevel; ; level = (level - 1) as Level) {
        let holding: number | null = null
        for (const { bucket, count } of newestFirst.all(level, first, last)) {
          if (left < count) {
            holding = bucket
            break
          }
          left -= count
        }
        if (holding === null) return null
        if (level === minuteLevel) {
          const found = inMinute.get(holding * levels[level], (holding + 1) * levels[level], left)
          return found === undefined ? null : { changedAt: toInstant(found.changed_at), row: found.row }
        }
        first = bucketOf(holding * levels[level], (level - 1) as Level)
        last = lastChild(holding, level)
      }
    }),
  }
}

function lastChild(bucket: number, level: Level): number {
  return bucketOf((bucket + 1) * levels[level] - 1, (level - 1) as Level)
}
