import type { Bridge, SettingsWritten } from '../../shared/ipc.ts'
import { defaultSettings, type Settings } from '../../shared/settings.ts'
import { Live } from './live.svelte.ts'
import { reasonOf } from './reason.ts'

/** What the user chose. Main decides whether a change is allowed and says why not. */
export class SettingsState {
  readonly #bridge: Bridge
  readonly #live

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#live = new Live(
      (take) => bridge.on('settings:changed', take),
      () => bridge.invoke('settings:read', null),
    )
  }

  get value(): Settings {
    return this.#live.value ?? defaultSettings
  }

  get isKnown() {
    return this.#live.value !== null
  }

  async write(change: Partial<Settings>): Promise<SettingsWritten> {
    try {
      const answer = await this.#bridge.invoke('settings:write', change)
      if (answer.kind === 'written') this.#live.take(answer.settings)
      return answer
    } catch (error) {
      return { kind: 'refused', detail: reasonOf(error) }
    }
  }

  stop(): void {
    this.#live.stop()
  }
}
