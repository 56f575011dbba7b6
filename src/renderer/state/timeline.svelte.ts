/* eslint-disable svelte/prefer-svelte-reactivity -- its sets and maps are bookkeeping; what is shown is replaced as a whole */
import type { Detection, Instant } from '../../shared/detection.ts'
import type { Bridge, DetectionsChanged, Page, PageKey, SearchRefused } from '../../shared/ipc.ts'
import { keyOf } from './key.ts'
import { place, update, type Placed } from './placed.ts'
import { reasonOf } from './reason.ts'

export const pageSize = 100
/** As many as the page keeps in memory. Older ones are reached by a narrower search. */
export const mostLoaded = 5_000
const typingMs = 150
const againMs = 400
/** While the newest deliveries are still being indexed. */
const indexingMs = 2_000

/** A text that is no search, and why, in words for people; `at` and `length` are the characters of it that they are about. */
export type Refused = Pick<SearchRefused, 'at' | 'length' | 'detail'> & { readonly text: string }

/**
 * The history as far as it is loaded, newest change first. Listens, then asks, then merges by id. While the user reads
 * further down nothing moves: what arrives is counted in `waiting`, and what changes changes where it stands.
 */
export class Timeline {
  rows = $state.raw<readonly Placed[]>([])
  phase = $state<'loading' | 'ready' | 'failed'>('loading')
  trouble = $state<string | null>(null)
  /** What the rows are an answer to, and what the user typed last. */
  text = $state('')
  typed = $state('')
  /** What was asked last and is no search; the rows are then still the answer to the one before. */
  refused = $state.raw<Refused | null>(null)
  /** All detections in the history, whatever the text; null before the first answer. */
  total = $state<number | null>(null)
  /** New or moved above the first row, not shown yet; `pageSize` stands for that many or more. */
  waiting = $state(0)
  next = $state.raw<PageKey | null>(null)
  /** How far back the search came in the time it may take; null where it reached the end, or a whole page. `loadOlder` goes on. */
  searchedTo = $state<Instant | null>(null)
  /** Whether words of the newest deliveries can be found yet. */
  isWhole = $state(true)
  older = $state<'idle' | 'loading' | 'failed'>('idle')
  /** What slid in last, so that only this moves. */
  arrived = $state.raw<ReadonlySet<string>>(new Set())
  /** Whether the list is scrolled to the top: only then may rows move. */
  isFollowing = $state(true)
  /** The first entry in view: where the keyboard begins while it stands nowhere. Not for painting, hence no rune. */
  firstVisible = 0

  readonly #bridge: Bridge
  readonly #seen: (detections: readonly Detection[]) => void
  readonly #unlisten: () => void
  #ticket = 0
  /** What is asked for: `text` once it is answered. */
  #wanted = ''
  #asking: 'all' | 'head' | null = null
  #askAgain = false
  /** Pushed while a request was under way: newer than its answer. */
  #meanwhile = new Map<string, Detection>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #againTimer: ReturnType<typeof setTimeout> | undefined

  constructor(bridge: Bridge, seen: (detections: readonly Detection[]) => void) {
    this.#bridge = bridge
    this.#seen = seen
    this.#unlisten = bridge.on('detections:changed', (push) => this.#take(push))
    void this.#ask('all')
  }

  get isFull() {
    return this.rows.length >= mostLoaded
  }

  /** Whether all there is to the text is loaded. */
  get isComplete() {
    return this.phase === 'ready' && this.next === null
  }

