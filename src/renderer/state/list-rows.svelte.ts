/* eslint-disable svelte/prefer-svelte-reactivity -- its maps are bookkeeping; what is shown is replaced as a whole */
import type { Detection, Instant } from '../../shared/detection.ts'
import type { Page } from '../../shared/ipc.ts'
import { findMoment } from './find-moment.ts'
import { keyOf } from './key.ts'
import { ListLoader } from './list-loader.svelte.ts'
import { createShownRows, type Ask, type ListPages } from './list-pages.ts'
import { type Placed } from './placed.ts'

/** The rows of the list, by their place: those in memory are told, and what comes into view is brought there. */
export class ListRows {
  readonly #loader: ListLoader
  #pages: ListPages = createShownRows([], 0)
  /** The list is not a rune: whatever changes in it counts this on. */
  #version = $state(0)

  constructor(parts: {
    readonly ask: (ask: Ask) => Promise<Page>
    /** Hears of each page that came in; `isOn` is one that comes after all that was known. */
    readonly took: (page: Page, isOn: boolean) => void
    readonly mayWalk: () => boolean
  }) {
    this.#loader = new ListLoader(this.#pages, {
      ...parts,
      took: (page, isOn) => {
        parts.took(page, isOn)
        this.#version += 1
      },
    })
  }

  /** Rows of the list, in memory or not; of a search, as far as it has been walked. */
  get count(): number {
    void this.#version
    return this.#pages.count
  }

  /** Whether `count` is all there are. */
  get isComplete(): boolean {
    void this.#version
    return this.#pages.isComplete
  }

  /** Those that are in memory, from the top. */
  get head(): readonly Placed[] {
    void this.#version
    return this.#pages.head()
  }

  get state() {
    return this.#loader.state
  }

  /** undefined where it is not in memory. */
  at(index: number): Placed | undefined {
    void this.#version
    return this.#pages.at(index)
  }

  /** -1 where it is not in memory. */
  indexOf(key: string): number {
    void this.#version
    for (const [index, row] of this.#pages.rows()) if (row.key === key) return index
    return -1
  }

  /** Where those of them that are in memory stand. */
  places(keys: { has(key: string): boolean }): ReadonlyMap<string, Instant> {
    const places = new Map<string, Instant>()
    for (const [, { key, placedAt }] of this.#pages.rows()) if (keys.has(key)) places.set(key, placedAt)
    return places
  }

  /** How many of a new look at the beginning are not in it, or stand elsewhere, and belong above its first row. */
  countAbove({ detections }: Page): number {
    const first = this.at(0)
    const places = this.places(new Set(detections.map(keyOf)))
    return detections.filter(
      (detection) => places.get(keyOf(detection)) !== detection.changedAt && (!first || detection.changedAt >= first.placedAt),
    ).length
  }

  need(from: number, to: number): void {
    this.#loader.need(Math.max(0, from), to)
  }

  goOn(): Promise<void> {
    return this.#loader.goOn()
  }

  /** The row once it is in memory; undefined where it cannot be had. */
  async bring(index: number): Promise<Placed | undefined> {
    if (this.#pages.at(index) === undefined) await this.#loader.bring(index)
    return this.#pages.at(index)
  }

  /** The place of what stood there at that time; null where it cannot be had, or the list was begun anew meanwhile. */
  async find(at: Instant): Promise<number | null> {
    const pages = this.#pages
    const index = await findMoment(at, {
      count: () => pages.count,
      isComplete: () => pages.isComplete,
      row: (place) => pages.at(place),
      bring: (place) => this.#loader.bring(place),
    })
    return pages === this.#pages ? index : null
  }

  begin(pages: ListPages): void {
    this.#pages = pages
    this.#loader.begin(pages)
    this.#version += 1
  }

  /** A new look at the beginning of a walk that has gone further; false where it replaces all. */
  renew(page: Page): boolean {
    const isKept = this.#pages.renew(page)
    if (isKept) this.#version += 1
    return isKept
  }

  /** What is known of them now, in the same places. */
  update(detections: readonly Detection[]): void {
    if (detections.length === 0) return
    if (this.#pages.update(new Map(detections.map((detection) => [keyOf(detection), detection])))) this.#version += 1
  }

  /** More changed than was told: what is in view is read again where it stands, the rest when it comes into view. */
  async refresh(): Promise<void> {
    try {
      this.update(await this.#loader.refresh())
    } catch {
      // It stays as it was, and is read again with the next change.
    }
  }
}
