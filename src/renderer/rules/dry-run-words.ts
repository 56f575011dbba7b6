import type { DryRun, DryRunSide, Impact, RuleAction } from '../../shared/rules.ts'
import { dryRunDays } from '../../shared/rules.ts'

export type Count = (many: number) => string
const count: Count = (many) => many.toLocaleString('en')
const plural = (many: number, one: string, more = `${one}s`): string => `${count(many)} ${many === 1 ? one : more}`

export function toldOf({ urgent, notify }: DryRunSide): number {
  return urgent + notify
}

export function quietOf({ quiet }: DryRunSide): number {
  return quiet.reduce((sum, one) => sum + one.count, 0)
}

/** `last 30 days`, or how far back could be looked. */
export function stretchWords({ days, isWhole, looked }: Pick<DryRun, 'days' | 'isWhole' | 'looked'>): string {
  return isWhole ? `last ${dryRunDays} days` : `newest ${count(looked)} changes, which go back to ${days[0]?.day ?? 'today'},`
}

/** What the rules would have said, beside what they say now. */
export function dryRunSentence(run: DryRun): string {
  const { now, then } = run
  if (run.looked === 0) return `Nothing came in the last ${dryRunDays} days, so there is nothing to try it on.`
  const stretch = stretchWords(run)
  if (run.changed === 0)
    return `In the ${stretch} it would have changed nothing: ${count(toldOf(then))} told, ${count(then.urgent)} of them urgent, in ${plural(then.notifications, 'notification')}.`
  return (
    `In the ${stretch} this would have told ${count(toldOf(then))} instead of ${count(toldOf(now))}, ` +
    `${count(then.urgent)} urgent instead of ${count(now.urgent)}, ` +
    `in ${plural(then.notifications, 'notification')} instead of ${count(now.notifications)}.`
  )
}

/** What a person should know before they save it, the gravest first. `action` is of the one rule it is about; null where it is about all. */
export function dryRunWarnings(run: DryRun, action: RuleAction | null): readonly string[] {
  const isQuiet = action === 'silence' || action === 'digest'
  const lost = run.now.urgent - run.then.urgent
  const gained = run.then.urgent - run.now.urgent
  return [
    ...(lost > 0
      ? [
          `${plural(lost, 'change')} that ${lost === 1 ? 'is' : 'are'} urgent now would not be: ${
            isQuiet
              ? 'nobody would be told of them.'
              : action === null
                ? 'at best they would be told without haste.'
                : 'quiet hours and an open timeline would keep them quiet.'
          }`,
        ]
      : []),
    ...(run.matchesEverything
      ? [
          isQuiet
            ? 'It finds everything: nothing would be told any more, and no rule below it ever decides.'
            : 'It finds everything: no rule below it, and no default, ever decides.',
        ]
      : []),
    ...(run.matched > 0 && run.taken === run.matched
      ? ['Rules above it decide about everything it finds: it would never have its turn. Move it up, or narrow them.']
      : run.taken > 0
        ? [`Of ${plural(run.matched, 'change')} that it finds, rules above it decide about ${count(run.taken)}.`]
        : []),
    ...(action !== null && run.looked > 0 && run.matched === 0 ? ['It finds nothing of what came in these days.'] : []),
    ...(action === 'urgent' && gained > 0 && gained >= 30
      ? [`That is about ${plural(Math.round(gained / Math.max(1, run.days.length)) || 1, 'urgent change')} a day more.`]
      : []),
  ]
}

/** What a suppression would have hidden. */
export function impactSentence(impact: Extract<Impact, { kind: 'impact' }>): string {
  const { isWhole, looked, since, detections } = impact
  const stretch = isWhole ? `in the last ${dryRunDays} days` : `of the newest ${plural(looked, 'change')}, since ${dayWords(since)}`
  if (detections === 0) return `It finds nothing ${stretch}.`
  return (
    `${stretch.slice(0, 1).toUpperCase()}${stretch.slice(1)}${isWhole ? '' : ','} it would have hidden ${plural(detections, 'detection')} ` +
    `(${plural(impact.threats, 'threat')}, ${plural(impact.posture, 'posture issue')}). ` +
    (impact.told === 0
      ? 'None of them was told.'
      : `${plural(impact.told, 'change')} of them ${impact.told === 1 ? 'was' : 'were'} told, ${impact.urgent === 0 ? 'none' : count(impact.urgent)} as urgent.`)
  )
}

/** `3 May` of `2026-05-03`: it is within these weeks, so that no year is needed. */
function dayWords(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' })
}
