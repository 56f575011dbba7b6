/* eslint-disable svelte/prefer-svelte-reactivity -- its map is bookkeeping; what is shown is replaced as a whole */
import type { Instant } from '../../shared/detection.ts'
import type { Gap, InletId } from '../../shared/inlets.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { reasonOf } from './reason.ts'

/** As many as the page keeps: the timeline shows the newest, Connections those of one inlet. */
export const mostGaps = 200
const ofOneLimit = 100

/** The times we were not listening, as far back as somebody looks. Listens, then asks, then merges by id. */
export class Gaps {
  /** Newest beginning first. */
  list = $state.raw<readonly Gap[]>([])
  trouble = $state<string | null>(null)
  readonly #bridge: Bridge
  readonly #unlisten: () => void
  #since: Instant | null = null
  #ticket = 0

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#unlisten = bridge.on('gap:changed', (gap) => this.#merge([gap]))
  }

  /** Has those that end or last at or after `since`; asks only where it reaches further back than before. */
  async reach(since: Instant): Promise<void> {
    if (this.#since !== null && this.#since <= since) return
    this.#since = since
    const ticket = ++this.#ticket
    try {
      const answer = await this.#bridge.invoke('gaps:list', { inlet: null, since, limit: mostGaps })
      if (ticket !== this.#ticket) return
      // What was pushed meanwhile is newer than this answer.
      const known = new Set(this.list.map(({ id }) => id))
      this.#merge(answer.filter(({ id }) => !known.has(id)))
      this.trouble = null
    } catch (error) {
      if (ticket !== this.#ticket) return
      this.#since = null
      this.trouble = reasonOf(error)
    }
  }

  /** The newest of one inlet, for whoever wants to see them all; null where they could not be read. */
  async of(inlet: InletId): Promise<readonly Gap[] | null> {
    try {
      return await this.#bridge.invoke('gaps:list', { inlet, since: null, limit: ofOneLimit })
    } catch {
      return null
    }
  }

  #merge(gaps: readonly Gap[]): void {
    if (gaps.length === 0) return
    const byId = new Map(this.list.map((gap) => [gap.id, gap]))
    for (const gap of gaps) byId.set(gap.id, gap)
    this.list = [...byId.values()].sort((a, b) => (a.from < b.from ? 1 : a.from > b.from ? -1 : b.id - a.id)).slice(0, mostGaps)
  }

  stop(): void {
    this.#unlisten()
  }
}
