import type { Detection, Instant } from '../../shared/detection.ts'
import type { TimeRange } from '../../shared/view.ts'
import { keyOf } from './key.ts'
import { pageSize } from './list-pages.ts'
import type { ListRows } from './list-rows.svelte.ts'

/** The row that a list is to show, since somebody asked for its time: what was asked for last. */
export class ListGoal {
  /** Another object each time; null before the first. */
  row = $state.raw<{ readonly index: number } | null>(null)
  readonly #rows: Pick<ListRows, 'find' | 'bring'>
  readonly #newestIn: (range: TimeRange) => Promise<Detection | undefined>
  #ticket = 0

  /** `newestIn` is the one of the list that changed last of those that were detected then. */
  constructor(rows: Pick<ListRows, 'find' | 'bring'>, newestIn: (range: TimeRange) => Promise<Detection | undefined>) {
    this.#rows = rows
    this.#newestIn = newestIn
  }

  /** Moves the list to what last changed at that time, or just before it. */
  async scrollTo(at: Instant): Promise<void> {
    const ticket = ++this.#ticket
    const index = await this.#rows.find(at)
    if (ticket === this.#ticket && index !== null) this.row = { index }
  }

  /** Moves the list to the one that changed last of those that were detected then; null where the list has none, or cannot have it. */
  async showDetected(range: TimeRange): Promise<Detection | null> {
    const ticket = ++this.#ticket
    const newest = await this.#newestIn(range)
    if (newest === undefined || ticket !== this.#ticket) return null
    let index = await this.#rows.find(newest.changedAt)
    // Others may have changed at that very moment.
    for (let passed = 0; index !== null && passed < pageSize; passed += 1) {
      const row = await this.#rows.bring(index)
      if (ticket !== this.#ticket || row === undefined || row.placedAt < newest.changedAt) return null
      if (row.key === keyOf(newest)) {
        this.row = { index }
        return newest
      }
      index += 1
    }
    return null
  }
}
