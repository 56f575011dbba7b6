import type { Bridge } from '../../shared/ipc.ts'
import type { Facets } from '../../shared/overview.ts'
import type { Wanted } from '../../shared/view.ts'

const pauseMs = 200
/** While deliveries stream in. */
const againMs = 2_000

/** What could narrow the search, with counts. The last answer stays until the next is there; counting never holds up the list. */
export class FacetsState {
  value = $state.raw<Facets | null>(null)
  /** The counts are still those of the search before. */
  isOld = $state(false)
  hasFailed = $state(false)
  readonly #bridge: Bridge
  readonly #unlisten: () => void
  #wanted: Wanted | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #ticket = 0
  #isAsking = false
  /** More arrived while an answer was under way: that one still counts, and is asked for again afterwards. */
  #isStale = false

  constructor(bridge: Bridge) {
    this.#bridge = bridge
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
    this.#soon(pauseMs)
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
      const answer = await this.#bridge.invoke('timeline:facets', wanted)
      if (ticket !== this.#ticket) return
      // The search field says what is wrong with it.
      if (answer.kind === 'facets') this.value = answer
      this.isOld = answer.kind !== 'facets'
      this.hasFailed = false
    } catch {
      if (ticket === this.#ticket) this.hasFailed = true
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
