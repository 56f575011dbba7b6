import type { Instant } from '../../shared/detection.ts'
import type { SearchRefused } from '../../shared/ipc.ts'
import { within } from '../query/query.ts'
import type { Database } from './database.ts'
import { conjunction, detectedRange } from './drivers.ts'
import type { Searched } from './overview.ts'
import { createRollupSums } from './rollup-sums.ts'
import { dimensions } from './rollups.ts'
import { createScan } from './scan.ts'
import { createSearchReader } from './search-reader.ts'
import { always, type Range } from './spans.ts'
import type { TextIndex } from './text-index.ts'
import { toInstant } from './time.ts'

/** By what words of ATT&CK senders mapped the detections that a search finds. */
export type Mappings = {
  readonly kind: 'mappings'
  /** Words that stand together in so many detections; where they are `apart`, each word by itself, and two of them may be of one detection. */
  readonly mappings: readonly { readonly words: readonly string[]; readonly count: number }[]
  readonly areApart: boolean
  readonly counted: number
  /** Those that name neither a tactic nor a technique. */
  readonly unmapped: number
  readonly isExact: boolean
  /** Where the time for counting ran out. */
  readonly countedTo: Instant | null
}
export type MappingsAnswer = Mappings | SearchRefused

/** So many are looked at one by one, which says which words stand together; beyond it the counts that are kept have to do. */
const fewMapped = 20_000

type MappedRow = { readonly tactics: string; readonly techniques: string }

export function createMappings(
  db: Database,
  parts: { readonly textIndex: TextIndex; readonly now: () => number; readonly clock: () => number; readonly few?: number },
): (wanted: Searched) => MappingsAnswer {
  const { textIndex, clock, few = fewMapped } = parts
  const readSearch = createSearchReader(db, parts.now)
  const sums = createRollupSums(db)
  const scan = createScan(db, { textIndex, clock })

  return db.transaction(({ text, range = null }: Searched): MappingsAnswer => {
    const parsed = readSearch(text)
    if (parsed.kind === 'refused') return parsed
    const query = within(parsed.query, range)
    const detected = detectedRange(query) ?? always
    const states = sums.byValue(dimensions.state, detected)
    const rows = states.counts.reduce((sum, { count }) => sum + count, 0)
    const isPlain = conjunction(query).every((part) => part.kind === 'time' && part.field === 'detected')
    if (isPlain && rows > few) return fromCounts(detected, rows, states.isExact)

    const counts = new Map<string, number>()
    let counted = 0
    const { seenTo, isIndexed } = scan.byTime<MappedRow>(query, 'tactics, techniques', { ...detected, rows }, (row) => {
      counted += 1
      const key = `${row.tactics}\n${row.techniques}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    })
    const unmapped = counts.get('[]\n[]') ?? 0
    counts.delete('[]\n[]')
    return {
      kind: 'mappings',
      mappings: [...counts].map(([key, count]) => ({ words: wordsOf(key), count })),
      areApart: false,
      counted,
      unmapped,
      isExact: seenTo === null && isIndexed,
      countedTo: seenTo === null ? null : toInstant(seenTo),
    }
  })

  function fromCounts(range: Range, counted: number, isCountExact: boolean): Mappings {
    const named = [dimensions.tactic, dimensions.technique].map((dimension) => sums.byValue(dimension, range))
    const none = sums.byValue(dimensions.mapping, range)
    return {
      kind: 'mappings',
      mappings: named.flatMap(({ counts }) => counts.map(({ value, count }) => ({ words: [value], count }))),
      areApart: true,
      counted,
      unmapped: none.counts[0]?.count ?? 0,
      isExact: isCountExact && none.isExact && named.every(({ isExact }) => isExact),
      countedTo: null,
    }
  }
}

/** Each once, whichever of the two lists it stands in. */
function wordsOf(key: string): readonly string[] {
  const [tactics = '[]', techniques = '[]'] = key.split('\n')
  return [...new Set([...(JSON.parse(tactics) as string[]), ...(JSON.parse(techniques) as string[])])]
}
