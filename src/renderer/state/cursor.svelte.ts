import type { DetectionKey } from '../../shared/detection.ts'
import type { Marks } from './marks.svelte.ts'
import { mostMarked } from './marks.svelte.ts'
import type { Placed } from './placed.ts'
import type { Selection } from './selection.svelte.ts'
import type { Timeline } from './timeline.svelte.ts'

/** Where the keyboard stands in the list, by place and by key: rows above may arrive, and the list may reach further than memory. */
export class Cursor {
  /** Moves that the list is to keep in view; another number each time. */
  moves = $state(0)
  #last = $state(-1)
  readonly #timeline: Timeline
  readonly #selection: Selection
  readonly #marks: Marks
  /** Where a range of marks begins. */
  #from: number | null = null
  #ticket = 0

  constructor(timeline: Timeline, selection: Selection, marks: Marks) {
    this.#timeline = timeline
    this.#selection = selection
    this.#marks = marks
  }

  /** -1 where it stands nowhere in the rows that are in memory. */
  readonly index: number = $derived.by(() => {
    const key = this.#selection.cursor
    if (key === null) return -1
    return this.#timeline.rowAt(this.#last)?.key === key ? this.#last : this.#timeline.indexOf(key)
  })

  get row(): Placed | undefined {
    return this.index < 0 ? undefined : this.#timeline.rowAt(this.index)
  }

  /** What a key is about: the row, or what is open where the row is not in memory. */
  get target(): DetectionKey | null {
    return this.row?.detection ?? this.#selection.openDetection
  }

  step(by: number): Promise<void> {
    this.#from = null
    return this.#go(this.index < 0 ? this.#timeline.firstVisible : this.index + by)
  }

  moveTo(index: number): Promise<void> {
    this.#from = null
    return this.#go(index)
  }

  /** Opens what it stands on. */
  open(): void {
    if (this.row) void this.#selection.open(this.row.detection)
  }

  openAt(index: number): void {
    const row = this.#timeline.rowAt(index)
    if (row === undefined) return
    this.#from = null
    this.#last = index
    void this.#selection.open(row.detection)
  }

  /** Moves there, and marks all from where the range began. */
  async extendTo(index: number): Promise<void> {
    const to = this.#clamp(index)
    const from = (this.#from ??= this.index < 0 ? to : this.index)
    await this.#go(to)
    const rows = await this.#rowsBetween(Math.min(from, to), Math.max(from, to))
    if (rows !== null) this.#marks.only(rows)
  }

  extend(by: number): Promise<void> {
    return this.extendTo(this.index < 0 ? this.#timeline.firstVisible : this.index + by)
  }

  toggleAt(index: number): void {
    const row = this.#timeline.rowAt(index)
    if (row === undefined) return
    this.#marks.toggle(row)
    this.#last = index
    this.#from = index
    this.#selection.cursor = row.key
  }

  async #go(index: number): Promise<void> {
    const ticket = ++this.#ticket
    const to = this.#clamp(index)
    const row = await this.#timeline.bring(to)
    if (ticket !== this.#ticket || row === undefined) return
    this.#last = to
    this.#selection.pass(row.detection)
    this.moves += 1
  }

  /** null where the cursor went on meanwhile. */
  async #rowsBetween(from: number, to: number): Promise<readonly Placed[] | null> {
    const ticket = this.#ticket
    const rows: Placed[] = []
    for (let index = from; index <= to && rows.length < mostMarked; index += 1) {
      const row = this.#timeline.rowAt(index) ?? (await this.#timeline.bring(index))
      if (ticket !== this.#ticket) return null
      if (row) rows.push(row)
    }
    return rows
  }

  #clamp(index: number): number {
    return Math.min(Math.max(index, 0), this.#timeline.count - 1)
  }
}
