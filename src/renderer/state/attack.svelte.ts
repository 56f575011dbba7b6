import type { AttackAnswer, AttackMatrix } from '../../shared/attack.ts'
import { createAttackNames } from '../../shared/attack-names.ts'
import type { Bridge } from '../../shared/ipc.ts'
import type { Wanted } from '../../shared/view.ts'
import { Counting } from './counting.svelte.ts'
import { reasonOf } from './reason.ts'

const nothingKnown = createAttackNames({ tactics: [], past: [] })

/** MITRE's matrix, asked once it is needed, and how many detections name what is in it. */
export class Attack extends Counting<Extract<AttackAnswer, { kind: 'attack' }>> {
  matrix = $state.raw<AttackMatrix | null>(null)
  /** What a word of a sender means; nothing before the matrix is there. */
  readonly names = $derived(this.matrix === null ? nothingKnown : createAttackNames(this.matrix))
  readonly #bridge: Bridge
  #isAsked = false

  constructor(bridge: Bridge) {
    super(bridge, (wanted) => bridge.invoke('attack:read', wanted), 150)
    this.#bridge = bridge
  }

  get counts() {
    return this.value
  }

  override ask(wanted: Wanted | null): void {
    super.ask(wanted)
    this.name()
  }

  /** Somebody wants to know what words mean. */
  name(): void {
    if (this.matrix === null && !this.#isAsked) void this.#readMatrix()
  }

  async #readMatrix(): Promise<void> {
    this.#isAsked = true
    try {
      this.matrix = await this.#bridge.invoke('attack:matrix', null)
    } catch (error) {
      this.trouble = reasonOf(error)
    } finally {
      this.#isAsked = false
    }
  }
}
