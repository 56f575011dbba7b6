import type { Detection } from '../../shared/detection.ts'
import type { Page, PageKey } from '../../shared/ipc.ts'
import { update as withNews, type Placed } from './placed.ts'

export const pageSize = 100
/** As many pages as stay in memory; the rest are asked for again when they come into view. */
export const mostPages = 60

/** What to ask for next: rows before a key, some passed over. `page` is the place of the answer. */
export type Ask = { readonly page: number; readonly before: PageKey | null; readonly skip: number; readonly limit: number }

/** The rows of one answer after the other, as far as they are in memory. Bounded; what is in view is used last and stays. */
export type ListPages = {
  readonly kind: 'everything' | 'found'
  /** Rows of the list, in memory or not; of a search, as far as it has been walked. */
  readonly count: number
  /** Whether `count` is all there are. */
  readonly isComplete: boolean
  at(index: number): Placed | undefined
  /** What to ask so that the row gets there; null where it is there, or cannot be had now. */
  askFor(index: number): Ask | null
  /** What comes after all that is known; null where that is the end. */
  askOn(): Ask | null
  /** How the rows around one that is there are asked for once more; null for those of the top. */
  askAgain(index: number): Ask | null
  /** Answers what must be asked instead, where the page turns out not to continue the one below it. */
  put(ask: Ask, page: Page): Ask | null
  /** Every row in memory, from the top; `index` is its place. */
  rows(): Iterable<readonly [index: number, row: Placed]>
  /** Rows from the top that stand in memory without a hole. */
  head(): readonly Placed[]
  /** What is known of them now, in the same places; false where nothing is. */
  update(byKey: ReadonlyMap<string, Detection>): boolean
  /** Drops what does not stand between these rows, to be asked for again; the first page stays. */
  keepOnly(from: number, to: number): void
  /** Takes a new look at the beginning that came less far down than the walk did; false where it has to replace all. */
  renew(page: Page): boolean
}

/** Rows of which more is about to be known: nothing is asked for beside them. */
export function createShownRows(rows: readonly Placed[], count: number): ListPages {
  let shown = rows
  return {
    kind: 'everything',
    count,
    isComplete: true,
    at: (index) => shown[index],
    askFor: () => null,
    askOn: () => null,
    askAgain: () => null,
    put: () => null,
    rows: () => shown.entries(),
    head: () => shown,
    update(byKey) {
      const before = shown
      shown = withNews(shown, byKey)
      return shown !== before
    },
    keepOnly: () => undefined,
    renew: () => false,
  }
}

/** The one used longest ago goes; the first page is what the top is compared with, and stays. */
export function trim<T>(pages: Map<number, T>): void {
  for (const key of pages.keys()) {
    if (pages.size <= mostPages) return
    if (key !== 0) pages.delete(key)
  }
}

/** Makes it the one used last. */
export function touch<T>(pages: Map<number, T>, key: number): T | undefined {
  const page = pages.get(key)
  // The first is never dropped, and most often looked at.
  if (page !== undefined && key !== 0) {
    pages.delete(key)
    pages.set(key, page)
  }
  return page
}