  /** Asks once the typing pauses; only the answer to the last text counts. */
  search(text: string): void {
    this.typed = text
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.searchNow(), typingMs)
  }

  searchNow(): void {
    clearTimeout(this.#timer)
    const wanted = this.typed.trim()
    if (wanted === this.text && this.phase === 'ready') {
      this.refused = null
      return
    }
    this.#wanted = wanted
    void this.#ask('all')
  }

  async retry(): Promise<void> {
    await this.#ask('all')
  }

  follow(isAtTop: boolean): void {
    if (isAtTop === this.isFollowing) return
    this.isFollowing = isAtTop
    // What slid in has been seen: it does not do so again when it is scrolled back into view.
    this.arrived = new Set()
    if (isAtTop && this.waiting > 0) void this.#ask('head')
  }

  async loadOlder(): Promise<void> {
    const before = this.next
    if (before === null || this.older === 'loading' || this.isFull) return
    this.older = 'loading'
    try {
      const page = await this.#bridge.invoke('timeline:page', { text: this.text, before, limit: pageSize })
      // The list was begun anew: this answer continues something that is no longer shown.
      if (before !== this.next) return
      if (page.kind === 'refused') throw new Error(page.detail)
      const known = new Set(this.rows.map((row) => row.key))
      this.rows = [...this.rows, ...page.detections.map(place).filter((row) => !known.has(row.key))]
      this.next = page.next
      this.searchedTo = page.searchedTo
      this.older = 'idle'
      this.#seen(page.detections)
    } catch {
      if (before === this.next) this.older = 'failed'
    } finally {
      if (this.older === 'loading') this.older = 'idle'
    }
  }

  /** One detection as it is now, where it stands. */
  put(detection: Detection): void {
    this.rows = update(this.rows, new Map([[keyOf(detection), detection]]))
    this.#seen([detection])
  }

  #take({ changed, more }: DetectionsChanged): void {
    this.#seen(changed)
    const byKey = new Map(changed.map((detection) => [keyOf(detection), detection]))
    if (this.#asking !== null) for (const [key, detection] of byKey) this.#meanwhile.set(key, detection)
    const placedAt = new Map(this.rows.map((row) => [row.key, row.placedAt]))
    const moved = [...byKey].filter(([key, detection]) => placedAt.get(key) !== detection.changedAt).map(([key]) => key)
    this.#apply(byKey)
    // Only main can match the text, and only main knows the total: a new row or a search needs an answer, a mere update does not.
    if (more || moved.length > 0) this.#scheduleAsk()
  }

  #apply(byKey: ReadonlyMap<string, Detection>): void {
    if (byKey.size === 0) return
    this.rows = update(this.rows, byKey)
    if (!this.isFollowing || this.text !== '' || this.phase !== 'ready') return
    const oldest = this.rows.at(-1)
    // What belongs below the last loaded row comes with its page.
    const inReach = [...byKey.values()].filter((detection) => this.next === null || !oldest || detection.changedAt >= oldest.placedAt)
    const keys = new Set(inReach.map(keyOf))
    const known = new Set(this.rows.map((row) => row.key))
    this.arrived = new Set([...keys].filter((key) => !known.has(key)))
    this.rows = [...inReach.map(place), ...this.rows.filter((row) => !keys.has(row.key))].sort(newestFirst)
    if (this.rows.length > mostLoaded) void this.#ask('all')
  }

  #scheduleAsk(afterMs = againMs): void {
    this.#askAgain = true
    if (this.#asking !== null || this.#againTimer !== undefined) return
    this.#againTimer = setTimeout(() => {
      this.#againTimer = undefined
      if (this.#askAgain && this.#asking === null) void this.#ask('head')
    }, afterMs)
  }

  /** `all` starts over, and says that it loads; `head` brings the top up to date. */
  async #ask(wanted: 'all' | 'head'): Promise<void> {
    const ticket = ++this.#ticket
    // The answer to the one under way will not count, and it was to start over.
    const what = this.#asking === 'all' ? 'all' : wanted
    const text = this.#wanted
    this.#asking = what
    this.#askAgain = false
    this.#meanwhile.clear()
    if (what === 'all') this.phase = 'loading'
    try {
      const page = await this.#bridge.invoke('timeline:page', { text, before: null, limit: pageSize })
      if (ticket !== this.#ticket) return
      this.#asking = null
      if (page.kind === 'refused') this.#refuse(text, page)
      else this.#merge(text, page, what)
    } catch (error) {
      if (ticket !== this.#ticket) return
      this.#asking = null
      this.trouble = reasonOf(error)
      if (what === 'all') {
        this.phase = 'failed'
        this.refused = null
      }
    }
    if (this.#askAgain) this.#scheduleAsk()
    else if (!this.isWhole) this.#scheduleAsk(indexingMs)
  }

  /** What is shown stays, and what is asked for from now on continues that. */
  #refuse(text: string, { at, length, detail }: SearchRefused): void {
    this.refused = { text, at, length, detail }
    this.#wanted = this.text
    if (this.total === null) void this.#ask('all')
    else this.phase = 'ready'
  }

  #merge(text: string, page: Page, what: 'all' | 'head'): void {
    this.text = text
    if (text === this.typed.trim()) this.refused = null
    this.total = page.total
    this.isWhole = page.isWhole
    this.#seen(page.detections)
    if (what === 'head' && !this.isFollowing) {
      const placedAt = new Map<string, Instant>(this.rows.map((row) => [row.key, row.placedAt]))
      this.waiting = page.detections.filter(
        (detection) => placedAt.get(keyOf(detection)) !== detection.changedAt && isAbove(detection, this.rows),
      ).length
      return
    }
    this.phase = 'ready'
    this.trouble = null
    this.waiting = 0
    if (what === 'head' && this.#hasGoneOn(page)) {
      this.#putAbove(page)
      return
    }
    const before = new Set(this.rows.map((row) => row.key))
    // What was loaded below goes, and is loaded again by scrolling: whoever follows the top does not look at it, and between it and
    // this page there may be rows that nobody told.
    this.rows = page.detections.map(place)
    this.next = page.next
    this.searchedTo = page.searchedTo
    this.arrived = what === 'all' ? new Set() : new Set(this.rows.map((row) => row.key).filter((key) => !before.has(key)))
    this.older = 'idle'
    const meanwhile = new Map(this.#meanwhile)
    this.#meanwhile.clear()
    this.#apply(meanwhile)
  }

  /** Whether the search was already further back than this new look at its beginning came in its time. */
  #hasGoneOn({ searchedTo }: Page): boolean {
    if (searchedTo === null) return false
    return this.next === null || this.next.changedAt < searchedTo
  }

  /** All that fits down to where it looked is in the page; below that, what was found by going on stays. */
  #putAbove({ detections, searchedTo }: Page): void {
    const known = new Set(this.rows.map((row) => row.key))
    const found = detections.map(place)
    const keys = new Set(found.map((row) => row.key))
    this.arrived = new Set([...keys].filter((key) => !known.has(key)))
    this.rows = [...found, ...this.rows.filter((row) => !keys.has(row.key) && searchedTo !== null && row.placedAt < searchedTo)]
    this.#meanwhile.clear()
  }

  stop(): void {
    this.#unlisten()
    // What is under way is not answered any more.
    this.#ticket += 1
    clearTimeout(this.#timer)
    clearTimeout(this.#againTimer)
  }
}

function isAbove(detection: Detection, rows: readonly Placed[]): boolean {
  const first = rows[0]
  return !first || detection.changedAt >= first.placedAt
}

function newestFirst(a: Placed, b: Placed): number {
  return a.placedAt < b.placedAt ? 1 : a.placedAt > b.placedAt ? -1 : 0
}
