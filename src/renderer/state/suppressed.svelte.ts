import type { Bridge } from '../../shared/ipc.ts'
import type { CountAnswer } from '../../shared/overview.ts'
import { narrow } from '../search/edit-text.ts'
import { Counting } from './counting.svelte.ts'

/** How many of what the timeline is about are suppressed, whether they are hidden or not. */
export class Suppressed extends Counting<Extract<CountAnswer, { kind: 'count' }>> {
  constructor(bridge: Bridge) {
    super(bridge, ({ text, range }) => bridge.invoke('timeline:count', { text: narrow(text, 'is', 'suppressed'), range }), 300)
  }

  /** null where it is not known yet. */
  get count() {
    return this.value === null || this.trouble !== null ? null : { count: this.value.count, isLeast: this.value.isCapped }
  }
}
