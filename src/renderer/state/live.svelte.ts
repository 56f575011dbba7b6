import { reasonOf } from './reason.ts'

/** One value that main keeps: listens first, then asks, and lets whatever was pushed meanwhile win over the answer. */
export class Live<T> {
  value = $state.raw<T | null>(null)
  /** Why it could not be read; null while all is well. */
  trouble = $state<string | null>(null)
  readonly #ask: () => Promise<T>
  readonly #unlisten: () => void
  #version = 0

  constructor(listen: (take: (value: T) => void) => () => void, ask: () => Promise<T>) {
    this.#ask = ask
    this.#unlisten = listen((value) => this.take(value))
    void this.read()
  }

  take(value: T): void {
    this.#version += 1
    this.value = value
    this.trouble = null
  }

  async read(): Promise<void> {
    const version = this.#version
    try {
      const answer = await this.#ask()
      if (version === this.#version) this.take(answer)
    } catch (error) {
      if (version === this.#version) this.trouble = reasonOf(error)
    }
  }

  stop(): void {
    this.#unlisten()
  }
}
