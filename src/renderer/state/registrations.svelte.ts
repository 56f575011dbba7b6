import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import type { OrganizationId } from '../../shared/detection.ts'
import type { InletId } from '../../shared/inlets.ts'
import type { Argument, Bridge } from '../../shared/ipc.ts'
import type { RegistrationState, SecretHeaderState } from '../../shared/registration.ts'
import { reasonOf } from './reason.ts'

type Verb = 'registration:read' | 'registration:register' | 'registration:repair' | 'registration:remove' | 'secret:forget'

/** The webhook of each organization at SlashID, and the secret header they share. A key goes through here once and is not kept. */
export class Registrations {
  header = $state.raw<SecretHeaderState | null>(null)
  readonly #states = new SvelteMap<OrganizationId, RegistrationState>()
  /** Why the app itself did not answer; what SlashID said is part of the state. */
  readonly #troubles = new SvelteMap<OrganizationId, string>()
  readonly #busy = new SvelteSet<OrganizationId>()
  readonly #bridge: Bridge

  constructor(bridge: Bridge) {
    this.#bridge = bridge
  }

  of(id: OrganizationId): RegistrationState | null {
    return this.#states.get(id) ?? null
  }

  troubleOf(id: OrganizationId): string | null {
    return this.#troubles.get(id) ?? null
  }

  isBusy(id: OrganizationId): boolean {
    return this.#busy.has(id)
  }

  read(organizationId: OrganizationId): Promise<void> {
    return this.#ask(organizationId, 'registration:read', { organizationId, look: false })
  }

  /** Asks SlashID. */
  look(organizationId: OrganizationId): Promise<void> {
    return this.#ask(organizationId, 'registration:read', { organizationId, look: true })
  }

  /** With the address of one way in, where it is named. */
  register(organizationId: OrganizationId, name: string, inlet?: InletId): Promise<void> {
    return this.#ask(organizationId, 'registration:register', { organizationId, name, ...(inlet && { inlet }) })
  }

  repair(organizationId: OrganizationId): Promise<void> {
    return this.#ask(organizationId, 'registration:repair', organizationId)
  }

  remove(organizationId: OrganizationId): Promise<void> {
    return this.#ask(organizationId, 'registration:remove', organizationId)
  }

  forgetKey(organizationId: OrganizationId): Promise<void> {
    return this.#ask(organizationId, 'secret:forget', organizationId)
  }

  /** Answers why it was not kept; null once it is. */
  async writeKey(organizationId: OrganizationId, value: string): Promise<string | null> {
    try {
      const answer = await this.#bridge.invoke('secret:write', { organizationId, value })
      if (answer.kind === 'refused') return answer.detail
      this.#states.set(organizationId, answer.state)
      return null
    } catch (error) {
      return reasonOf(error)
    }
  }

  async readHeader(): Promise<void> {
    await this.#takeHeader('secret-header:read')
  }

  async renewHeader(): Promise<void> {
    await this.#takeHeader('secret-header:renew')
  }

  async #takeHeader(verb: 'secret-header:read' | 'secret-header:renew'): Promise<void> {
    try {
      this.header = await this.#bridge.invoke(verb, null)
    } catch {
      // The value shown before stays; the next visit asks again.
    }
  }

  async #ask<V extends Verb>(id: OrganizationId, verb: V, argument: Argument<V>): Promise<void> {
    if (this.#busy.has(id)) return
    this.#busy.add(id)
    try {
      const state: RegistrationState = await this.#bridge.invoke(verb, argument)
      this.#states.set(id, state)
      this.#troubles.delete(id)
    } catch (error) {
      this.#troubles.set(id, reasonOf(error))
    }
    this.#busy.delete(id)
    await this.readHeader()
  }
}
