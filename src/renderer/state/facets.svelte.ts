import type { Bridge } from '../../shared/ipc.ts'
import type { FacetsAnswer } from '../../shared/overview.ts'
import { Counting } from './counting.svelte.ts'

/** What could narrow the search, with counts. */
export class FacetsState extends Counting<Extract<FacetsAnswer, { kind: 'facets' }>> {
  constructor(bridge: Bridge) {
    super(bridge, (wanted) => bridge.invoke('timeline:facets', wanted), 200)
  }

  get hasFailed() {
    return this.trouble !== null
  }
}
