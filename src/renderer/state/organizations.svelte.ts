import type { Bridge, NewOrganization, OrganizationAdded } from '../../shared/ipc.ts'
import { Live } from './live.svelte.ts'
import { reasonOf } from './reason.ts'

/** Whose detections are believed, and how their keys stand. */
export class Organizations {
  readonly #bridge: Bridge
  readonly #live

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#live = new Live(
      (take) => bridge.on('organizations:changed', take),
      () => bridge.invoke('organizations:list', null),
    )
  }

  get list() {
    return this.#live.value ?? []
  }

  get isKnown() {
    return this.#live.value !== null
  }

  get trouble() {
    return this.#live.trouble
  }

  /** Whether the user has added one; the simulator's own does not count. */
  get hasReal() {
    return this.list.some((organization) => !organization.demo)
  }

  nameOf(id: string): string {
    return this.list.find((organization) => organization.id === id)?.name ?? ''
  }

  async add(organization: NewOrganization): Promise<OrganizationAdded> {
    try {
      const answer = await this.#bridge.invoke('organization:add', organization)
      if (answer.kind === 'added') {
        const others = this.list.filter((other) => other.id !== answer.organization.id)
        this.#live.take([...others, answer.organization])
      }
      return answer
    } catch (error) {
      return { kind: 'refused', detail: reasonOf(error) }
    }
  }

  stop(): void {
    this.#live.stop()
  }
}
