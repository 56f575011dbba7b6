import type { Instant } from '../../shared/detection.ts'
import type { Digest, DigestUnseen, LookId } from '../../shared/inbox.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { dayOf } from '../ui/time.ts'
import { reasonOf } from './reason.ts'
import type { Act } from './triage.svelte.ts'

/** Away long enough that it is worth a page. */
const awayMs = 3 * 3_600_000
/** While deliveries stream in. */
const againMs = 5_000

/** What happened while nobody looked. Asked once at the start and after a sleep, to offer itself; and whenever it is looked at. */
export class DigestState {
  value = $state.raw<Digest | null>(null)
  phase = $state<'idle' | 'loading' | 'ready' | 'failed'>('idle')
  trouble = $state<string | null>(null)
  /** Something happened while the user was away, and the page was not seen yet. */
  isDue = $state(false)
  /** The moment up to which the user marked it as seen, once that is kept. */
  #seenUntil = $state<Instant | null>(null)
  readonly #bridge: Bridge
  readonly #now: () => number
  readonly #remember: (undoable: Act) => void
  readonly #unlisten: () => void
  #ticket = 0
  #since: Instant | null = null
  #isAsking = false
  #isVisited = false
  /** After a mark as seen the page stays as it is: another reading would begin where it ends. */
  #isFollowing = false
  #isStale = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(bridge: Bridge, parts: { readonly now: () => number; readonly remember: (undoable: Act) => void }) {
    this.#bridge = bridge
    this.#now = parts.now
    this.#remember = parts.remember
    this.#unlisten = bridge.on('gap:changed', (gap) => {
      if (gap.because === 'asleep' && gap.to !== null) void this.offer()
    })
    void this.offer()
  }

  /** All that the page shows was marked as seen. */
  get isSeen() {
    return this.value !== null && this.value.until === this.#seenUntil
  }

  /** What arrives is read too, until the returned function is called. */
  visit(): () => void {
    this.#isVisited = true
    const unlisten = this.#bridge.on('detections:changed', () => this.#readSoon())
    return () => {
      unlisten()
      this.#isVisited = false
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  /** The same page once more. */
  again(): Promise<void> {
    return this.read(this.#since)
  }

  #readSoon(): void {
    if (!this.#isVisited || !this.#isFollowing) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      // What is under way still counts.
      if (this.#isAsking) this.#isStale = true
      else if (this.#isFollowing) void this.again()
    }, againMs)
  }

  /** `since` null is since the user looked last. */
  async read(since: Instant | null): Promise<void> {
    const ticket = ++this.#ticket
    this.#since = since
    this.#isAsking = true
    this.#isFollowing = true
    this.#isStale = false
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
    this.#isAsking = false
    if (this.#isStale) this.#readSoon()
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
    const { until } = this.value
    this.#isFollowing = false
    // What is under way would replace what was marked.
    this.#ticket += 1
    this.#isAsking = false
    try {
      const { undo } = await this.#bridge.invoke('digest:seen', { until })
      this.#seenUntil = until
      this.trouble = null
      if (undo !== null) this.#remember({ said: 'Marked as seen', back: () => this.#unsee(undo) })
    } catch (error) {
      this.trouble = reasonOf(error)
      this.#isFollowing = true
    }
  }

  async #unsee(undo: LookId): Promise<DigestUnseen> {
    const undone = await this.#bridge.invoke('digest:unseen', undo)
    if (undone.kind === 'undone') {
      this.#seenUntil = null
      // The page as it was, with what came meanwhile.
      if (this.#isVisited) void this.again()
    }
    return undone
  }

  /** Not now. */
  dismiss(): void {
    this.isDue = false
  }

  stop(): void {
    this.#unlisten()
    this.#ticket += 1
    clearTimeout(this.#timer)
  }
}

export function countOf({ counts, gaps }: Digest): number {
  return counts.threats + counts.newPosture + counts.resolvedPosture + gaps.length
}
