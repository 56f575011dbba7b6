import type { Impact } from '../../shared/rules.ts'
import type { Store } from '../store/store.ts'
import { readQuery } from './check.ts'
import { findsOf } from './dry-run.ts'
import { lookBack, stepSize } from './look-back.ts'

/** `now` in epoch ms. */
export type SuppressionTried = { readonly query: string; readonly now: number }

const mostExamples = 20

/** What a suppression would have hidden of what came in the last days, and how much of that was told. */
export function* trySuppression(store: Pick<Store, 'pastChanges'>, { query, now }: SuppressionTried): Generator<void, Impact> {
  const read = readQuery(query, now)
  if (read.kind === 'refused') return read
  const isFound = findsOf(query, now)
  const { all, days, isWhole } = yield* lookBack(store, { now, see: isFound })
  /** By row, in the order of their newest change. */
  const found = new Map<number, 'threat' | 'posture'>()
  let since = now
  for (const [index, { past, seen }] of all.entries()) {
    since = Math.min(since, past.at)
    if (seen) {
      found.delete(past.row)
      found.set(past.row, past.change.detection.kind)
    }
    if (index % stepSize === stepSize - 1) yield
  }

  const told = { normal: 0, urgent: 0 }
  for (const { row, urgency } of store.pastChanges.told(days.first)) if (found.has(row)) told[urgency] += 1
  const threats = [...found.values()].filter((kind) => kind === 'threat').length
  return {
    kind: 'impact',
    detections: found.size,
    threats,
    posture: found.size - threats,
    told: told.normal + told.urgent,
    urgent: told.urgent,
    examples: store.pastChanges.keys([...found.keys()].slice(-mostExamples).reverse()),
    looked: all.length,
    // Of days nobody looked at nothing can be said.
    since: days.name(isWhole ? 0 : days.placeOf(since)),
    isWhole,
  }
}
