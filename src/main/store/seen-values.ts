import type { Counted } from '../../shared/overview.ts'
import { searchFieldOf } from '../../shared/search-fields.ts'
import { fold } from '../query/query.ts'
import type { Database } from './database.ts'
import type { RollupSums } from './rollup-sums.ts'
import { dimensions, type Dimension } from './rollups.ts'
import { always } from './spans.ts'

export const mostSeen = 20
/** A search has no room for a longer one. */
const longestValue = 512
/** Entities that are looked through for those with most detections, before the alphabet decides. */
const mostTop = 1_000
/** Values of an index that are stepped through, and rows of each that are counted. */
const mostSteps = 200
const mostCounted = 1_000
/** The newest changes that are asked for what no index and no count knows. */
const mostLookedAt = 2_000

const dimensionOf: Readonly<Record<string, Dimension>> = {
  type: dimensions.type,
  source: dimensions.source,
  entity_type: dimensions.entityType,
  organization: dimensions.organization,
  trust: dimensions.trust,
  triage: dimensions.triage,
  tactic: dimensions.tactic,
  technique: dimensions.technique,
}
/** Kind and status are counted as one word: `threat ongoing`. */
const partOf: Readonly<Record<string, 0 | 1>> = { kind: 0, status: 1 }
const indexedColumn: Readonly<Record<string, readonly [index: string, column: string]>> = {
  entity: ['detections_by_entity', 'entity_id'],
  connection: ['detections_by_connection', 'connection_id'],
}
const listColumn: Readonly<Record<string, string>> = { framework: 'frameworks', label: 'labels' }

/**
 * What could follow the name of a field: values seen that begin so, most first, then those that are known to fit anyway. At most 20, from
 * counts and indexes; of what has neither, from the newest changes alone.
 */
export function createSeenValues(
  db: Database,
  sums: RollupSums,
): (wanted: { readonly field: string; readonly begins: string }) => readonly string[] {
  const steps = new Map(Object.entries(indexedColumn).map(([field, [index, column]]) => [field, prepareSteps(index, column)]))
  const lists = new Map(Object.entries(listColumn).map(([field, column]) => [field, prepareList(column)]))
  const tracking = db.prepare<[number], Counted>(`
    SELECT tracking_status AS value, count(*) AS count
    FROM (SELECT tracking_status FROM detections ORDER BY changed_at DESC, row DESC LIMIT ?)
    WHERE tracking_status IS NOT NULL GROUP BY 1 ORDER BY 2 DESC`)

  return db.transaction(({ field: typed, begins }) => {
    const field = searchFieldOf(typed)
    if (field === null) return []
    const start = fold(begins)
    const fits = (value: string): boolean => fold(value).startsWith(start) && value.length <= longestValue
    const seen = seenOf(field.name, start, fits).map(({ value }) => value)
    return [...new Set([...seen.filter(fits), ...field.values.filter(fits)])].slice(0, mostSeen)
  })

  function seenOf(field: string, start: string, fits: (value: string) => boolean): readonly Counted[] {
    const dimension = dimensionOf[field]
    if (dimension !== undefined) return sums.byValue(dimension, always).counts
    const part = partOf[field]
    if (part !== undefined) return partOfStates(part)
    if (field === 'entity') return entities(start, fits)
    if (field === 'tracking') return tracking.all(mostLookedAt)
    return lists.get(field)?.all(mostLookedAt) ?? stepThrough(field, start)
  }

  function partOfStates(part: 0 | 1): readonly Counted[] {
    const counts = new Map<string, number>()
    for (const { value, count } of sums.byValue(dimensions.state, always).counts) {
      const at = value.indexOf(' ')
      const word = part === 0 ? value.slice(0, at) : value.slice(at + 1)
      counts.set(word, (counts.get(word) ?? 0) + count)
    }
    return mostFirst([...counts].map(([value, count]) => ({ value, count })))
  }

  function entities(start: string, fits: (value: string) => boolean): readonly Counted[] {
    const top = sums.top(dimensions.entity, always, mostTop).counts.filter(({ value }) => fits(value))
    return top.length >= mostSeen || start === '' ? top : [...top, ...stepThrough('entity', start)]
  }

  function stepThrough(field: string, start: string): readonly Counted[] {
    const step = steps.get(field)
    if (step === undefined) return []
    const found: Counted[] = []
    let value = step.from.get(start)
    while (value !== undefined && fold(value).startsWith(start) && found.length < mostSteps) {
      found.push({ value, count: step.count.get(value, mostCounted) ?? 0 })
      value = step.after.get(value)
    }
    return mostFirst(found)
  }

  /** From one value to the next, so that no row of the same is passed. */
  function prepareSteps(index: string, column: string) {
    const next = (by: string) =>
      db
        .prepare<[string], string>(
          `SELECT ${column} FROM detections INDEXED BY ${index} WHERE ${column} ${by} ? COLLATE NOCASE ORDER BY ${column} COLLATE NOCASE LIMIT 1`,
        )
        .pluck()
    const count = db
      .prepare<[string, number], number>(
        `SELECT count(*) FROM (SELECT 1 FROM detections INDEXED BY ${index} WHERE ${column} = ? COLLATE NOCASE LIMIT ?)`,
      )
      .pluck()
    return { from: next('>='), after: next('>'), count }
  }

  function prepareList(column: string) {
    return db.prepare<[number], Counted>(`
      SELECT item.value AS value, count(*) AS count
      FROM (SELECT ${column} AS list FROM detections ORDER BY changed_at DESC, row DESC LIMIT ?), json_each(list) AS item
      GROUP BY 1 ORDER BY 2 DESC LIMIT ${mostTop}`)
  }
}

function mostFirst(counts: readonly Counted[]): readonly Counted[] {
  return [...counts].sort((one, other) => other.count - one.count)
}
