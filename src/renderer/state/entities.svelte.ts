import type { EntityList } from '../../shared/entity.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { reasonOf } from './reason.ts'
import { toInstant } from './instant.ts'

const typingMs = 150
const againMs = 5_000
const dayMs = 86_400_000
export const entityRanges = [
  { value: 1, label: '24 hours' },
  { value: 7, label: '7 days' },
  { value: 30, label: '30 days' },
  { value: null, label: 'Ever' },
] as const
export type EntityDays = (typeof entityRanges)[number]['value']

/** Entities with most detections first, in a range and by the beginning of their ids. Read while somebody looks. */
export class Entities {
  value = $state.raw<EntityList | null>(null)
  begins = $state('')
  days = $state<EntityDays>(null)
  phase = $state<'loading' | 'ready' | 'failed'>('loading')
  trouble = $state<string | null>(null)
  readonly #bridge: Bridge
  readonly #now: () => number
  readonly #unlisten: () => void
  #isVisited = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #ticket = 0

  constructor(bridge: Bridge, now: () => number) {
    this.#bridge = bridge
    this.#now = now
    this.#unlisten = bridge.on('detections:changed', () => {
      if (this.#isVisited) this.#timer ??= setTimeout(() => void this.read(), againMs)
    })
  }

  /** Until the returned function is called. */
  visit(): () => void {
    this.#isVisited = true
    void this.read()
    return () => {
      this.#isVisited = false
      this.#forgetTimer()
    }
  }

  search(begins: string): void {
    this.begins = begins
    this.#forgetTimer()
    this.#timer = setTimeout(() => void this.read(), typingMs)
  }

  within(days: EntityDays): void {
    this.days = days
    void this.read()
  }

  /** Whatever they are called, whenever they were seen. */
  all(): void {
    this.begins = ''
    this.within(null)
  }

  async read(): Promise<void> {
    this.#forgetTimer()
    const ticket = ++this.#ticket
    const now = this.#now()
    const range = this.days === null ? null : { from: toInstant(now - this.days * dayMs), to: toInstant(now + dayMs) }
    try {
      const answer = await this.#bridge.invoke('entities:list', { range, begins: this.begins.trim() })
      if (ticket !== this.#ticket) return
      this.value = answer
      this.phase = 'ready'
      this.trouble = null
    } catch (error) {
      if (ticket !== this.#ticket) return
      this.trouble = reasonOf(error)
      if (this.value === null) this.phase = 'failed'
    }
  }

  #forgetTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  stop(): void {
    this.#unlisten()
    this.#ticket += 1
    this.#forgetTimer()
  }
}
