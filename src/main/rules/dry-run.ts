import type { Instant } from '../../shared/detection.ts'
import type { Said, Silence } from '../../shared/inbox.ts'
import { dryRunDays, mostDryRun } from '../../shared/rules.ts'
import type { DryRunAnswer, DryRunDay, DryRunExample, DryRunSide, Rule, RuleDraft, RuleId, Rules } from '../../shared/rules.ts'
import type { Hours } from '../../shared/rules.ts'
import type { Change } from '../ingest/delivery.ts'
import { decide } from '../notify/decide.ts'
import { createPostureMemory } from '../notify/posture-memory.ts'
import { compileRules } from '../notify/rule-set.ts'
import type { PastChange } from '../store/past-changes.ts'
import type { Store } from '../store/store.ts'
import { isEverything, readQuery } from './check.ts'
import { daysUntil, type Days } from './days.ts'
import { createEpisodes } from './episodes.ts'
import { readRules } from './read-rules.ts'

/** `now` in epoch ms; `about` is the place of the rule that is asked about. */
export type RulesTried = { readonly rules: readonly RuleDraft[]; readonly about: number | null; readonly now: number }

/** Changes that are decided about between two moments for others. */
export const stepSize = 2_000
const mostExamples = 20

/**
 * What the saved rules and those that are proposed would have said of what came in the last days, by the very decision that is made of what
 * comes now: as if notifications had been on, and nobody had looked. What the user did with a detection, and what is muted and suppressed,
 * is as it is today.
 */
export function* tryRules(store: Pick<Store, 'pastChanges' | 'rules' | 'settings'>, asked: RulesTried): Generator<void, DryRunAnswer> {
  const { now, rules: drafts, about } = asked
  const draft = about === null ? undefined : drafts[about]
  const read = draft === undefined ? null : readQuery(draft.query, now)
  if (read?.kind === 'refused') return read
  const isFound = draft === undefined ? () => false : findsOf(draft.query, now)
  const above = compileRules({ rules: drafts.slice(0, about ?? 0).map(toRule), mutes: [], suppressions: [] }, now).set

  const saved = readRules(store.rules.read(), now)
  const { quietHours } = store.settings.read()
  const days = daysUntil(now, dryRunDays)
  const before = createSide(saved, { quietHours, now, days })
  const after = createSide({ ...saved, rules: drafts.map(toRule) }, { quietHours, now, days })
  const examples: DryRunExample[] = []
  let [looked, matched, taken, changed, firstDay] = [0, 0, 0, 0, dryRunDays - 1]

  const stretch = store.pastChanges.newest({ since: days.first, most: mostDryRun })
  const parts = store.pastChanges.parts(stretch, stepSize)
  let part = parts.next()
  for (; part.done !== true; part = parts.next()) {
    for (const past of part.value) {
      const { change, at } = past
      const [one, other] = [before.say(change, at), after.say(change, at)]
      looked += 1
      firstDay = Math.min(firstDay, days.placeOf(at))
      if (isFound(change, at)) {
        matched += 1
        if (above.ruleOf(change, at) !== null) taken += 1
      }
      if (isSame(one, other)) continue
      changed += 1
      examples.push(toExample(past, one, other))
      if (examples.length > mostExamples) examples.shift()
    }
    yield
  }
  const isWhole = stretch.isWhole && part.value
  // Of days nobody looked at nothing can be said.
  const from = isWhole ? 0 : firstDay
  return {
    kind: 'dry-run',
    days: Array.from({ length: dryRunDays - from }, (_, index): DryRunDay => {
      const place = from + index
      return { day: days.name(place), now: before.day(place), then: after.day(place) }
    }),
    now: before.all(),
    then: after.all(),
    examples: examples.reverse(),
    changed,
    looked,
    isWhole,
    matched,
    taken,
    matchesEverything: read !== null && (isEverything(read.query) || (looked > 0 && matched === looked)),
  }
}

/** Whether a query finds the detection of a change at that time, whatever the change is. */
export function findsOf(query: string, now: number): (change: Change, at: number) => boolean {
  const one = { id: 0 as never, query, reason: '', since: new Date(0).toISOString() as Instant, expiresAt: never, liftedAt: null }
  return compileRules({ rules: [], mutes: [], suppressions: [one] }, now).set.isSuppressed
}
const never = '9999-12-31T00:00:00.000Z' as Instant

/** Those that are new have no id yet: it decides nothing. */
function toRule(draft: RuleDraft): Rule {
  return { ...draft, id: draft.id ?? (0 as RuleId) }
}

type Counting = { urgent: number; notify: number; notifications: number; quiet: Map<Silence, number> }

function createSide(
  rules: Rules,
  { quietHours, now, days }: { readonly quietHours: Hours | null; readonly now: number; readonly days: Days },
) {
  const { set } = compileRules(rules, now)
  const postures = createPostureMemory([])
  const episodes = createEpisodes()
  const counts = Array.from({ length: dryRunDays }, none)
  const situation = { enabled: true, quietHours, isInhibited: false, timelineFocused: false, rules: set, postureToldAt: postures.toldAt }

  return {
    say(change: Change, at: number): Said {
      const decision = decide(change, { ...situation, now: at })
      const counting = counts[days.placeOf(at)] ?? none()
      if (!decision.show) {
        counting.quiet.set(decision.because, (counting.quiet.get(decision.because) ?? 0) + 1)
        return { kind: 'quiet', because: decision.because }
      }
      if (change.detection.kind === 'posture') postures.told(change.detection.type, at)
      if (episodes.isNew(at, decision.urgency === 'urgent')) counting.notifications += 1
      counting[decision.urgency === 'urgent' ? 'urgent' : 'notify'] += 1
      return { kind: 'told', urgency: decision.urgency, notification: null, isCertain: true }
    },
    day: (place: number): DryRunSide => toSide(counts[place] ?? none()),
    all: (): DryRunSide => toSide(counts.reduce(sum, none())),
  }
}

function none(): Counting {
  return { urgent: 0, notify: 0, notifications: 0, quiet: new Map() }
}

function sum(one: Counting, other: Counting): Counting {
  const quiet = new Map(one.quiet)
  for (const [because, count] of other.quiet) quiet.set(because, (quiet.get(because) ?? 0) + count)
  return {
    urgent: one.urgent + other.urgent,
    notify: one.notify + other.notify,
    notifications: one.notifications + other.notifications,
    quiet,
  }
}

/** The most frequent silence first. */
function toSide({ quiet, ...counted }: Counting): DryRunSide {
  const silences = [...quiet].map(([because, count]) => ({ because, count }))
  return { ...counted, quiet: silences.sort((one, other) => other.count - one.count || (one.because < other.because ? -1 : 1)) }
}

function isSame(one: Said, other: Said): boolean {
  if (one.kind === 'told') return other.kind === 'told' && one.urgency === other.urgency
  return other.kind === 'quiet' && one.because === other.because
}

function toExample({ change: { detection, transition } }: PastChange, now: Said, then: Said): DryRunExample {
  const { organizationId, id, type, entityId } = detection
  return { key: { organizationId, id }, type, entityId, at: transition.receivedAt, now, then }
}
