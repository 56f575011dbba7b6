/* eslint-disable svelte/prefer-svelte-reactivity -- its sets and maps are bookkeeping; what is shown is replaced as a whole */
import type { Detection, Instant } from '../../shared/detection.ts'
import type { Bridge, DetectionsChanged, Page, SearchRefused } from '../../shared/ipc.ts'
import { searchTooLong } from '../../shared/search-fields.ts'
import type { AsOf } from '../../shared/triage.ts'
import { isSame, type TimeRange, type Wanted } from '../../shared/view.ts'
import { createEverythingPages } from './everything-pages.ts'
import { createFoundPages } from './found-pages.ts'
import { keyOf } from './key.ts'
import { ListGoal } from './list-goal.svelte.ts'
import { createShownRows, pageSize, type Ask } from './list-pages.ts'
import { ListRows } from './list-rows.svelte.ts'
import { withNews, type Placed } from './placed.ts'
import { reasonOf } from './reason.ts'

const typingMs = 150
const againMs = 400
/** While the newest deliveries are still being indexed. */
const indexingMs = 2_000
const everything: Wanted = { text: '', range: null }

/** A text that is no search, and why, in words for people; `at` and `length` are the characters of it that they are about. */
export type Refused = Pick<SearchRefused, 'at' | 'length' | 'detail'> & { readonly text: string }

/**
 * What the user asks of the history, newest change first. Listens, then asks, then merges by id. While the user reads
 * further down nothing moves: what arrives is counted in `waiting`, and what changes changes where it stands.
 */
export class Timeline {
  phase = $state<'loading' | 'ready' | 'failed'>('loading')
  trouble = $state<string | null>(null)
  /** What is asked for: `answered` once it is. */
  wanted = $state.raw<Wanted>(everything)
  /** What the rows are an answer to. */
  answered = $state.raw<Wanted>(everything)
  typed = $state('')
  /** What the rows from the top know of. */
  asOf = $state.raw<AsOf>({ sequence: 0, late: 0 })
  /** What is asked for is still being typed: finished by Enter, or by whatever else is asked for. */
  isTyping = $state(false)
  /** What was asked last and is no search; the rows are then still the answer to the one before. */
  refused = $state.raw<Refused | null>(null)
  /** All detections in the history, whatever the text; null before the first answer. */
  total = $state<number | null>(null)
  /** New or moved above the first row, not shown yet; `pageSize` stands for that many or more. */
  waiting = $state(0)
  /** How far back the search came in the time it may take; null where it reached the end, or a whole page. `goOn` goes on. */
  searchedTo = $state<Instant | null>(null)
  /** Whether words of the newest deliveries can be found yet. */
  isWhole = $state(true)
  /** What slid in last, so that only this moves. */
  arrived = $state.raw<ReadonlySet<string>>(new Set())
  /** Whether the list is scrolled to the top: only then may rows move. */
  isFollowing = $state(true)
  /** By detectedAt, the oldest and the newest row in view; null where there is none. */
  inView = $state.raw<TimeRange | null>(null)
  readonly goal: ListGoal
  /** The first entry in view: where the keyboard begins while it stands nowhere. Not for painting, hence no rune. */
  firstVisible = 0

