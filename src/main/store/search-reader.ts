import { parse } from '../query/parse.ts'
import type { Parsed, Query } from '../query/query.ts'
import { mostSuppressions } from '../../shared/rules.ts'
import type { Database } from './database.ts'

/**
 * Reads what was typed as this history understands it now: `is:suppressed` stands for what its suppressions find. Refused where they are more
 * than a statement can ask for, unless `mostSuppressedWork` says that there is no such bound.
 */
export type SearchReader = (text: string, mostSuppressedWork?: number) => Parsed

export function createSearchReader(db: Database, now: () => number): SearchReader {
  const held = db
    .prepare<[number, number], string>(
      'SELECT query FROM suppressions INDEXED BY suppressions_held WHERE lifted_at IS NULL AND expires_at > ? LIMIT ?',
    )
    .pluck()

  return (text, mostSuppressedWork) => {
    const at = now()
    return parse(text, {
      now: at,
      ...(mostSuppressedWork === undefined ? {} : { mostSuppressedWork }),
      // One that cannot be read suppresses nothing, so it finds nothing.
      suppressed: () =>
        held
          .all(at, mostSuppressions)
          .map((query) => parse(query, { now: at }))
          .flatMap((parsed): readonly Query[] => (parsed.kind === 'parsed' ? [parsed.query] : [])),
    })
  }
}
