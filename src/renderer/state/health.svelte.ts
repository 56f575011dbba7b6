import { healthWord } from '../../shared/health.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { Live } from './live.svelte.ts'
import { reasonOf } from './reason.ts'

/** How the app stands: what it hears with, and whether it can keep what it hears. */
export class HealthState {
  isRestarting = $state(false)
  restartTrouble = $state<string | null>(null)
  readonly #bridge: Bridge
  readonly #live

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#live = new Live(
      (take) => bridge.on('health:changed', take),
      () => bridge.invoke('health:read', null),
    )
  }

  get value() {
    return this.#live.value
  }

  /** Before main has said anything the app is starting, which is what it then looks like. */
  get word() {
    if (this.value) return healthWord(this.value)
    return this.#live.trouble === null ? 'starting' : 'trouble'
  }

  get trouble() {
    return this.#live.trouble
  }

  async restartReceiver(): Promise<void> {
    if (this.isRestarting) return
    this.isRestarting = true
    this.restartTrouble = null
    try {
      this.#live.take(await this.#bridge.invoke('receiver:restart', null))
    } catch (error) {
      this.restartTrouble = reasonOf(error)
    } finally {
      this.isRestarting = false
    }
  }

  stop(): void {
    this.#live.stop()
  }
}
