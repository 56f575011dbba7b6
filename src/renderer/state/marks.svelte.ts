/* eslint-disable svelte/prefer-svelte-reactivity -- its sets and maps are bookkeeping; what is shown is replaced as a whole */
import type { DetectionKey } from '../../shared/detection.ts'
import type { TriageOf } from '../../shared/triage.ts'
import type { Wanted } from '../../shared/view.ts'
import type { Placed } from './placed.ts'
import { isSame } from './timeline.svelte.ts'

/** As many as are marked one by one; all of a view is one mark. */
export const mostMarked = 5_000

type Marked = {
  /** What was listed when they were marked: marks of another list are none. */
  readonly of: Wanted
  readonly isAll: boolean
  /** As they were when they were marked: the list may forget them while they are far out of view. */
  readonly rows: ReadonlyMap<string, Placed>
}
const nothing: ReadonlyMap<string, Placed> = new Map()

/** What of the list is marked for the next action: single rows, or all that the view finds. */
export class Marks {
  #marked = $state.raw<Marked>({ of: { text: '', range: null }, isAll: false, rows: nothing })
  readonly #listed: () => { readonly answered: Wanted; readonly count: number }
  readonly #now: Marked = $derived.by(() => {
    const { answered } = this.#listed()
    return isSame(this.#marked.of, answered) ? this.#marked : { of: answered, isAll: false, rows: nothing }
  })

  constructor(listed: () => { readonly answered: Wanted; readonly count: number }) {
    this.#listed = listed
  }

  get isAll() {
    return this.#now.isAll
  }

  /** Of a view that is not walked to its end: those known so far. */
  get count() {
    return this.#now.isAll ? this.#listed().count : this.#now.rows.size
  }

  has(key: string): boolean {
    return this.#now.isAll || this.#now.rows.has(key)
  }

  /** As many as can be marked one by one: a range may have stopped here. */
  get isFull() {
    return !this.#now.isAll && this.#now.rows.size >= mostMarked
  }

  /** Those that were marked one by one, in the order of the list. */
  get rows(): readonly Placed[] {
    return [...this.#now.rows.values()].sort((a, b) => (a.placedAt < b.placedAt ? 1 : a.placedAt > b.placedAt ? -1 : 0))
  }

  /** A row of a view that is marked as a whole becomes the only one. */
  toggle(row: Placed): void {
    const rows = new Map(this.#now.rows)
    if (this.#now.isAll || !rows.delete(row.key)) rows.set(row.key, row)
    this.#set(rows)
  }

  /** These and no other. */
  only(rows: readonly Placed[]): void {
    this.#set(new Map(rows.slice(0, mostMarked).map((row) => [row.key, row])))
  }

  add(rows: readonly Placed[]): void {
    const added = rows.map((row) => [row.key, row] as const)
    this.#set(new Map([...this.#now.rows, ...added].slice(0, mostMarked)))
  }

  all(): void {
    this.#marked = { of: this.#listed().answered, isAll: true, rows: nothing }
  }

  clear(): void {
    this.#set(nothing)
  }

  /** null where nothing is marked. */
  get target(): TriageOf | null {
    const { isAll, rows, of } = this.#now
    if (isAll) return { kind: 'view', text: of.text, range: of.range }
    return rows.size === 0 ? null : { kind: 'keys', keys: [...rows.values()].map(keyOnly) }
  }

  #set(rows: ReadonlyMap<string, Placed>): void {
    this.#marked = {
      of: this.#listed().answered,
      isAll: false,
      rows: rows.size > mostMarked ? new Map([...rows].slice(0, mostMarked)) : rows,
    }
  }
}

function keyOnly({ detection }: Placed): DetectionKey {
  return { organizationId: detection.organizationId, id: detection.id }
}
