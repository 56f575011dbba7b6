import { fits } from '../query/pattern.ts'
import type { Pattern } from '../query/query.ts'
import type { Database } from './database.ts'
import { movePacked } from './packed-counts.ts'

/** What searches and migrations ask of SQLite beyond its own functions. */
export function addFunctions(db: Database): void {
  let known: { readonly text: string; readonly pattern: Pattern } | null = null
  // Called once a row with the same pattern, which is read once.
  db.function('fits_pattern', { deterministic: true, directOnly: true }, (text: unknown, parts: unknown) => {
    if (typeof text !== 'string' || typeof parts !== 'string') return 0
    if (known?.text !== parts) known = { text: parts, pattern: { kind: 'pattern', parts: JSON.parse(parts) as readonly string[] } }
    return fits(known.pattern, text) ? 1 : 0
  })

  // Counters of one chunk by their index, each index once.
  db.aggregate<Map<number, number>>('pack_counts', {
    deterministic: true,
    directOnly: true,
    varargs: true,
    start: () => new Map(),
    step: (counts, ...[index, count]: unknown[]) => void counts.set(Number(index), Number(count)),
    result: (counts) => movePacked(undefined, counts),
  })
}
