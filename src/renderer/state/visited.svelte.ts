import { reasonOf } from './reason.ts'

const pauseMs = 1_000

/** Something that is read while its place is on screen: at once, and again after each change, at most once a second. */
export class Visited<T> {
  value = $state.raw<T | null>(null)
  trouble = $state<string | null>(null)
  readonly #listen: (changed: () => void) => () => void
  readonly #ask: () => Promise<T>
  #visitors = 0
  #unlisten: () => void = () => undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #ticket = 0
  #isAsking = false
  /** It changed while an answer was under way: that one still counts, and is asked for again afterwards. */
  #isStale = false

  constructor(listen: (changed: () => void) => () => void, ask: () => Promise<T>) {
    this.#listen = listen
    this.#ask = ask
  }

  /** Until the returned function is called. */
  visit(): () => void {
    this.#visitors += 1
    if (this.#visitors === 1) {
      this.#unlisten = this.#listen(() => this.#readSoon())
      void this.read()
    }
    return () => {
      this.#visitors -= 1
      if (this.#visitors === 0) this.stop()
    }
  }

  async read(): Promise<void> {
    const ticket = ++this.#ticket
    this.#isAsking = true
    this.#isStale = false
    try {
      const answer = await this.#ask()
      if (ticket !== this.#ticket) return
      this.value = answer
      this.trouble = null
    } catch (error) {
      if (ticket === this.#ticket) this.trouble = reasonOf(error)
    }
    if (ticket !== this.#ticket) return
    this.#isAsking = false
    if (this.#isStale && this.#visitors > 0) this.#readSoon()
  }

  #readSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      if (this.#isAsking) this.#isStale = true
      else void this.read()
    }, pauseMs)
  }

  stop(): void {
    this.#unlisten()
    this.#unlisten = () => undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
