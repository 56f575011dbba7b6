import { reasonOf } from './reason.ts'

/** A question about a text that is still being typed, as main answers it: what it asks for, or what is wrong with it and where. */
export type TrialRefused = { readonly kind: 'refused'; readonly detail: string; readonly at: number | null; readonly length: number }

/** Asks while somebody types: once they pause, and the newest question counts. The last answer stays until the next is there. */
export class Trial<Asked, Answered extends { readonly kind: string }> {
  answer = $state.raw<Answered | null>(null)
  /** What is wrong with what was asked last. */
  refused = $state.raw<TrialRefused | null>(null)
  /** Why there was no answer at all; null while all is well. */
  trouble = $state<string | null>(null)
  /** What is shown answers an earlier question. */
  isOld = $state(false)
  readonly #ask: (asked: Asked) => Promise<Answered | TrialRefused>
  readonly #pauseMs: number
  #ticket = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(ask: (asked: Asked) => Promise<Answered | TrialRefused>, pauseMs: number) {
    this.#ask = ask
    this.#pauseMs = pauseMs
  }

  /** Whether the newest question was answered. */
  get isAnswered() {
    return this.answer !== null && !this.isOld && this.refused === null && this.trouble === null
  }

  /** null where there is nothing to ask: nothing is shown then. */
  ask(asked: Asked | null): void {
    clearTimeout(this.#timer)
    this.#ticket += 1
    this.isOld = asked !== null
    if (asked === null) {
      this.answer = null
      this.refused = null
      this.trouble = null
      return
    }
    const ticket = this.#ticket
    this.#timer = setTimeout(() => void this.#read(asked, ticket), this.#pauseMs)
  }

  async #read(asked: Asked, ticket: number): Promise<void> {
    try {
      const answer = await this.#ask(asked)
      if (ticket !== this.#ticket) return
      this.trouble = null
      if (isRefused(answer)) this.refused = answer
      else {
        this.refused = null
        this.answer = answer
      }
    } catch (error) {
      if (ticket !== this.#ticket) return
      this.trouble = reasonOf(error)
    }
    this.isOld = false
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#ticket += 1
  }
}

function isRefused(answer: { readonly kind: string }): answer is TrialRefused {
  return answer.kind === 'refused'
}
