import type { Instant } from '../../shared/detection.ts'
import type { Said, Silence } from '../../shared/inbox.ts'
import { dryRunDays } from '../../shared/rules.ts'
import type { DryRunAnswer, DryRunDay, DryRunExample, DryRunSide, Mute, Rule, RuleDraft, RuleId } from '../../shared/rules.ts'
import type { Hours } from '../../shared/rules.ts'
import type { Change } from '../ingest/delivery.ts'
import { decide } from '../notify/decide.ts'
import { createPostureMemory } from '../notify/posture-memory.ts'
import { compileRules, createQueries, type Queries, type RuleSet } from '../notify/rule-set.ts'
import type { Store } from '../store/store.ts'
import { isEverything, readQuery } from './check.ts'
import { createEpisodes } from './episodes.ts'
import { lookBack, stepSize } from './look-back.ts'
import { readRules } from './read-rules.ts'

/** `now` in epoch ms; `about` is the place of the rule that is asked about. */
export type RulesTried = { readonly rules: readonly RuleDraft[]; readonly about: number | null; readonly now: number }

const mostExamples = 20

/**
 * What the saved rules and those that are proposed would have said of what came in the last days, by the very decision that is made of what
 * comes now: as if notifications had been on, and nobody had looked. What the user did with a detection, and what is suppressed, is as it
 * is today; a mute with an end counts for its time, and one without for all of it.
 */
export function* tryRules(store: Pick<Store, 'pastChanges' | 'rules' | 'settings'>, asked: RulesTried): Generator<void, DryRunAnswer> {
  const { now, rules: drafts, about } = asked
  const draft = about === null ? undefined : drafts[about]
  const read = draft === undefined ? null : readQuery(draft.query, now)
  if (read?.kind === 'refused') return read
  // Most rules are on both sides, and a query is asked once of each change.
  const queries = createQueries(now)
  const isFound = draft === undefined ? () => false : findsOf(draft.query, now, queries)
  const above = compileRules({ rules: drafts.slice(0, about ?? 0).map(toRule), mutes: [], suppressions: [] }, now, queries).set

  const saved = readRules(store.rules.read(), now)
  const { quietHours } = store.settings.read()
  const before = createSide(compileRules(saved, now, queries).set, quietHours, store.pastChanges)
  const after = createSide(compileRules({ ...saved, rules: drafts.map(toRule) }, now, queries).set, quietHours, store.pastChanges)
  const { all, days, isWhole } = yield* lookBack(store, {
    now,
    see(change, at) {
      const isMatched = isFound(change, at)
      const isTaken = isMatched && above.ruleOf(change, at) !== null
      return { isMatched, isTaken, now: before.ask(change, at), then: after.ask(change, at) }
    },
  })

  const examples: DryRunExample[] = []
  let [matched, taken, changed, firstDay] = [0, 0, 0, dryRunDays - 1]
  for (const [index, { past, seen }] of all.entries()) {
    const { change, row, at } = past
    const day = days.placeOf(at)
    const one = before.say(change, { row, at, day, asked: seen.now })
    const other = after.say(change, { row, at, day, asked: seen.then })
    firstDay = Math.min(firstDay, day)
    if (seen.isMatched) matched += 1
    if (seen.isTaken) taken += 1
    if (!isSame(one, other)) {
      changed += 1
      examples.push(toExample(change, one, other))
      if (examples.length > mostExamples) examples.shift()
    }
    if (index % stepSize === stepSize - 1) yield
  }
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
    looked: all.length,
    isWhole,
    matched,
    taken,
    matchesEverything: read !== null && (isEverything(read.query) || (all.length > 0 && matched === all.length)),
  }
}

/** Whether a query finds the detection of a change at that time, whatever the change is. */
export function findsOf(query: string, now: number, queries?: Queries): (change: Change, at: number) => boolean {
  const one = { id: 0 as never, query, reason: '', since: new Date(0).toISOString() as Instant, expiresAt: never, liftedAt: null }
  return compileRules({ rules: [], mutes: [], suppressions: [one] }, now, queries).set.isSuppressed
}
const never = '9999-12-31T00:00:00.000Z' as Instant

/** Those that are new have no id yet: it decides nothing. */
function toRule(draft: RuleDraft): Rule {
  return { ...draft, id: draft.id ?? (0 as RuleId) }
}

type Counting = { urgent: number; notify: number; notifications: number; quiet: Map<Silence, number> }

/** What the rules say of a change; it does not depend on what was told before. */
type Asked = { readonly rule: Rule | null; readonly isSuppressed: boolean; readonly mute: Mute['of'] | null }
const nothing: Asked = { rule: null, isSuppressed: false, mute: null }

function createSide(set: RuleSet, quietHours: Hours | null, past: Pick<Store['pastChanges'], 'lowerMs'>) {
  const postures = createPostureMemory([])
  const episodes = createEpisodes()
  /** Rows of detections that were told as urgent, and were not resolved since. */
  const urgent = new Set<number>()
  const counts = Array.from({ length: dryRunDays }, none)
  let asked = nothing
  let asking = 0
  const rules: RuleSet = { ruleOf: () => asked.rule, isSuppressed: () => asked.isSuppressed, muteOf: () => asked.mute }
  const lowerMs = ({ transition }: Change) => (urgent.has(asking) ? past.lowerMs(transition.sequence) : null)
  const around = { enabled: true, quietHours, isInhibited: false, timelineFocused: false }
  const situation = { ...around, rules, postureToldAt: postures.toldAt, lowerMs }

  return {
    /** In any order. */
    ask(change: Change, at: number): Asked {
      const isSuppressed = set.isSuppressed(change, at)
      const rule = isSuppressed ? null : set.ruleOf(change, at)
      const mute = set.muteOf(change, at)
      return rule === null && mute === null && !isSuppressed ? nothing : { rule, isSuppressed, mute }
    },
    /** In the order of time. */
    say(change: Change, then: { readonly row: number; readonly at: number; readonly day: number; readonly asked: Asked }): Said {
      const { at } = then
      asked = then.asked
      asking = then.row
      const decision = decide(change, { ...situation, now: at })
      const counting = counts[then.day] ?? none()
      if (decision.show && decision.urgency === 'urgent') urgent.add(then.row)
      else if (change.transition.to === 'resolved') urgent.delete(then.row)
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

function toExample({ detection, transition }: Change, now: Said, then: Said): DryRunExample {
  const { organizationId, id, type, entityId } = detection
  return { key: { organizationId, id }, type, entityId, at: transition.receivedAt, now, then }
}
