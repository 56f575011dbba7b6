/* eslint-disable svelte/prefer-svelte-reactivity -- its map is filled while it is read, and replaced as a whole */
import type { Instant } from '../../shared/detection.ts'
import type { Density } from '../../shared/settings.ts'
import type { AppState } from '../state/app.ts'
import { dayName } from '../ui/time.ts'
import { dayOfRow, gapHeight, headingHeight, heightOf, toAbove, toEntry, type Above, type Entry } from './entry.ts'
import { toGapRows } from './gap-rows.ts'
import { ListView } from './list-view.svelte.ts'
import { createSlots } from './slots.ts'

const footHeight = 60
/** A list so short is laid out whole, so that its bar is exact. */
const mostExact = 500
const none: readonly Above[] = []

/** What is shown at one place of the list; `height` is of what stands above the row. */
type Block = { readonly key: string; readonly above: readonly Above[]; readonly height: number; readonly entry: Entry | undefined }

/** A row on screen, or where one will be: `top` is its own, below what stands above it. `slot` names the element that shows it. */
export type Shown = {
  readonly index: number
  readonly top: number
  readonly slot: number
} & Block

/** What of the timeline is on screen, and where. */
export class ListLayout {
  readonly view: ListView
  readonly #timeline: AppState['timeline']
  readonly #around: Pick<AppState, 'gaps' | 'clock'>
  readonly #density: () => Density
  readonly #toSlots = createSlots()

  constructor({ timeline, gaps, clock }: Pick<AppState, 'timeline' | 'gaps' | 'clock'>, density: () => Density) {
    this.#timeline = timeline
    this.#around = { gaps, clock }
    this.#density = density
    this.view = new ListView(() => ({
      count: timeline.count,
      rowHeight: this.rowHeight,
      footHeight: this.end === null ? 0 : footHeight,
      above: (index) => this.#blocks(index).height,
      extra: this.#extra,
    }))
  }

  readonly rowHeight: number = $derived.by(() => (this.#density() === 'compact' ? 32 : 52))

  /** What the list ends with, once its end is known. */
  readonly end: string | null = $derived.by(() => {
    if (!this.#timeline.isComplete) return null
    return this.#timeline.isEverything ? 'The history begins here' : 'No older matches'
  })

  // A search shows what matches and nothing between.
  readonly #gapRows = $derived.by(() => (this.#timeline.isEverything ? toGapRows(this.#around.gaps.list, '' as Instant) : []))

  /** What is shown of each row, worked out when it is looked at, so that scrolling only moves it; begun anew when any of it may differ. */
  readonly #blocks = $derived.by(() => {
    const timeline = this.#timeline
    const { today } = this.#around.clock
    const around = { gaps: this.#gapRows, today }
    void timeline.rowAt(0)
    const known = new Map<number, Block>()
    return (index: number): Block => {
      let block = known.get(index)
      if (block === undefined) {
        const row = timeline.rowAt(index)
        const previous = index === 0 ? null : timeline.rowAt(index - 1)
        const above = row && previous !== undefined ? toAbove(row, previous, around) : none
        const entry = row && toEntry(row, index, dayName(dayOfRow(row), today), above)
        known.set(index, (block = { above, entry, height: heightOf(above), key: row?.key ?? `at ${index}` }))
      }
      return block
    }
  })

  readonly #extra = $derived.by(() => {
    const { count } = this.#timeline
    let sum = 0
    if (count <= mostExact) for (let index = 0; index < count; index += 1) sum += this.#blocks(index).height
    return sum
  })

  readonly shown: readonly Shown[] = $derived.by(() => {
    const rows = this.view.visible
    const slots = this.#toSlots(rows.map(({ index }) => this.#blocks(index).key))
    return rows.map(({ index, top }, place) => ({ index, top, slot: slots[place] ?? 0, ...this.#blocks(index) }))
  })

  readonly inView: readonly Shown[] = $derived.by(() => this.shown.filter(({ top }) => top + this.rowHeight > 0 && top < this.view.height))

  /** The day of the topmost row, where its own heading has left the view; pushed out by the next one. */
  readonly sticky: { readonly label: string; readonly top: number } | null = $derived.by(() => {
    const { index, offset } = this.view.anchor
    const [first] = this.inView
    if (first?.entry === undefined || (index === 0 && offset === 0)) return null
    const headings = this.shown.flatMap(({ top, above, height }) => {
      let at = top - height
      return above.flatMap((item) => {
        const from = at
        at += item.kind === 'day' ? headingHeight : gapHeight
        return item.kind === 'day' ? [{ label: item.label, at: from }] : []
      })
    })
    if (headings.some(({ at }) => at === 0)) return null
    const next = headings.find(({ at }) => at > 0)
    const label = headings.filter(({ at }) => at < 0).at(-1)?.label ?? first.entry.day
    return { label, top: Math.min(0, (next?.at ?? headingHeight) - headingHeight) }
  })
}
