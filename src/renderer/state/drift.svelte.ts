import type { Drift } from '../../shared/drift.ts'
import { newForMs } from '../../shared/drift.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { Visited } from './visited.svelte.ts'

/** What senders said beyond what SlashID documents. */
export class DriftState {
  readonly #list

  constructor(bridge: Bridge) {
    let kept: number | null = null
    this.#list = new Visited(
      (changed) =>
        // Only what is kept can show something new.
        bridge.on('health:changed', ({ counters }) => {
          if (counters.kept !== kept) changed()
          kept = counters.kept
        }),
      () => bridge.invoke('drift:list', null),
    )
  }

  get isKnown() {
    return this.#list.value !== null
  }

  get listed() {
    return this.#list.value?.listed ?? []
  }

  get total() {
    return this.#list.value?.total ?? 0
  }

  get trouble() {
    return this.#list.trouble
  }

  newOnes(now: number): readonly Drift[] {
    return this.listed.filter((drift) => isNew(drift, now))
  }

  visit(): () => void {
    return this.#list.visit()
  }

  read(): Promise<void> {
    return this.#list.read()
  }

  stop(): void {
    this.#list.stop()
  }
}

export function isNew(drift: Drift, now: number): boolean {
  return Date.parse(drift.firstSeenAt) > now - newForMs
}
