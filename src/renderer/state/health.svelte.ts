import { healthWord, type Health } from '../../shared/health.ts'
import type { Bridge } from '../../shared/ipc.ts'
import type { Notices } from './notices.svelte.ts'
import { Live } from './live.svelte.ts'
import { toOutages, type Outage } from './outages.ts'
import { reasonOf } from './reason.ts'

const silentDesktop = 'silent-desktop'

/** How the app stands: what it hears with, and whether it can keep what it hears. */
export class HealthState {
  isRestarting = $state(false)
  restartTrouble = $state<string | null>(null)
  /** The ways in that are down, and since when. */
  outages = $state.raw<readonly Outage[]>([])
  readonly #bridge: Bridge
  readonly #now: () => number
  readonly #notices: Pick<Notices, 'raise' | 'dismiss'>
  readonly #live
  /** Since when notifications do not arrive, as far as it was said here. */
  #silentSince: string | null = null

  constructor(bridge: Bridge, parts: { readonly notices: Pick<Notices, 'raise' | 'dismiss'>; readonly now: () => number }) {
    this.#bridge = bridge
    this.#now = parts.now
    this.#notices = parts.notices
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

  /** It does not listen, and can be tried again. */
  get isReceiverDown() {
    const kind = this.value?.receiver.kind
    return kind === 'port-taken' || kind === 'failed' || kind === 'stopped'
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

  #see({ ways, desktop }: Health): void {
    this.outages = toOutages(this.outages, ways, this.#now())
    const since = desktop.kind === 'silent' ? desktop.since : null
    if (since === this.#silentSince) return
    this.#silentSince = since
    if (desktop.kind === 'reached') return this.#notices.dismiss(silentDesktop)
    this.#notices.raise({ id: silentDesktop, tone: 'trouble', title: 'Notifications do not reach this desktop', text: desktop.detail })
  }

  stop(): void {
    this.#live.stop()
  }
}
