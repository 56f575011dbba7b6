import type { Rules } from '../../shared/rules.ts'
import { compileRules } from '../notify/rule-set.ts'
import type { KeptRules } from '../store/rules.ts'
import { holds } from './check.ts'

/** What is kept, as it stands at this moment: which mutes are not over, which suppressions hold, and which rules can be read at all. */
export function readRules({ rules, mutes, suppressions, damaged, damagedSuppressions }: KeptRules, now: number): Rules {
  const compiled = compileRules({ rules, mutes: [], suppressions: suppressions.filter((one) => holds(one, now)) }, now)
  return {
    rules,
    mutes: mutes.filter(({ until }) => until === null || Date.parse(until) > now),
    suppressions: [...suppressions.filter((one) => holds(one, now)), ...suppressions.filter((one) => !holds(one, now))],
    broken: [
      ...compiled.broken,
      ...damaged.map(({ id, name }) => ({
        id,
        detail: `The rule “${name}” cannot be read: another version of Tocsin wrote it, or it is damaged. It decides nothing; the other rules hold. Remove it, or open it with the Tocsin that wrote it.`,
      })),
    ],
    brokenSuppressions: [
      ...compiled.brokenSuppressions,
      ...damagedSuppressions.map(({ id, query }) => ({
        id,
        detail: `The suppression of “${query}” cannot be read: another version of Tocsin wrote it, or it is damaged. It hides nothing; the others hold. Lift it, or open it with the Tocsin that wrote it.`,
      })),
    ],
  }
}
