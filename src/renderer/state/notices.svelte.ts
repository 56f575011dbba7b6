/* eslint-disable svelte/prefer-svelte-reactivity -- its sets and maps are bookkeeping; what is shown is replaced as a whole */
import type { Bridge, Notice } from '../../shared/ipc.ts'

const mostShown = 4
const infoMs = 6_000

/** What a person should know now. Information leaves by itself; trouble stays until it is dismissed. */
export class Notices {
  list = $state.raw<readonly Notice[]>([])
  readonly #unlisten: () => void
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>()

  constructor(bridge: Bridge) {
    this.#unlisten = bridge.on('notice:raised', (notice) => this.raise(notice))
  }

  /** The same id replaces what is shown under it. */
  raise(notice: Notice): void {
    this.dismiss(notice.id)
    this.list = [...this.list, notice]
    // Old information goes before old trouble: what needs an answer is not pushed out by what does not, which is one more for its moment.
    while (this.list.length > mostShown) {
      const old = this.list.find((other) => other.tone === 'info' && other !== notice)
      const victim = old ?? (notice.tone === 'info' ? undefined : this.list[0])
      if (victim === undefined) break
      this.dismiss(victim.id)
    }
    if (notice.tone === 'info') {
      this.#timers.set(
        notice.id,
        setTimeout(() => this.dismiss(notice.id), infoMs),
      )
    }
  }

  dismiss(id: string): void {
    clearTimeout(this.#timers.get(id))
    this.#timers.delete(id)
    this.list = this.list.filter((notice) => notice.id !== id)
  }

  stop(): void {
    this.#unlisten()
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }
}
