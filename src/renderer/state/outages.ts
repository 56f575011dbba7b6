import type { WayHealth } from '../../shared/health.ts'
import type { GapReason, InletId } from '../../shared/inlets.ts'

/** A way in that went down and has not been live since. `since` is when the page saw it, in epoch ms. */
export type Outage = { readonly id: InletId; readonly name: string; readonly because: GapReason; readonly since: number }

/** What is down now, remembered across the attempts to connect in between, so that what says so does not come and go with them. */
export function toOutages(before: readonly Outage[], ways: readonly WayHealth[], now: number): readonly Outage[] {
  return ways.flatMap(({ id, name, state, because }): readonly Outage[] => {
    const known = before.find((outage) => outage.id === id)
    if (state === 'down' && because !== null) return [{ id, name, because, since: known?.since ?? now }]
    return state === 'connecting' && known ? [{ ...known, name }] : []
  })
}
