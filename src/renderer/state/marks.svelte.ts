/* eslint-disable svelte/prefer-svelte-reactivity -- its sets and maps are bookkeeping; what is shown is replaced as a whole */
import type { DetectionKey } from '../../shared/detection.ts'
import type { TriageOf } from '../../shared/triage.ts'
import type { Wanted } from '../../shared/view.ts'
import type { Placed } from './placed.ts'
import { isSame } from './timeline.svelte.ts'

/** As many as are marked one by one, or left out of all; all of a view is one mark. */
export const mostMarked = 5_000

type Marked = {
  /** What was listed when they were marked: marks of another list are none. */
  readonly of: Wanted
  readonly isAll: boolean
  /**
   * Those that are marked or, where all are, those that are not; as they were then: the list may forget them while they are far out of view.
   */
  readonly rows: ReadonlyMap<string, Placed>
}
/** `waiting` are those that came since, and stand above what is listed. */
type Listed = { readonly answered: Wanted; readonly count: number; readonly waiting: number }
const nothing: ReadonlyMap<string, Placed> = new Map()

/** What of the list is marked for the next action: single rows, or all that the view finds. */
export class Marks {
  #marked = $state.raw<Marked>({ of: { text: '', range: null }, isAll: false, rows: nothing })
  readonly #listed: () => Listed
  readonly #most: number
  readonly #now: Marked = $derived.by(() => {
    const { answered } = this.#listed()
    return isSame(this.#marked.of, answered) ? this.#marked : { of: answered, isAll: false, rows: nothing }
  })

  constructor(listed: () => Listed, most = mostMarked) {
    this.#listed = listed
    this.#most = most
  }

  get isAll() {
    return this.#now.isAll
  }

  /** Of a view that is not walked to its end: those known so far. All are also those that came since. */
  get count() {
    return this.#now.isAll ? Math.max(0, this.#listed().count + this.unseen - this.leftOut) : this.#now.rows.size
  }

  /** Of all, those that came since and are not listed yet. */
  get unseen() {
    return this.#now.isAll ? this.#listed().waiting : 0
  }

  /** Of all, those that were taken out one by one. */
  get leftOut() {
    return this.#now.isAll ? this.#now.rows.size : 0
  }

  has(key: string): boolean {
    return this.#now.isAll !== this.#now.rows.has(key)
  }

  /** As many as can be marked one by one, or left out of all: a range may have stopped here. */
  get isFull() {
    return this.#now.rows.size >= this.#most
  }

  /** Those that were marked one by one, in the order of the list. */
  get rows(): readonly Placed[] {
    if (this.#now.isAll) return []
    return [...this.#now.rows.values()].sort((a, b) => (a.placedAt < b.placedAt ? 1 : a.placedAt > b.placedAt ? -1 : 0))
  }

  /** Marks it or, where it is marked, also as one of all, takes it out. */
  toggle(row: Placed): void {
    const { isAll, rows: before } = this.#now
    const rows = new Map(before)
    if (!rows.delete(row.key)) rows.set(row.key, row)
    this.#set(rows, isAll)
  }

  /** These and no other. */
  only(rows: readonly Placed[]): void {
    this.#set(new Map(rows.slice(0, this.#most).map((row) => [row.key, row])))
  }

  add(rows: readonly Placed[]): void {
    const added = rows.map((row) => [row.key, row] as const)
    this.#set(new Map([...(this.#now.isAll ? [] : this.#now.rows), ...added].slice(0, this.#most)))
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
    if (this.count === 0) return null
    if (!isAll) return { kind: 'keys', keys: this.rows.map(keyOnly) }
    const view = { kind: 'view', text: of.text, range: of.range } as const
    return rows.size === 0 ? view : { ...view, except: [...rows.values()].map(keyOnly) }
  }

  #set(rows: ReadonlyMap<string, Placed>, isAll = false): void {
    this.#marked = {
      of: this.#listed().answered,
      isAll,
      rows: rows.size > this.#most ? new Map([...rows].slice(0, this.#most)) : rows,
    }
  }
}

function keyOnly({ detection }: Placed): DetectionKey {
  return { organizationId: detection.organizationId, id: detection.id }
}
