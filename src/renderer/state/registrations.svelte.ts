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
  /** How often the user had something done for each. */
  readonly #acts = new SvelteMap<OrganizationId, number>()
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

  /** What is known here. It stands in nobody's way: what the user does meanwhile is done, and its answer is the newer one. */
  async read(organizationId: OrganizationId): Promise<void> {
    const before = this.#acts.get(organizationId)
    const isNews = () => this.#acts.get(organizationId) === before && !this.#busy.has(organizationId)
    await this.#take(organizationId, 'registration:read', { organizationId, look: false }, isNews)
    await this.readHeader()
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
    this.#counts(organizationId)
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
    this.#counts(id)
    await this.#take(id, verb, argument, () => true)
    this.#busy.delete(id)
    await this.readHeader()
  }

  #counts(id: OrganizationId): void {
    this.#acts.set(id, (this.#acts.get(id) ?? 0) + 1)
  }

  async #take<V extends Verb>(id: OrganizationId, verb: V, argument: Argument<V>, isNews: () => boolean): Promise<void> {
    try {
      const state: RegistrationState = await this.#bridge.invoke(verb, argument)
      if (!isNews()) return
      this.#states.set(id, state)
      this.#troubles.delete(id)
    } catch (error) {
      if (isNews()) this.#troubles.set(id, reasonOf(error))
    }
  }
}
