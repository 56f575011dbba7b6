import type { Bridge, SearchRefused } from '../../shared/ipc.ts'
import type { Bar, Histogram } from '../../shared/overview.ts'
import type { TimeRange } from '../../shared/view.ts'
import { reasonOf } from './reason.ts'

export type HistogramAsked = { readonly text: string; readonly range: TimeRange | null; readonly bars: number }

/** A change this far back, in parts of the bars, is asked for together with all others. */
const newestPart = 0.25

/** One part of the timeline's chart: what was answered last, kept while it asks. Only the answer to the last question counts. */
export class HistogramState {
  value = $state.raw<Histogram | null>(null)
  /** The search that `value` answers. */
  text = $state('')
  phase = $state<'waiting' | 'ready' | 'failed'>('waiting')
  trouble = $state<string | null>(null)
  /** The text is no search; `value` is then still the answer to the one before. */
  refused = $state.raw<SearchRefused | null>(null)
  isAsking = $state(false)
  /** How long the last answer took, in ms. Not for painting, hence no rune. */
  tookMs = 0
  readonly #bridge: Bridge
  readonly #part: 'lanes' | 'minimap'
  readonly #clock: () => number
  #asked: HistogramAsked | null = null
  #ticket = 0
  #isWhole = false
  /** The newest bars asked alone came back otherwise parted: not tried again for this question. */
  #isApart = false

  constructor(bridge: Bridge, part: 'lanes' | 'minimap', clock: () => number) {
    this.#bridge = bridge
    this.#part = part
    this.#clock = clock
  }

  /** Asks, unless this is what was asked last: what failed is asked again by `retry`, and with the next change. */
  async ask(asked: HistogramAsked): Promise<void> {
    if (this.#asked !== null && isSame(this.#asked, asked)) return
    this.#asked = asked
    this.#isApart = false
    await this.#askAll(asked)
  }

  async retry(): Promise<void> {
    if (this.#asked !== null) await this.#askAll(this.#asked)
  }

  /** Asks again for what may have changed: the bars from the earliest of these moments on; null is all of them. */
  async refresh(changed: readonly number[] | null): Promise<void> {
    const [asked, value] = [this.#asked, this.value]
    if (asked === null || this.refused !== null) return
    const tail = changed === null || value === null || this.#isWhole || this.#isApart ? null : tailOf(value, changed)
    if (tail === null || value === null || value.countedTo !== null) return this.#askAll(asked)
    if (tail.length === 0) return
    const [first, last] = [tail[0], tail.at(-1)]
    if (!first || !last) return
    const answer = await this.#invoke({ ...asked, range: { from: first.from, to: last.to }, bars: tail.length })
    if (answer === null) return
    if (answer.kind === 'refused' || !areAlike(answer.bars, tail)) {
      this.#isApart = true
      return this.#askAll(asked)
    }
    this.value = { ...value, bars: [...value.bars.slice(0, -tail.length), ...answer.bars], countedTo: answer.countedTo }
  }

  /** What is under way is not answered any more. */
  stop(): void {
    this.#ticket += 1
    this.isAsking = false
  }

  async #askAll(asked: HistogramAsked): Promise<void> {
    this.#isWhole = true
    const answer = await this.#invoke(asked)
    if (answer === null) return
    this.#isWhole = false
    this.phase = 'ready'
    this.refused = answer.kind === 'refused' ? answer : null
    if (answer.kind === 'refused') return
    this.value = answer
    this.text = asked.text
  }

  /** null where it failed, or is not wanted any more. */
  async #invoke(asked: HistogramAsked) {
    const ticket = ++this.#ticket
    const since = this.#clock()
    this.isAsking = true
    try {
      const answer = await this.#bridge.invoke('timeline:histogram', { ...asked, part: this.#part })
      if (ticket !== this.#ticket) return null
      this.tookMs = this.#clock() - since
      this.isAsking = false
      this.trouble = null
      return answer
    } catch (error) {
      if (ticket !== this.#ticket) return null
      this.isAsking = false
      this.#isWhole = false
      this.phase = 'failed'
      this.trouble = reasonOf(error)
      return null
    }
  }
}

function isSame(a: HistogramAsked, b: HistogramAsked): boolean {
  return a.text === b.text && a.bars === b.bars && a.range?.from === b.range?.from && a.range?.to === b.range?.to
}

/** The newest bars, from that of the earliest change on; none where nothing changed among them, null where they are not few. */
function tailOf({ bars }: Histogram, changed: readonly number[]): readonly Bar[] | null {
  const [first, last] = [bars[0], bars.at(-1)]
  if (!first || !last) return null
  const [from, to] = [Date.parse(first.from), Date.parse(last.to)]
  const within = changed.filter((at) => at >= from && at < to)
  // Later than the last bar: only a new question brings bars for it.
  if (changed.some((at) => at >= to)) return null
  if (within.length === 0) return []
  const earliest = Math.min(...within)
  const tail = bars.slice(bars.findLastIndex((bar) => Date.parse(bar.from) <= earliest))
  return tail.length <= Math.max(1, bars.length * newestPart) ? tail : null
}

function areAlike(bars: readonly Bar[], others: readonly Bar[]): boolean {
  return bars.length === others.length && bars.every((bar, index) => bar.from === others[index]?.from && bar.to === others[index]?.to)
}
