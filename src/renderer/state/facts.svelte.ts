import type { AppFacts, Bridge } from '../../shared/ipc.ts'
import { reasonOf } from './reason.ts'

/** What is fixed for this start of the app, but for the receiver's address: that is there once it listens, so it is read again then. */
export class Facts {
  value = $state.raw<AppFacts | null>(null)
  trouble = $state<string | null>(null)
  readonly #bridge: Bridge
  readonly #unlisten: () => void
  #receiver = ''
  #ticket = 0

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#unlisten = bridge.on('health:changed', (health) => {
      const receiver = JSON.stringify(health.receiver)
      if (receiver === this.#receiver) return
      this.#receiver = receiver
      void this.read()
    })
    void this.read()
  }

  async read(): Promise<void> {
    const ticket = ++this.#ticket
    try {
      const facts = await this.#bridge.invoke('app:read', null)
      if (ticket !== this.#ticket) return
      this.value = facts
      this.trouble = null
    } catch (error) {
      if (ticket === this.#ticket) this.trouble = reasonOf(error)
    }
  }

  stop(): void {
    this.#unlisten()
  }
}
