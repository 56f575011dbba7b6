import type { Bridge, SearchRefused } from '../../shared/ipc.ts'
import type { Wanted } from '../../shared/view.ts'
import { reasonOf } from './reason.ts'

/** While deliveries stream in. */
const againMs = 2_000

/**
 * Counts of what a view finds, read while somebody looks: once a search pauses, and again after changes. The last answer stays until the next
 * is there; counting never holds up the list.
 */
export class Counting<Counts extends { readonly kind: string }> {
  value = $state.raw<Counts | null>(null)
  /** The counts, if there are any, are those of the search before. */
  isOld = $state(false)
  trouble = $state<string | null>(null)
  readonly #ask: (wanted: Wanted) => Promise<Counts | SearchRefused>
  readonly #pauseMs: number
  readonly #unlisten: () => void
  #wanted: Wanted | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #ticket = 0
  #isAsking = false
  /** More arrived while an answer was under way: that one still counts, and is asked for again afterwards. */
  #isStale = false

  constructor(bridge: Bridge, ask: (wanted: Wanted) => Promise<Counts | SearchRefused>, pauseMs: number) {
    this.#ask = ask
    this.#pauseMs = pauseMs
    this.#unlisten = bridge.on('detections:changed', () => this.#soon(againMs))
  }

  /** null while nobody looks. */
  ask(wanted: Wanted | null): void {
    this.#wanted = wanted
    this.#ticket += 1
    this.#isAsking = false
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.isOld = true
    this.#soon(this.#pauseMs)
  }

  #soon(afterMs: number): void {
    if (this.#wanted === null) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      if (this.#isAsking) this.#isStale = true
      else void this.#read()
    }, afterMs)
  }

  async #read(): Promise<void> {
    const wanted = this.#wanted
    if (wanted === null) return
    const ticket = ++this.#ticket
    this.#isAsking = true
    this.#isStale = false
    try {
      const answer = await this.#ask(wanted)
      if (ticket !== this.#ticket) return
      // The search field says what is wrong with a search.
      this.isOld = answer.kind === 'refused'
      if (!isRefused(answer)) this.value = answer
      this.trouble = null
    } catch (error) {
      if (ticket === this.#ticket) this.trouble = reasonOf(error)
    }
    if (ticket !== this.#ticket) return
    this.#isAsking = false
    if (this.#isStale) this.#soon(againMs)
  }

  stop(): void {
    this.#unlisten()
    this.#ticket += 1
    clearTimeout(this.#timer)
  }
}

function isRefused(answer: { readonly kind: string }): answer is SearchRefused {
  return answer.kind === 'refused'
}
