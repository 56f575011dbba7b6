/* eslint-disable svelte/prefer-svelte-reactivity -- its sets and maps are bookkeeping; what is shown is replaced as a whole */
import type { Detection, DetectionKey } from '../../shared/detection.ts'
import type { AsOf, TriageOf } from '../../shared/triage.ts'
import { isSame, type Wanted } from '../../shared/view.ts'
import type { Placed } from './placed.ts'

/** As many as are marked one by one, or left out of all; all of a view is one mark. */
export const mostMarked = 5_000

/** `isCounted`: the list had been walked to its end. */
type All = { readonly asOf: AsOf; readonly count: number; readonly isCounted: boolean }
type Marked = {
  /** What was listed when they were marked: marks of another list are none. */
  readonly of: Wanted
  /** Where all are marked, what was known of them, and how many: what comes or changes afterwards is not among them. */
  readonly all: All | null
  /**
   * Those that are marked or, where all are, those that are not; as they were then: the list may forget them while they are far out of view.
   */
  readonly rows: ReadonlyMap<string, Placed>
}
/** `waiting` are those that came since, and stand above what is listed; `rows` those from the top that are in memory. */
type Listed = {
  readonly answered: Wanted
  readonly asOf: AsOf
  readonly count: number
  readonly isComplete: boolean
  readonly waiting: number
  readonly rows: readonly Placed[]
}
const nothing: ReadonlyMap<string, Placed> = new Map()

/** What of the list is marked for the next action: single rows, or all that the view finds. */
export class Marks {
  #marked = $state.raw<Marked>({ of: { text: '', range: null }, all: null, rows: nothing })
  readonly #listed: () => Listed
  readonly #most: number
  readonly #now: Marked = $derived.by(() => {
    const { answered } = this.#listed()
    return isSame(this.#marked.of, answered) ? this.#marked : { of: answered, all: null, rows: nothing }
  })
  /** Listed by now, and not among all that were marked. */
  readonly #since: number = $derived.by(() => {
    const { all, rows: out } = this.#now
    return all === null ? 0 : this.#listed().rows.filter(({ key, detection }) => isSince(detection, all.asOf) && !out.has(key)).length
  })
  /** Whether what came since is in memory down to where all begin: more may have come than that. */
  readonly #isMet: boolean = $derived.by(() => {
    const { isComplete, rows, count } = this.#listed()
    return isComplete && (rows.length > this.#since || rows.length >= count)
  })

  constructor(listed: () => Listed, most = mostMarked) {
    this.#listed = listed
    this.#most = most
  }

  get isAll() {
    return this.#now.all !== null
  }

  /** Of a view that is not walked to its end: those known so far. */
  get count() {
    const { all, rows } = this.#now
    if (all === null) return rows.size
    const listed = this.#listed().count - this.#since
    const known = all.isCounted ? Math.min(all.count, listed) : listed
    return Math.max(0, (this.#isMet ? known : all.isCounted ? all.count : Math.max(all.count, listed)) - rows.size)
  }

  /** Whether `count` is all of them. */
  get isCounted() {
    const { all } = this.#now
    return all === null || all.isCounted || this.#isMet
  }

  /** Something came or changed after all were marked: it is not among them. */
  get isBehind() {
    return this.isAll && (this.#since > 0 || this.#listed().waiting > 0)
  }

  /** Of all, those that were taken out one by one. */
  get leftOut() {
    return this.isAll ? this.#now.rows.size : 0
  }

  has({ key, detection }: Placed): boolean {
    const { all, rows } = this.#now
    return all === null ? rows.has(key) : !rows.has(key) && !isSince(detection, all.asOf)
  }

  /** As many as can be marked one by one, or left out of all: a range may have stopped here. */
  get isFull() {
    return this.#now.rows.size >= this.#most
  }

  /** Those that were marked one by one, in the order of the list. */
  get rows(): readonly Placed[] {
    if (this.isAll) return []
    return [...this.#now.rows.values()].sort((a, b) => (a.placedAt < b.placedAt ? 1 : a.placedAt > b.placedAt ? -1 : 0))
  }

  /** Marks it or, where it is marked, also as one of all, takes it out. What came after all were marked is not marked beside them. */
  toggle(row: Placed): void {
    const { all, rows: before } = this.#now
    if (all !== null && isSince(row.detection, all.asOf)) return
    const rows = new Map(before)
    if (!rows.delete(row.key)) rows.set(row.key, row)
    this.#set(rows, all)
  }

  /** These and no other. */
  only(rows: readonly Placed[]): void {
    this.#set(new Map(rows.slice(0, this.#most).map((row) => [row.key, row])))
  }

  add(rows: readonly Placed[]): void {
    const added = rows.map((row) => [row.key, row] as const)
    this.#set(new Map([...(this.isAll ? [] : this.#now.rows), ...added].slice(0, this.#most)))
  }

  all(): void {
    const { answered, asOf, count, isComplete, rows } = this.#listed()
    const since = rows.filter(({ detection }) => isSince(detection, asOf)).length
    this.#marked = { of: answered, all: { asOf, count: count - since, isCounted: isComplete }, rows: nothing }
  }

  clear(): void {
    this.#set(nothing)
  }

  /** null where nothing is marked. */
  get target(): TriageOf | null {
    const { all, rows, of } = this.#now
    if (this.count === 0) return null
    if (all === null) return { kind: 'keys', keys: this.rows.map(keyOnly) }
    const view = { kind: 'view', text: of.text, range: of.range, asOf: all.asOf } as const
    return rows.size === 0 ? view : { ...view, except: [...rows.values()].map(keyOnly) }
  }

  #set(rows: ReadonlyMap<string, Placed>, all: All | null = null): void {
    this.#marked = {
      of: this.#listed().answered,
      all,
      rows: rows.size > this.#most ? new Map([...rows].slice(0, this.#most)) : rows,
    }
  }
}

/** As far as one can see: what waited and was believed late has an old place, and is left out where the change is written. */
function isSince({ sequence }: Detection, asOf: AsOf): boolean {
  return sequence > asOf.sequence
}

function keyOnly({ detection }: Placed): DetectionKey {
  return { organizationId: detection.organizationId, id: detection.id }
}
