import { kindOf, type GapReason, type InletId } from '../../shared/inlets.ts'
import { keptMeanwhile, nextStepWords } from '../connections/ways/way-words.ts'
import { reasonWords } from '../connections/ways/gap-words.ts'
import type { Outage } from '../state/outages.ts'

/** A way in that is back within this is not worth a banner. */
export const blipMs = 10_000

/** One banner: the ways in that are down for the same reason. `detailOf` is what the way in itself says of it, for a single one. */
export type OutageBanner = { readonly because: GapReason; readonly ids: readonly InletId[]; readonly title: string; readonly text: string }

export function toBanners(outages: readonly Outage[], now: number, detailOf: (id: InletId) => string | null): readonly OutageBanner[] {
  // A clock that was set back hides none of them.
  const told = outages.filter(({ since }) => Math.abs(now - since) >= blipMs)
  const reasons = [...new Set(told.map(({ because }) => because))]
  return reasons.map((because) => {
    const group = told.filter((outage) => outage.because === because)
    const ids = group.map(({ id }) => id)
    const names = group.map(({ name }) => name)
    const [only] = ids
    const reason = reasonWords(because, only ?? ('receiver' as InletId))
    const kept = [...new Set(ids.map((id) => keptMeanwhile(kindOf(id) ?? 'receiver')))]
    const detail = only !== undefined && ids.length === 1 ? detailOf(only) : null
    return {
      because,
      ids,
      title: `${listed(names)} ${names.length === 1 ? 'is' : 'are'} not listening: ${reason}.`,
      // What the way in says ends with what to do.
      text: [detail ?? nextStepWords(because), ...(kept.length === 1 ? kept : [])].join(' '),
    }
  })
}

function listed(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? ''
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}
