import type { DetectionKey, Instant } from './detection.ts'
import type { HookId } from './hooks.ts'
import type { Said, Silence } from './inbox.ts'

/** What a rule does with the changes it is the first to match. `digest` keeps them for the page of what happened; `silence` for the timeline only. */
export const ruleActions = ['notify', 'urgent', 'digest', 'silence'] as const
export type RuleAction = (typeof ruleActions)[number]

/** ISO 8601: 1 is Monday, 7 is Sunday. */
export const weekdays = [1, 2, 3, 4, 5, 6, 7] as const
export type Weekday = (typeof weekdays)[number]
/**
 * Hours of the wall clock on this computer, in minutes after midnight: `from` inclusive, `to` exclusive. Where `to` is not after `from`, they
 * end on the next day and belong to the day on which they begin. At least one day.
 */
export type Hours = { readonly days: readonly Weekday[]; readonly from: number; readonly to: number }
/** What quiet hours begin as. */
export const usualNight: Hours = { days: weekdays, from: 22 * 60, to: 7 * 60 }

declare const ruleId: unique symbol
export type RuleId = number & { readonly [ruleId]: true }

/** The first rule that is on, in its hours, not expired, and whose query finds a change decides about it; the defaults come after all of them. */
export type Rule = {
  readonly id: RuleId
  readonly name: string
  /** In the query language of the history; '' finds everything. */
  readonly query: string
  readonly action: RuleAction
  /** When it holds; null is always. */
  readonly hours: Hours | null
  /** From then on it holds no more; null is never. */
  readonly expiresAt: Instant | null
  /** Whether a notification it raises makes a sound, where the desktop can. */
  readonly hasSound: boolean
  /** Where the changes it matches are sent to as well. */
  readonly hookId: HookId | null
  readonly isOn: boolean
}
export type RuleDraft = Omit<Rule, 'id'> & { readonly id: RuleId | null }
/**
 * Which rules there are to be, in this order, each on or off; what is named in neither list stays behind them as it was. One that was removed
 * since Tocsin began, and is named among the rules, comes back as it was.
 */
export type Arrangement = {
  readonly rules: readonly { readonly id: RuleId; readonly isOn: boolean }[]
  readonly removed: readonly RuleId[]
}

/** What applies where no rule of the user does, in this order. */
export const defaultRules = ['confident-threat', 'threat', 'new-posture'] as const
export type DefaultRule = (typeof defaultRules)[number]
/** What people read where a default decided, in the place of the name of a rule. */
export const defaultRuleNames: Readonly<Record<DefaultRule, string>> = {
  'confident-threat': 'Default for confident threats',
  threat: 'Default for other threats',
  'new-posture': 'Default for new posture issues',
}
/** The confidence from which a threat somebody vouches for is urgent. */
export const urgentConfidence = 0.8
/** New posture issues of one type are told at most once in so long. */
export const postureEveryMs = 3_600_000

export const mostRules = 100
export const longestRuleName = 80

/** Of what nothing is said until then (null: until it is taken away): all, or what has this value in this field. */
export const muteFields = ['entity', 'type', 'source'] as const
export type MuteField = (typeof muteFields)[number]
declare const muteId: unique symbol
export type MuteId = number & { readonly [muteId]: true }
export type Mute = {
  readonly id: MuteId
  readonly of: { readonly kind: 'all' } | { readonly kind: 'field'; readonly field: MuteField; readonly value: string }
  readonly since: Instant
  readonly until: Instant | null
}
export type MuteDraft = { readonly of: Mute['of']; readonly until: Instant | null }
export const mostMutes = 1_000

/** At that time, in epoch ms. One with an end does not where the clock was put back before its beginning: it would last longer than was asked for. */
export function isMuting({ since, until }: Pick<Mute, 'since' | 'until'>, at: number): boolean {
  return until === null || (at >= Date.parse(since) && at < Date.parse(until))
}

