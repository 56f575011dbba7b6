import type { EntityList } from '../../shared/entity.ts'
import type { Bridge } from '../../shared/ipc.ts'
import type { EntitiesWanted, EntityDays } from './location.ts'
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
] as const satisfies readonly { readonly value: EntityDays; readonly label: string }[]

/** Entities with most detections first, in a range and by the beginning of their ids. Read while somebody looks. */
export class Entities {
  value = $state.raw<EntityList | null>(null)
  /** As it is typed. */
  begins = $state('')
  days = $state<EntityDays>(null)
  phase = $state<'loading' | 'ready' | 'failed'>('loading')
  trouble = $state<string | null>(null)
  /** What `value` is an answer to. */
  #answered: EntitiesWanted | null = null
  readonly #bridge: Bridge
  readonly #now: () => number
  readonly #write: (wanted: EntitiesWanted, how: 'push' | 'replace') => void
  readonly #unlisten: () => void
  #isVisited = false
  /** As the address has it. */
  #wanted: EntitiesWanted = { begins: '', days: null }
  /** The address has what is still being typed, which is one step back, however many letters it has. */
  #isDraft = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #ticket = 0

  /** `write` puts what is listed into the address; `show` takes it from there. */
  constructor(bridge: Bridge, now: () => number, write: (wanted: EntitiesWanted, how: 'push' | 'replace') => void) {
    this.#bridge = bridge
    this.#now = now
    this.#write = write
    this.#unlisten = bridge.on('detections:changed', () => {
      if (this.#isVisited) this.#timer ??= setTimeout(() => void this.read(), againMs)
    })
  }

  /** Until the returned function is called. */
  visit(): () => void {
    this.#isVisited = true
    this.#isDraft = false
    // What was typed as somebody left was never listed.
    this.begins = this.#wanted.begins
    void this.read()
    return () => {
      this.#isVisited = false
      this.#forgetTimer()
    }
  }

  search(begins: string): void {
    this.begins = begins
    this.#forgetTimer()
    this.#timer = setTimeout(() => this.#want(true), typingMs)
  }

  /** The typing is over: what is typed next is a step of its own. */
  finish(): void {
    if (this.begins.trim() !== this.#wanted.begins) this.#want(true)
    this.#isDraft = false
  }

  within(days: EntityDays): void {
    this.days = days
    this.#want(false)
  }

  /** Whatever they are called, whenever they were seen. */
  all(): void {
    this.begins = ''
    this.within(null)
  }

  /** The address leads, but what is typed goes on where it says the same. */
  show({ begins, days }: EntitiesWanted): void {
    if (begins === this.#wanted.begins && days === this.#wanted.days) return
    this.#wanted = { begins, days }
    this.#isDraft = false
    this.begins = begins
    this.days = days
    if (this.#isVisited) void this.read()
  }

  #want(isTyping: boolean): void {
    const before = this.#wanted
    this.#wanted = { begins: this.begins.trim(), days: this.days }
    if (this.#wanted.begins !== before.begins || this.#wanted.days !== before.days) {
      this.#write(this.#wanted, isTyping && this.#isDraft ? 'replace' : 'push')
      this.#isDraft = isTyping
    }
    void this.read()
  }

  async read(): Promise<void> {
    this.#forgetTimer()
    const ticket = ++this.#ticket
    const now = this.#now()
    const asked = { begins: this.begins.trim(), days: this.days }
    const range = this.days === null ? null : { from: toInstant(now - this.days * dayMs), to: toInstant(now + dayMs) }
    try {
      const answer = await this.#bridge.invoke('entities:list', { range, begins: asked.begins })
      if (ticket !== this.#ticket) return
      this.value = answer
      this.#answered = asked
      this.phase = 'ready'
      this.trouble = null
    } catch (error) {
      if (ticket !== this.#ticket) return
      this.trouble = reasonOf(error)
      this.phase = 'failed'
      // An older answer is worth something only where it is one to this question.
      if (this.#answered?.begins !== asked.begins || this.#answered.days !== asked.days) this.value = null
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
