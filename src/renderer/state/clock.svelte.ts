import { dayOf } from '../ui/time.ts'

const tickMs = 5_000

/** The one clock of the page: everything that says "2 min ago" reads it. */
export class Clock {
  now = $state(0)
  /** The local calendar day; changes once a day, so that lists are not grouped anew with every tick. */
  readonly today = $derived(dayOf(this.now))
  readonly #timer: ReturnType<typeof setInterval>

  constructor(now: () => number) {
    this.now = now()
    this.#timer = setInterval(() => (this.now = now()), tickMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