declare const suppressionId: unique symbol
export type SuppressionId = number & { readonly [suppressionId]: true }
/** Known noise: what its query finds is never told, is left out of the digest and found by `is:suppressed`, until it expires or is lifted. */
export type Suppression = {
  readonly id: SuppressionId
  readonly query: string
  readonly reason: string
  readonly since: Instant
  readonly expiresAt: Instant
  /** Since when it holds no more, where it was lifted before it expired. */
  readonly liftedAt: Instant | null
}
export type SuppressionDraft = { readonly query: string; readonly reason: string; readonly expiresAt: Instant }
export const mostSuppressions = 200
export const longestSuppressionReason = 1_000
/** A suppression ends within a year: known noise is looked at again. */
export const mostSuppressedMs = 366 * 86_400_000

/** Everything that decides when Tocsin speaks, besides the settings. */
export type Rules = {
  /** In their order. */
  readonly rules: readonly Rule[]
  readonly mutes: readonly Mute[]
  /** Newest first; those that hold before those that do not. */
  readonly suppressions: readonly Suppression[]
  /** Rules that hold for nobody now, and why, in words: a query that an older or newer Tocsin wrote and this one cannot read. */
  readonly broken: readonly { readonly id: RuleId; readonly detail: string }[]
  /** Suppressions that were not lifted and hide nothing, and why; of one whose row is damaged nothing else is known. */
  readonly brokenSuppressions: readonly { readonly id: SuppressionId; readonly detail: string }[]
}
export type RulesSaved =
  | { readonly kind: 'saved'; readonly rules: Rules; readonly id: number | null }
  /** `at` and `length` are the characters of the query that it is about; null where it is about something else. */
  | { readonly kind: 'refused'; readonly detail: string; readonly at: number | null; readonly length: number }

/** Days that a dry run looks back, and changes it looks at: the newest. */
export const dryRunDays = 30
export const mostDryRun = 100_000

/** What one set of rules would have said. */
export type DryRunSide = {
  readonly urgent: number
  readonly notify: number
  /** Native notifications that all of it makes, bursts told in one. */
  readonly notifications: number
  readonly quiet: readonly { readonly because: Silence; readonly count: number }[]
}
export type DryRunDay = {
  /** Of this computer's calendar, `2026-11-22`. */ readonly day: string
  readonly now: DryRunSide
  readonly then: DryRunSide
}
/** Some of what would become of changes otherwise than now. */
export type DryRunExample = {
  readonly key: DetectionKey
  readonly type: string
  readonly entityId: string | null
  readonly at: Instant
  readonly now: Said
  readonly then: Said
}
export type DryRun = {
  readonly kind: 'dry-run'
  /** Oldest first, without gaps. */
  readonly days: readonly DryRunDay[]
  readonly now: DryRunSide
  readonly then: DryRunSide
  /** The newest first, at most 20. */
  readonly examples: readonly DryRunExample[]
  readonly changed: number
  readonly looked: number
  /** false where the history holds more changes of those days than were looked at. */
  readonly isWhole: boolean
  /** How many the query of the one rule that was asked about found, and whether it found all of them: a rule that matches everything. */
  readonly matched: number
  /** Of those, how many a rule above it decides about. */
  readonly taken: number
  readonly matchesEverything: boolean
}
export type DryRunAnswer =
  DryRun | { readonly kind: 'refused'; readonly detail: string; readonly at: number | null; readonly length: number }
/** What a suppression would have hidden in the last `dryRunDays`. */
export type Impact =
  | {
      readonly kind: 'impact'
      readonly detections: number
      readonly threats: number
      readonly posture: number
      /** Changes of them that were told. */
      readonly told: number
      readonly urgent: number
      readonly examples: readonly DryRunExample['key'][]
      /** Changes that were looked at, the newest, and the day since when they came, `2026-11-22`. */
      readonly looked: number
      readonly since: string
      /** false where the history holds more changes of those days than were looked at. */
      readonly isWhole: boolean
    }
  | { readonly kind: 'refused'; readonly detail: string; readonly at: number | null; readonly length: number }
