/* eslint-disable svelte/prefer-svelte-reactivity -- its maps and sets are replaced as a whole */
import type { OrganizationId, Sequence } from '../../shared/detection.ts'
import type { Bridge } from '../../shared/ipc.ts'
import type { Looked, Quarantined, QuarantineCounts, Untrusted } from '../../shared/quarantine.ts'
import { mostDiscarded } from '../../shared/quarantine.ts'
import { reasonOf } from './reason.ts'
import { Visited } from './visited.svelte.ts'

/** What is known of a body that was unfolded. */
export type Opened =
  | { readonly kind: 'loading' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'opened'; readonly body: Untrusted }

export type LookedAt = { readonly organizationId: OrganizationId } & (
  ({ readonly kind: 'looked' } & Looked) | { readonly kind: 'failed'; readonly detail: string }
)

const step = 50
/** As many as one request may ask for; what is older comes into view as newer ones are discarded or released. */
const most = 200

/** Quarantine as far as it is on screen. */
export class QuarantineState {
  /** What is unfolded, by its sequence. */
  opened = $state.raw<ReadonlyMap<Sequence, Opened>>(new Map())
  looking = $state.raw<ReadonlySet<OrganizationId>>(new Set())
  lookedAt = $state.raw<LookedAt | null>(null)
  discardTrouble = $state<string | null>(null)
  readonly #bridge: Bridge
  readonly #page
  #limit = step
  /** Told since the page was read. */
  #counts = $state.raw<QuarantineCounts | null>(null)
  readonly #unlisten: () => void

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#unlisten = bridge.on('quarantine:changed', (counts) => (this.#counts = counts))
    this.#page = new Visited(
      (changed) => bridge.on('quarantine:changed', changed),
      async () => {
        const page = await bridge.invoke('quarantine:page', { before: null, limit: this.#limit })
        this.#counts = page.counts
        return page
      },
    )
  }

  get rows(): readonly Quarantined[] {
    return this.#page.value?.deliveries ?? []
  }

  get isKnown() {
    return this.#page.value !== null
  }

  get trouble() {
    return this.#page.trouble
  }

  /** null before the first answer. */
  get counts() {
    return this.#counts
  }

  get hasMore() {
    return (this.#page.value?.next ?? null) !== null
  }

  get canShowMore() {
    return this.hasMore && this.#limit < most
  }

  /** Organizations that something on screen waits for. */
  get waitedFor(): readonly OrganizationId[] {
    const ids = this.rows.filter((row) => row.standing.kind === 'waiting').map((row) => row.organizationId)
    return [...new Set(ids.filter((id) => id !== null))]
  }

  get refusedRows(): readonly Quarantined[] {
    return this.rows.filter((row) => row.standing.kind === 'refused')
  }

  async showMore(): Promise<void> {
    this.#limit = Math.min(most, this.#limit + step)
    await this.#page.read()
  }

  async toggle(sequence: Sequence): Promise<void> {
    if (this.opened.has(sequence)) {
      this.opened = new Map([...this.opened].filter(([other]) => other !== sequence))
      return
    }
    this.#put(sequence, { kind: 'loading' })
    try {
      const body = await this.#bridge.invoke('quarantine:open', sequence)
      this.#put(sequence, body === null ? { kind: 'gone' } : { kind: 'opened', body })
    } catch (error) {
      this.#put(sequence, { kind: 'failed', detail: reasonOf(error) })
    }
  }

  async look(organizationId: OrganizationId): Promise<void> {
    if (this.looking.has(organizationId)) return
    this.looking = new Set([...this.looking, organizationId])
    this.lookedAt = null
    try {
      const looked = await this.#bridge.invoke('quarantine:look', organizationId)
      this.lookedAt = { kind: 'looked', organizationId, ...looked }
    } catch (error) {
      this.lookedAt = { kind: 'failed', organizationId, detail: reasonOf(error) }
    }
    this.looking = new Set([...this.looking].filter((other) => other !== organizationId))
    await this.#page.read()
  }

  async discard(sequences: readonly Sequence[]): Promise<void> {
    try {
      this.#counts = await this.#bridge.invoke('quarantine:discard', sequences.slice(0, mostDiscarded))
      this.discardTrouble = null
    } catch (error) {
      this.discardTrouble = reasonOf(error)
    }
    await this.#page.read()
  }

  visit(): () => void {
    return this.#page.visit()
  }

  read(): Promise<void> {
    return this.#page.read()
  }

  stop(): void {
    this.#unlisten()
    this.#page.stop()
  }

  #put(sequence: Sequence, opened: Opened): void {
    this.opened = new Map([...this.opened, [sequence, opened]])
  }
}
