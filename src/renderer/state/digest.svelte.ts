import type { Instant } from '../../shared/detection.ts'
import type { Digest } from '../../shared/inbox.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { dayOf } from '../ui/time.ts'
import { reasonOf } from './reason.ts'

/** Away long enough that it is worth a page. */
const awayMs = 3 * 3_600_000

/** What happened while nobody looked. Asked once at the start and after a sleep, to offer itself; and whenever it is looked at. */
export class DigestState {
  value = $state.raw<Digest | null>(null)
  phase = $state<'idle' | 'loading' | 'ready' | 'failed'>('idle')
  trouble = $state<string | null>(null)
  /** Something happened while the user was away, and the page was not seen yet. */
  isDue = $state(false)
  readonly #bridge: Bridge
  readonly #now: () => number
  readonly #unlisten: () => void
  #ticket = 0

  constructor(bridge: Bridge, now: () => number) {
    this.#bridge = bridge
    this.#now = now
    this.#unlisten = bridge.on('gap:changed', (gap) => {
      if (gap.because === 'asleep' && gap.to !== null) void this.offer()
    })
    void this.offer()
  }

  /** `since` null is since the user looked last. */
  async read(since: Instant | null): Promise<void> {
    const ticket = ++this.#ticket
    this.phase = this.value === null ? 'loading' : this.phase
    try {
      const digest = await this.#bridge.invoke('digest:read', { since })
      if (ticket !== this.#ticket) return
      this.value = digest
      this.phase = 'ready'
      this.trouble = null
    } catch (error) {
      if (ticket !== this.#ticket) return
      this.trouble = reasonOf(error)
      this.phase = 'failed'
    }
  }

  /** The first look of a day, or one after hours, is offered the page where it has something in it. */
  async offer(): Promise<void> {
    try {
      const digest = await this.#bridge.invoke('digest:read', { since: null })
      const since = Date.parse(digest.since)
      const isAway = this.#now() - since >= awayMs || dayOf(since) !== dayOf(this.#now())
      this.isDue = isAway && countOf(digest) > 0
    } catch {
      // It is an offer: the page itself says what is wrong.
    }
  }

  /** All of it was seen: the next page begins here. */
  async seen(): Promise<void> {
    this.isDue = false
    if (this.value === null) return
    try {
      await this.#bridge.invoke('digest:seen', { until: this.value.until })
    } catch (error) {
      this.trouble = reasonOf(error)
    }
  }

  /** Not now. */
  dismiss(): void {
    this.isDue = false
  }

  stop(): void {
    this.#unlisten()
    this.#ticket += 1
  }
}

export function countOf({ counts, gaps }: Digest): number {
  return counts.threats + counts.newPosture + counts.resolvedPosture + gaps.length
}
