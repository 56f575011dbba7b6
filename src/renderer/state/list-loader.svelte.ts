/* eslint-disable svelte/prefer-svelte-reactivity -- its sets and maps are bookkeeping; what is shown is replaced as a whole */
import type { Detection } from '../../shared/detection.ts'
import type { Page } from '../../shared/ipc.ts'
import { pageSize, type Ask, type ListPages } from './list-pages.ts'

/** Rows before the end of what is walked at which the next page is asked for. */
const nearEnd = 40
/** A page is made to meet its neighbour, or comes in pieces, in so many requests at most. */
const mostPieces = 12

/** Brings the rows that are looked at into memory: one request after another, and what is in view by then decides the next. */
export class ListLoader {
  state = $state<'idle' | 'loading' | 'failed'>('idle')
  readonly #ask: (ask: Ask) => Promise<Page>
  readonly #took: (page: Page, isOn: boolean) => void
  readonly #mayWalk: () => boolean
  #pages: ListPages
  #shown = { from: 0, to: 0 }
  #failed: string | null = null

  constructor(
    pages: ListPages,
    parts: {
      readonly ask: (ask: Ask) => Promise<Page>
      /** Hears of each page that came into the list; `isOn` is one that comes after all that was known. */
      readonly took: (page: Page, isOn: boolean) => void
      /** Whether what comes after all that is known is asked for without being told to. */
      readonly mayWalk: () => boolean
    },
  ) {
    this.#pages = pages
    this.#ask = parts.ask
    this.#took = parts.took
    this.#mayWalk = parts.mayWalk
  }

  get shown() {
    return this.#shown
  }

  /** The list was begun anew: what is under way continues something that is no longer shown. */
  begin(pages: ListPages): void {
    this.#pages = pages
    this.#failed = null
    this.#shown = { from: 0, to: 0 }
    this.state = 'idle'
  }

  /** These rows are looked at, or soon will be. */
  need(from: number, to: number): void {
    this.#shown = { from, to: Math.min(to, this.#pages.count - 1) }
    if (this.state === 'loading') return
    const ask = this.#missing(this.#mayWalk())
    if (ask === null || this.#failed === nameOf(ask)) return
    void this.#load(ask)
  }

  /** What comes after all that is known, or what could not be had before. */
  async goOn(): Promise<void> {
    if (this.state === 'loading') return
    const ask = this.#missing(false) ?? this.#pages.askOn()
    if (ask !== null) await this.#load(ask)
  }

  /** Loads the page with this row; false where it cannot be had. */
  async bring(index: number): Promise<boolean> {
    const pages = this.#pages
    const ask = pages.askFor(index) ?? (index >= pages.count ? pages.askOn() : null)
    if (ask === null) return pages.at(index) !== undefined
    try {
      return await this.#fetch(pages, ask)
    } catch {
      return false
    }
  }

  /** Reads again what is in view, where it stands, and forgets the rest until it comes into view. */
  async refresh(): Promise<readonly Detection[]> {
    const pages = this.#pages
    const { from, to } = this.#shown
    pages.keepOnly(from, to)
    const asks = new Map([from, to].map((index) => pages.askAgain(index)).map((ask) => [ask?.page, ask]))
    const answers = await Promise.all([...asks.values()].map(async (ask) => (ask === null ? [] : (await this.#ask(ask)).detections)))
    return pages === this.#pages ? answers.flat() : []
  }

  #missing(walks: boolean): Ask | null {
    const { from, to } = this.#shown
    const pages = this.#pages
    const ends = [from, Math.floor((from + to) / 2), to]
    // The middle first: that is what is looked at.
    for (const index of [ends[1], ends[0], ends[2]]) {
      const ask = index === undefined ? null : pages.askFor(Math.max(0, index))
      if (ask !== null) return ask
    }
    for (let index = from; index <= to; index += pageSize) {
      const ask = pages.askFor(index)
      if (ask !== null) return ask
    }
    return walks && to >= pages.count - nearEnd ? pages.askOn() : null
  }

  async #load(first: Ask): Promise<void> {
    const pages = this.#pages
    this.state = 'loading'
    try {
      await this.#fetch(pages, first)
      if (pages !== this.#pages) return
      this.#failed = null
      this.state = 'idle'
    } catch {
      if (pages !== this.#pages) return
      this.#failed = nameOf(first)
      this.state = 'failed'
      return
    }
    this.need(this.#shown.from, this.#shown.to)
  }

  /** false where the list was begun anew meanwhile. */
  async #fetch(pages: ListPages, first: Ask): Promise<boolean> {
    let ask: Ask | null = first
    const isOn = pages.kind === 'found' && pages.askOn()?.page === first.page
    for (let piece = 0; ask !== null && piece < mostPieces; piece += 1) {
      const page = await this.#ask(ask)
      if (pages !== this.#pages) return false
      ask = pages.put(ask, page)
      if (ask === null) this.#took(page, isOn)
    }
    return true
  }
}

function nameOf({ page, before }: Ask): string {
  return `${page} ${before?.row ?? ''}`
}
