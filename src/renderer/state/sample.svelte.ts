import type { DetectionKey } from '../../shared/detection.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { reasonOf } from './reason.ts'

export type SampleProgress =
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending' }
  | { readonly kind: 'arrived'; readonly afterMs: number }
  | { readonly kind: 'failed'; readonly detail: string }

/** The sample detection: signed by the demo organization and sent through the real receiver. */
export class Sample {
  progress = $state.raw<SampleProgress>({ kind: 'idle' })
  readonly #bridge: Bridge
  readonly #arrived: (key: DetectionKey) => void

  constructor(bridge: Bridge, arrived: (key: DetectionKey) => void) {
    this.#bridge = bridge
    this.#arrived = arrived
  }

  async send(): Promise<void> {
    if (this.progress.kind === 'sending') return
    this.progress = { kind: 'sending' }
    try {
      const outcome = await this.#bridge.invoke('sample:send', null)
      if (outcome.kind === 'failed') {
        this.progress = outcome
      } else {
        this.progress = { kind: 'arrived', afterMs: outcome.afterMs }
        this.#arrived(outcome.key)
      }
    } catch (error) {
      this.progress = { kind: 'failed', detail: reasonOf(error) }
    }
  }
}
