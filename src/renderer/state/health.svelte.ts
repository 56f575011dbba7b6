import { healthWord, type Health } from '../../shared/health.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { Live } from './live.svelte.ts'
import { toOutages, type Outage } from './outages.ts'
import { reasonOf } from './reason.ts'

/** How the app stands: what it hears with, and whether it can keep what it hears. */
export class HealthState {
  isRestarting = $state(false)
  restartTrouble = $state<string | null>(null)
  /** The ways in that are down, and since when. */
  outages = $state.raw<readonly Outage[]>([])
  readonly #bridge: Bridge
  readonly #now: () => number
  readonly #live

  constructor(bridge: Bridge, now: () => number) {
    this.#bridge = bridge
    this.#now = now
    this.#live = new Live<Health>(
      (take) =>
        bridge.on('health:changed', (health) => {
          this.#see(health)
          take(health)
        }),
      async () => {
        const health = await bridge.invoke('health:read', null)
        if (this.value === null) this.#see(health)
        return health
      },
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
      const health = await this.#bridge.invoke('receiver:restart', null)
      this.#see(health)
      this.#live.take(health)
    } catch (error) {
      this.restartTrouble = reasonOf(error)
    } finally {
      this.isRestarting = false
    }
  }

  #see({ ways }: Health): void {
    this.outages = toOutages(this.outages, ways, this.#now())
  }

  stop(): void {
    this.#live.stop()
  }
}
