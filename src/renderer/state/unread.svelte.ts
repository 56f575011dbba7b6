/* eslint-disable svelte/prefer-svelte-reactivity -- its sets and maps are bookkeeping; what is shown is replaced as a whole */
import type { Detection } from '../../shared/detection.ts'
import { keyOf } from './key.ts'

const mostCounted = 9_999

/** How many detections were never opened, among all that the page has seen, whatever the search shows of them. */
export class Unread {
  count = $state(0)
  readonly #keys = new Set<string>()

  see(detections: readonly Detection[]): void {
    for (const detection of detections) {
      if (!detection.triage.isUnread) this.#keys.delete(keyOf(detection))
      else if (this.#keys.size < mostCounted) this.#keys.add(keyOf(detection))
    }
    this.count = this.#keys.size
  }
}
