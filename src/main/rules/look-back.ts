import { dryRunDays, mostDryRun } from '../../shared/rules.ts'
import type { Change } from '../ingest/delivery.ts'
import type { PastChange } from '../store/past-changes.ts'
import type { Store } from '../store/store.ts'
import { daysUntil, type Days } from './days.ts'

/** Changes that are looked at between two moments for others. */
export const stepSize = 1_000

/** A change, and what was seen in it. */
export type LookedBack<Seen> = { readonly past: PastChange; readonly seen: Seen }

/**
 * What changed anything in the last days, oldest first, with what `see` made of each: it is asked the newest first, so that where the time is
 * over the newest are there. `at` is when it came, in epoch ms.
 */
export function* lookBack<Seen>(
  store: Pick<Store, 'pastChanges'>,
  { now, see }: { readonly now: number; readonly see: (change: Change, at: number) => Seen },
): Generator<void, { readonly all: readonly LookedBack<Seen>[]; readonly days: Days; readonly isWhole: boolean }> {
  const days = daysUntil(now, dryRunDays)
  const newestFirst: LookedBack<Seen>[] = []
  const parts = store.pastChanges.newestFirst({ since: days.first, most: mostDryRun, size: stepSize })
  let part = parts.next()
  for (; part.done !== true; part = parts.next()) {
    for (const past of part.value) {
      newestFirst.push({ past, seen: see(past.change, past.at) })
      past.letGo()
    }
    yield
  }
  return { all: yield* inOrder(newestFirst), days, isWhole: part.value }
}

/** Without those that were issued before one that was there already: they changed nothing of the present. */
function* inOrder<Seen>(newestFirst: readonly LookedBack<Seen>[]): Generator<void, readonly LookedBack<Seen>[]> {
  const issued = new Map<number, number>()
  const all: LookedBack<Seen>[] = []
  for (let place = newestFirst.length - 1; place >= 0; place -= 1) {
    if (place % stepSize === 0) yield
    const one = newestFirst[place] as LookedBack<Seen>
    const { row, issuedAt } = one.past
    if (issuedAt < (issued.get(row) ?? issuedAt)) continue
    issued.set(row, issuedAt)
    all.push(one)
  }
  return all
}