  readonly #bridge: Bridge
  readonly #unlisten: () => void
  readonly #rows: ListRows
  #ticket = 0
  #asking: 'all' | 'head' | null = null
  #askAgain = false
  /** Pushed while a request was under way: newer than its answer. */
  #meanwhile = new Map<string, Detection>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #againTimer: ReturnType<typeof setTimeout> | undefined

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#rows = new ListRows({
      ask: (ask) => this.#page(this.answered, ask),
      took: (page, isOn) => {
        if (isOn) this.searchedTo = page.searchedTo
      },
      mayWalk: () => this.searchedTo === null,
    })
    this.goal = new ListGoal(this.#rows, async (range) => {
      const page = await this.#page({ text: this.text, range }, { before: null, skip: 0, limit: 1 })
      return page.detections[0]
    })
    this.#unlisten = bridge.on('detections:changed', (push) => this.#take(push))
    void this.#ask('all')
  }

  get text() {
    return this.answered.text
  }

  get range() {
    return this.answered.range
  }

  /** Rows of the list, in memory or not; of a search, as far as it has been walked. */
  get count() {
    return this.#rows.count
  }

  /** Whether `count` is all there are. */
  get isComplete() {
    return this.phase === 'ready' && this.#rows.isComplete
  }

  get isEverything() {
    return this.answered.text === '' && this.answered.range === null
  }

  /** How it stands with rows that are not in memory yet. */
  get older() {
    return this.#rows.state
  }

  /** Rows from the top that are in memory. */
  get rows(): readonly Placed[] {
    return this.#rows.head
  }

  /** undefined where it is not in memory: `need` brings it. */
  rowAt(index: number): Placed | undefined {
    return this.#rows.at(index)
  }

  /** -1 where it is not in memory. */
  indexOf(key: string): number {
    return this.#rows.indexOf(key)
  }

  /** These rows are looked at, or soon will be. */
  need(from: number, to: number): void {
    this.#rows.need(from, to)
  }

  /** Goes on with a search, or tries again what could not be had. */
  goOn(): Promise<void> {
    return this.#rows.goOn()
  }

  /** The row once it is in memory; undefined where it cannot be had. */
  bring(index: number): Promise<Placed | undefined> {
    return this.#rows.bring(index)
  }

  /** Asks once the typing pauses; only the answer to the last text counts. */
  search(text: string): void {
    this.typed = text
    clearTimeout(this.#timer)
    this.isTyping = true
    this.#timer = setTimeout(() => void this.#want({ text: this.typed.trim(), range: this.wanted.range }), typingMs)
  }

  searchNow(): void {
    void this.finish()
  }

  /** The same; true once it is answered, false where it is refused, fails, or something else is asked meanwhile. */
  async finish(): Promise<boolean> {
    clearTimeout(this.#timer)
    this.isTyping = false
    const wanted = { text: this.typed.trim(), range: this.wanted.range }
    await this.#want(wanted)
    return this.phase === 'ready' && isSame(wanted, this.answered)
  }

  setRange(range: TimeRange | null): void {
    this.isTyping = false
    void this.#want({ text: this.wanted.text, range })
  }

  /** Both at once, as an address has them. What is asked for already is not asked for again. */
  show(wanted: Wanted): void {
    if (isSame(wanted, this.wanted)) return
    this.typed = wanted.text
    this.isTyping = false
    clearTimeout(this.#timer)
    void this.#want(wanted)
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

  /** One detection as it is now, where it stands. */
  put(detection: Detection): void {
    this.#rows.update([detection])
  }

  #take({ changed, more }: DetectionsChanged): void {
    const byKey = new Map(changed.map((detection) => [keyOf(detection), detection]))
    if (this.#asking !== null) for (const [key, detection] of byKey) this.#meanwhile.set(key, detection)
    const placedAt = this.#rows.places(byKey)
    const isMoved = [...byKey].some(([key, detection]) => placedAt.get(key) !== detection.changedAt)
    this.#apply(byKey)
    if (more && !this.isFollowing) void this.#rows.refresh()
    // Only main can match the text, and only main knows the total: a new row or a search needs an answer, a mere update does not.
    if (more || isMoved) this.#scheduleAsk()
  }

  #apply(byKey: ReadonlyMap<string, Detection>): void {
    if (byKey.size === 0) return
    this.#rows.update([...byKey.values()])
    if (!this.isFollowing || !this.isEverything || this.phase !== 'ready') return
    const rows = this.#rows.head
    const isWhole = rows.length >= this.#rows.count
    const { shown, arrived } = withNews(rows, byKey, { isWhole, places: this.#rows.places(byKey) })
    if (shown === rows) return
    // Until the answer that is asked for next nothing is known of what lies below.
    this.#rows.begin(createShownRows(shown, isWhole ? shown.length : this.#rows.count + arrived.size))
    this.arrived = arrived
  }

  #scheduleAsk(afterMs = againMs): void {
    this.#askAgain = true
    if (this.#asking !== null || this.#againTimer !== undefined) return
    this.#againTimer = setTimeout(() => {
      this.#againTimer = undefined
      if (this.#askAgain && this.#asking === null) void this.#ask('head')
    }, afterMs)
  }

  async #want(wanted: Wanted): Promise<void> {
    if (isSame(wanted, this.answered) && this.phase === 'ready') {
      this.wanted = this.answered
      this.refused = null
      return
    }
    // Main does not read what is longer than a search may be, so the words for it are said here.
    const tooLong = searchTooLong(wanted.text)
    if (tooLong !== null) return this.#refuse(wanted, tooLong)
    if (!isSame(wanted, this.wanted)) this.wanted = wanted
    await this.#ask('all')
  }

  async #page(wanted: Wanted, { before, skip, limit }: Omit<Ask, 'page'>): Promise<Page> {
    const answer = await this.#bridge.invoke('timeline:page', { ...wanted, before, skip, limit })
    if (answer.kind === 'refused') throw new Error(answer.detail)
    return answer
  }

  /** `all` starts over, and says that it loads; `head` brings the top up to date. */
  async #ask(wanted: 'all' | 'head'): Promise<void> {
    const ticket = ++this.#ticket
    // The answer to the one under way will not count, and it was to start over.
    const what = this.#asking === 'all' ? 'all' : wanted
    const asked = this.wanted
    this.#asking = what
    this.#askAgain = false
    this.#meanwhile.clear()
    if (what === 'all') this.phase = 'loading'
    try {
      const page = await this.#bridge.invoke('timeline:page', { ...asked, before: null, skip: 0, limit: pageSize })
      if (ticket !== this.#ticket) return
      this.#asking = null
      if (page.kind === 'refused') this.#refuse(asked, page)
      else this.#merge(asked, page, what)
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
  #refuse(asked: Wanted, { at, length, detail }: Omit<SearchRefused, 'kind'>): void {
    this.refused = { text: asked.text, at, length, detail }
    // It is to be mended.
    this.isTyping = true
    // The range was no part of the trouble.
    this.wanted = { text: this.text, range: asked.range }
    if (this.total === null || !isSame(this.wanted, this.answered)) void this.#ask('all')
    else this.phase = 'ready'
  }

  #merge(asked: Wanted, page: Page, what: 'all' | 'head'): void {
    this.answered = asked
    if (asked.text === this.typed.trim()) this.refused = null
    this.total = page.total
    this.isWhole = page.isWhole
    if (what === 'head' && !this.isFollowing) {
      this.waiting = this.#rows.countAbove(page)
      this.#rows.update(page.detections)
      return
    }
    this.phase = 'ready'
    this.trouble = null
    this.waiting = 0
    this.asOf = page.asOf
    const known = new Set(this.rows.map((row) => row.key))
    const isKept = what === 'head' && this.#rows.renew(page)
    // What was loaded below goes, and is loaded again by scrolling: whoever follows the top does not look at it, and between it and
    // this page there may be rows that nobody told.
    if (!isKept) this.#rows.begin(this.isEverything ? createEverythingPages(page) : createFoundPages(page))
    if (!isKept) this.searchedTo = page.searchedTo
    this.arrived = what === 'all' ? new Set() : new Set(page.detections.map(keyOf).filter((key) => !known.has(key)))
    const meanwhile = new Map(this.#meanwhile)
    this.#meanwhile.clear()
    if (!isKept) this.#apply(meanwhile)
  }

  stop(): void {
    this.#unlisten()
    // What is under way is not answered any more.
    this.#ticket += 1
    clearTimeout(this.#timer)
    clearTimeout(this.#againTimer)
  }
}
