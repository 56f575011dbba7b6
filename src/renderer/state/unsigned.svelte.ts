import type { OrganizationId } from '../../shared/detection.ts'
import type { Bridge } from '../../shared/ipc.ts'
import type { UnsignedInletState } from '../../shared/unsigned.ts'
import { reasonOf } from './reason.ts'

/** The way in for what nobody signs. */
export class Unsigned {
  value = $state.raw<UnsignedInletState | null>(null)
  trouble = $state<string | null>(null)
  isSwitching = $state(false)
  readonly #bridge: Bridge

  constructor(bridge: Bridge) {
    this.#bridge = bridge
  }

  async read(): Promise<void> {
    try {
      const state = await this.#bridge.invoke('unsigned:read', null)
      // What a switch under way comes to is newer than this.
      if (!this.isSwitching) this.value = state
    } catch (error) {
      this.trouble = reasonOf(error)
    }
  }

  /** For this organization; null switches it off. */
  async switch(organizationId: OrganizationId | null): Promise<void> {
    if (this.isSwitching) return
    this.isSwitching = true
    this.trouble = null
    try {
      const answer = await this.#bridge.invoke('unsigned:switch', { organizationId })
      if (answer.kind === 'switched') this.value = answer.state
      else this.trouble = answer.detail
    } catch (error) {
      this.trouble = reasonOf(error)
    } finally {
      this.isSwitching = false
    }
  }
}
