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
  readonly keys: ReadonlyMap<string, DetectionKey>
}
const nothing: ReadonlyMap<string, DetectionKey> = new Map()

/** What of the list is marked for the next action: single rows, or all that the view finds. */
export class Marks {
  #marked = $state.raw<Marked>({ of: { text: '', range: null }, isAll: false, keys: nothing })
  readonly #listed: () => { readonly answered: Wanted; readonly count: number }
  readonly #now: Marked = $derived.by(() => {
    const { answered } = this.#listed()
    return isSame(this.#marked.of, answered) ? this.#marked : { of: answered, isAll: false, keys: nothing }
  })

  constructor(listed: () => { readonly answered: Wanted; readonly count: number }) {
    this.#listed = listed
  }

  get isAll() {
    return this.#now.isAll
  }

  /** Of a view that is not walked to its end: those known so far. */
  get count() {
    return this.#now.isAll ? this.#listed().count : this.#now.keys.size
  }

  has(key: string): boolean {
    return this.#now.isAll || this.#now.keys.has(key)
  }

  /** A row of a view that is marked as a whole becomes the only one. */
  toggle(row: Placed): void {
    const keys = new Map(this.#now.keys)
    if (this.#now.isAll || !keys.delete(row.key)) keys.set(row.key, keyOnly(row))
    this.#set(keys)
  }

  /** These and no other. */
  only(rows: readonly Placed[]): void {
    this.#set(new Map(rows.slice(0, mostMarked).map((row) => [row.key, keyOnly(row)])))
  }

  add(rows: readonly Placed[]): void {
    const added = rows.map((row) => [row.key, keyOnly(row)] as const)
    this.#set(new Map([...this.#now.keys, ...added].slice(0, mostMarked)))
  }

  all(): void {
    this.#marked = { of: this.#listed().answered, isAll: true, keys: nothing }
  }

  clear(): void {
    this.#set(nothing)
  }

  /** null where nothing is marked. */
  get target(): TriageOf | null {
    const { isAll, keys, of } = this.#now
    if (isAll) return { kind: 'view', text: of.text, range: of.range }
    return keys.size === 0 ? null : { kind: 'keys', keys: [...keys.values()] }
  }

  #set(keys: ReadonlyMap<string, DetectionKey>): void {
    this.#marked = {
      of: this.#listed().answered,
      isAll: false,
      keys: keys.size > mostMarked ? new Map([...keys].slice(0, mostMarked)) : keys,
    }
  }
}

function keyOnly({ detection }: Placed): DetectionKey {
  return { organizationId: detection.organizationId, id: detection.id }
}
