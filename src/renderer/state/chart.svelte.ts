import type { Bridge, DetectionsChanged } from '../../shared/ipc.ts'
import type { TimeRange, Wanted } from '../../shared/view.ts'
import { clamp, spanOf, toInstant, toRange, wholeOf, type Span } from '../timeline/chart/span.ts'
import { HistogramState } from './histogram.svelte.ts'

/** A bar of the lanes is at least so wide, in pixels, and one of the minimap. */
export const leastBar = 5
const leastMinimapBar = 3
export const mostChartBars = 400
/** At most twice a second, and never more than a part of the time that the answers take. */
export const changedMs = 500
const restPerAnswer = 4
/** How long the wheel rests before what it shows is a range of its own. */
export const settleMs = 180
/** How often the lanes are asked for while the window moves. */
const previewMs = 90
/** More moments than this are all of them. */
const mostChanged = 500

/**
 * What the timeline's chart shows. The lanes follow the range that the list shows, the minimap the whole of the history that
 * answers to the text. It asks while somebody looks (`show`), and what it shows while the user drags is its own until they let go.
 */
export class Chart {
  readonly lanes: HistogramState
  readonly minimap: HistogramState
  /** Whether the lanes stand below it as a table, too. */
  hasTable = $state(false)
  now = $state(0)
  range = $state.raw<TimeRange | null>(null)
  /** What is shown while the user drags or turns the wheel. */
  preview = $state.raw<Span | null>(null)
  /** From the oldest to now. */
  readonly whole: Span = $derived.by(() => (this.#whole = keep(this.#whole, wholeOf(historyOf(this.minimap.value), this.now))))
  /** What the lanes show. */
  readonly span: Span = $derived.by(() => (this.#span = keep(this.#span, this.preview ?? spanOf(this.range, this.whole, this.now))))

  readonly #clock: () => number
  readonly #setRange: (range: TimeRange | null) => void
  readonly #unlisten: () => void
  // The same while they are alike, so that a tick of the clock draws nothing anew.
  #whole: Span = { from: 0, to: 0 }
  #span: Span = { from: 0, to: 0 }
  #text = ''
  #width = 0
  #isShown = false
  #changed: number[] | null = []
  #changeTimer: ReturnType<typeof setTimeout> | undefined
  #settleTimer: ReturnType<typeof setTimeout> | undefined
  #previewTimer: ReturnType<typeof setTimeout> | undefined

  constructor(bridge: Bridge, clock: () => number, setRange: (range: TimeRange | null) => void) {
    this.lanes = new HistogramState(bridge, 'lanes', clock)
    this.minimap = new HistogramState(bridge, 'minimap', clock)
    this.#clock = clock
    this.#setRange = setRange
    this.now = clock()
    this.#unlisten = bridge.on('detections:changed', (push) => this.#take(push))
  }

  /** Asks and keeps up until the returned function is called. */
  show(): () => void {
    this.#isShown = true
    this.tick(this.#clock())
    // What changed while nobody looked is asked for at once: what is shown until then is from before.
    if (this.lanes.value !== null) this.#plan(null, 0)
    return () => {
      this.#isShown = false
      this.cancel()
      clearTimeout(this.#changeTimer)
      this.#changeTimer = undefined
    }
  }

  follow({ text, range }: Wanted): void {
    this.#text = text
    if (range?.from !== this.range?.from || range?.to !== this.range?.to) {
      this.cancel()
      this.range = range
    }
    this.#ask()
  }

  resize(width: number): void {
    this.#width = width
    this.#ask()
  }

  tick(now: number): void {
    this.now = now
    this.#ask()
  }

  /** Shows this much, and makes it the range once the user rests. */
  glide(span: Span): void {
    this.drag(span)
    clearTimeout(this.#settleTimer)
    this.#settleTimer = setTimeout(() => this.zoom(this.preview ?? span), settleMs)
  }

  /** Shows this much until `zoom` or `cancel`. */
  drag(span: Span): void {
    this.preview = clamp(span, this.whole)
    this.#previewTimer ??= setTimeout(() => {
      this.#previewTimer = undefined
      this.#ask()
    }, previewMs)
  }

  /** Makes this the range; null is everything. */
  zoom(span: Span | null): void {
    const range = span === null ? null : toRange(clamp(span, this.whole), this.whole, this.now)
    this.cancel()
    if (range?.from !== this.range?.from || range?.to !== this.range?.to) {
      this.range = range
      this.#setRange(range)
    }
    this.#ask()
  }

  /** Back to the range as it is. */
  cancel(): void {
    clearTimeout(this.#settleTimer)
    clearTimeout(this.#previewTimer)
    this.#previewTimer = undefined
    this.preview = null
  }

  async retry(): Promise<void> {
    await Promise.all([this.lanes, this.minimap].filter(({ phase }) => phase === 'failed').map((part) => part.retry()))
    this.#ask()
  }

  stop(): void {
    this.#unlisten()
    this.cancel()
    clearTimeout(this.#changeTimer)
    this.#isShown = false
    this.lanes.stop()
    this.minimap.stop()
  }

  #ask(): void {
    if (!this.#isShown || this.#width === 0) return
    // Its answer may say that the history begins somewhere else.
    void this.minimap.ask({ text: this.#text, range: null, bars: barsIn(this.#width, leastMinimapBar) }).then(() => this.#askLanes())
    this.#askLanes()
  }

  #askLanes(): void {
    // Without a range the lanes begin where the history does, which the minimap is the first to know.
    const isKnown = this.range !== null || this.minimap.phase !== 'waiting'
    if (!this.#isShown || !isKnown) return
    const { from, to } = this.span
    void this.lanes.ask({ text: this.#text, range: { from: toInstant(from), to: toInstant(to) }, bars: barsIn(this.#width, leastBar) })
  }

  #take({ changed, more }: DetectionsChanged): void {
    this.#plan(more ? null : changed.map(({ detectedAt }) => Date.parse(detectedAt)))
  }

  #plan(
    changed: readonly number[] | null,
    restMs = Math.max(changedMs, restPerAnswer * Math.max(this.lanes.tookMs, this.minimap.tookMs)),
  ): void {
    const known = this.#changed
    this.#changed = known === null || changed === null || known.length + changed.length > mostChanged ? null : [...known, ...changed]
    if (!this.#isShown || this.#changeTimer !== undefined) return
    this.#changeTimer = setTimeout(() => void this.#refresh(), restMs)
  }

  async #refresh(): Promise<void> {
    const changed = this.#changed
    this.#changed = []
    this.now = this.#clock()
    await Promise.all([this.minimap.refresh(changed), this.lanes.refresh(changed)])
    this.#changeTimer = undefined
    this.#ask()
    if (this.#changed === null || this.#changed.length > 0) this.#plan([])
  }
}

function barsIn(width: number, least: number): number {
  return Math.max(1, Math.min(mostChartBars, Math.floor(width / least)))
}

function historyOf(value: HistogramState['value']): Span | null {
  const [first, last] = [value?.bars[0], value?.bars.at(-1)]
  return first && last ? { from: Date.parse(first.from), to: Date.parse(last.to) } : null
}

function keep(before: Span, after: Span): Span {
  return before.from === after.from && before.to === after.to ? before : after
}
