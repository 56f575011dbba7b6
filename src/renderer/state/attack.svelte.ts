import type { AttackCounts, AttackMatrix } from '../../shared/attack.ts'
import { createAttackNames } from '../../shared/attack-names.ts'
import type { Bridge } from '../../shared/ipc.ts'
import type { Wanted } from '../../shared/view.ts'
import { reasonOf } from './reason.ts'

const pauseMs = 150
const againMs = 2_000
const nothingKnown = createAttackNames({ tactics: [], past: [] })

/** MITRE's matrix, asked once, and how many detections name what is in it. */
export class Attack {
  matrix = $state.raw<AttackMatrix | null>(null)
  counts = $state.raw<AttackCounts | null>(null)
  trouble = $state<string | null>(null)
  /** The counts are those of the search before. */
  isOld = $state(false)
  /** What a word of a sender means; nothing before the matrix is there. */
  readonly names = $derived(this.matrix === null ? nothingKnown : createAttackNames(this.matrix))
  readonly #bridge: Bridge
  readonly #unlisten: () => void
  #wanted: Wanted | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #ticket = 0
  #isAsking = false
  /** More arrived while an answer was under way: that one still counts, and is asked for again afterwards. */
  #isStale = false

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#unlisten = bridge.on('detections:changed', () => this.#soon(againMs))
    void this.#readMatrix()
  }

  /** null while nobody looks. */
  ask(wanted: Wanted | null): void {
    this.#wanted = wanted
    this.#ticket += 1
    this.#isAsking = false
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.isOld = this.counts !== null
    this.#soon(pauseMs)
    if (this.matrix === null) void this.#readMatrix()
  }

  #soon(afterMs: number): void {
    if (this.#wanted === null) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      if (this.#isAsking) this.#isStale = true
      else void this.#read()
    }, afterMs)
  }

  async #read(): Promise<void> {
    const wanted = this.#wanted
    if (wanted === null) return
    const ticket = ++this.#ticket
    this.#isAsking = true
    this.#isStale = false
    try {
      const answer = await this.#bridge.invoke('attack:read', wanted)
      if (ticket !== this.#ticket) return
      // The search field says what is wrong with a search.
      if (answer.kind === 'attack') this.counts = answer
      this.isOld = answer.kind !== 'attack'
      this.trouble = null
    } catch (error) {
      if (ticket === this.#ticket) this.trouble = reasonOf(error)
    }
    if (ticket !== this.#ticket) return
    this.#isAsking = false
    if (this.#isStale) this.#soon(againMs)
  }

  async #readMatrix(): Promise<void> {
    try {
      this.matrix = await this.#bridge.invoke('attack:matrix', null)
    } catch (error) {
      this.trouble = reasonOf(error)
    }
  }

  stop(): void {
    this.#unlisten()
    this.#ticket += 1
    clearTimeout(this.#timer)
  }
}
