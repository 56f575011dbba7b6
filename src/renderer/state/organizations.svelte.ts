/* eslint-disable svelte/prefer-svelte-reactivity -- its map is derived, and made anew as a whole */
import type { OrganizationId } from '../../shared/detection.ts'
import type { Bridge, NewOrganization, OrganizationAdded, OrganizationChange, OrganizationChanged } from '../../shared/ipc.ts'
import {
  mostUnreadCounted,
  organizationColours,
  type OrganizationColour,
  type OrganizationCount,
  type OrganizationState,
} from '../../shared/organization.ts'
import { Live } from './live.svelte.ts'
import { reasonOf } from './reason.ts'
import { Visited } from './visited.svelte.ts'

/** What is written into the form for another one; `colour` is null until the user chooses. */
export type OrganizationDraft = {
  readonly id: string
  readonly name: string
  readonly environment: 'production' | 'sandbox' | 'other'
  readonly issuer: string
  readonly jwks: string
  readonly colour: OrganizationColour | null
}
const emptyDraft: OrganizationDraft = { id: '', name: '', environment: 'production', issuer: '', jwks: '', colour: null }

/** Whose detections are believed, and how their keys stand. */
export class Organizations {
  /** Whether the form for another one is open, where there is one already. */
  isAdding = $state(false)
  /** That form was asked for just now: whoever shows it gives it the keyboard. */
  isAsked = $state(false)
  /** It waits while another page is looked at. */
  draft = $state.raw(emptyDraft)
  readonly #bridge: Bridge
  readonly #live
  readonly #counts
  readonly #byId = $derived.by(() => new Map(this.list.map((organization) => [organization.id, organization])))

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#live = new Live(
      (take) => bridge.on('organizations:changed', take),
      () => bridge.invoke('organizations:list', null),
    )
    this.#counts = new Visited(
      (changed) => bridge.on('detections:changed', changed),
      () => bridge.invoke('organizations:count', null),
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

  read(): Promise<void> {
    return this.#live.read()
  }

  beginAdding(): void {
    this.isAdding = true
    this.isAsked = true
  }

  write(change: Partial<OrganizationDraft>): void {
    this.draft = { ...this.draft, ...change }
  }

  endAdding(): void {
    this.isAdding = false
    this.draft = emptyDraft
  }

  /** Whether the user has added one; the simulator's own does not count. */
  get hasReal() {
    return this.list.some((organization) => !organization.demo)
  }

  /** Whether a detection has to say whose it is: the user's own are more than one. */
  get hasSeveral() {
    return this.list.filter((organization) => !organization.demo).length > 1
  }

  /** The first colour that none has yet, for the next one. */
  get freeColour(): OrganizationColour {
    return organizationColours.find((colour) => this.list.every((organization) => organization.colour !== colour)) ?? 'teal'
  }

  get(id: OrganizationId): OrganizationState | undefined {
    return this.#byId.get(id)
  }

  nameOf(id: OrganizationId): string {
    return this.get(id)?.name ?? ''
  }

  /** What the history holds of it; null before that is known. */
  countOf(id: OrganizationId): Omit<OrganizationCount, 'organizationId'> | null {
    if (this.#counts.value === null) return null
    return this.#counts.value.find((count) => count.organizationId === id) ?? { detections: 0, unread: 0 }
  }

  /** Never opened, of all of them; `isCapped` where one has more than are counted. 0 before that is known. */
  get unread(): { readonly count: number; readonly isCapped: boolean } {
    const counts = this.#counts.value ?? []
    return {
      count: counts.reduce((sum, { unread }) => sum + unread, 0),
      isCapped: counts.some(({ unread }) => unread >= mostUnreadCounted),
    }
  }

  /** Keeps the counts current until the returned function is called. */
  visit(): () => void {
    return this.#counts.visit()
  }

  async change(change: OrganizationChange): Promise<OrganizationChanged> {
    try {
      const answer = await this.#bridge.invoke('organization:change', change)
      if (answer.kind === 'changed')
        this.#live.take(this.list.map((other) => (other.id === answer.organization.id ? answer.organization : other)))
      return answer
    } catch (error) {
      return { kind: 'refused', detail: reasonOf(error) }
    }
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
    this.#counts.stop()
    this.#live.stop()
  }
}
