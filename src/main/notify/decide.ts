import { assertNever } from '../../shared/assert-never.ts'
import type { Detection } from '../../shared/detection.ts'
import type { HookId } from '../../shared/hooks.ts'
import type { Silence } from '../../shared/inbox.ts'
import { defaultRuleNames, postureEveryMs } from '../../shared/rules.ts'
import type { DefaultRule, Hours, Mute, Rule } from '../../shared/rules.ts'
import type { Change } from '../ingest/delivery.ts'
import { isWithin } from './hours.ts'
import { hasBecomeUrgent, isSteady, isSure, isVouchedFor, noNews } from './news.ts'
import type { Urgency } from './notifier.ts'
import type { RuleSet } from './rule-set.ts'

/** What the decision needs to know besides the change itself. */
export type NotifyContext = {
  /** Epoch ms. */
  readonly now: number
  /** The user's setting. */
  readonly enabled: boolean
  readonly quietHours: Hours | null
  /** The desktop says that it is not to be disturbed. */
  readonly isInhibited: boolean
  /** The window is focused and shows the timeline, where the detection appears anyway. */
  readonly timelineFocused: boolean
  readonly rules: RuleSet
  /** When a new posture issue of this type was told last, in epoch ms. */
  readonly postureToldAt: (type: string) => number | null
  /**
   * Of a change by which the confidence rises: for how long it had been lower, in ms, where the detection was told as urgent before, since it was
   * resolved last; else null.
   */
  readonly lowerMs: (change: Change) => number | null
}

/**
 * `rule` is the name of the rule that decided what was to be said, the user's or a default; null where it did not come to that. `hookId` is where
 * a rule sends what it matches: hooks follow the match, however loud the rule is and whatever keeps the desktop quiet, and get nothing
 * only of what is a duplicate, imported or suppressed.
 */
export type Decision =
  | { readonly show: true; readonly urgency: Urgency; readonly rule: string; readonly hasSound: boolean; readonly hookId: HookId | null }
  | { readonly show: false; readonly because: Silence; readonly rule: string | null; readonly hookId: HookId | null }

/**
 * Decides whether one change of a detection is worth a native notification. Pure and total. What is urgent is kept quiet by nothing but the
 * user's own word: notifications turned off, a suppression, a mute or a rule. A confidence that goes back and forth is told as urgent once: a rise
 * that comes without another status is told again only where it was lower for an hour before, or the detection was resolved in between.
 */
export function decide(change: Change, context: NotifyContext): Decision {
  const { now, rules } = context
  if (change.transition.from === change.transition.to && !(hasBecomeUrgent(change) && isSteady(context.lowerMs(change))))
    return quiet('duplicate')
  if (change.isImported === true) return quiet('imported')
  const isSuppressed = rules.isSuppressed(change, now)
  const rule = isSuppressed ? null : rules.ruleOf(change, now)
  const hookId = rule?.hookId ?? null
  if (!context.enabled) return quiet('off', null, hookId)
  if (isSuppressed) return quiet('suppressed')
  const mute = rules.muteOf(change, now)
  if (mute !== null) return quiet(silenceOf(mute), null, hookId)

  const said = rule === null ? byDefault(change) : byRule(rule, change.detection)
  if (said.kind === 'quiet') return quiet(said.because, said.rule, hookId)
  const because = said.urgency === 'urgent' ? null : whyQuiet(change.detection, context, said.isOncePerHour)
  if (because !== null) return quiet(because, said.rule, hookId)
  return { show: true, urgency: said.urgency, rule: said.rule, hasSound: said.hasSound, hookId }
}

type Said =
  | { readonly kind: 'quiet'; readonly because: Silence; readonly rule: string | null }
  | {
      readonly kind: 'say'
      readonly urgency: Urgency
      readonly rule: string
      readonly hasSound: boolean
      /** Of one type. */
      readonly isOncePerHour: boolean
    }

function byRule({ name, action, hasSound }: Rule, detection: Detection): Said {
  switch (action) {
    case 'silence':
      return { kind: 'quiet', because: 'rule', rule: name }
    case 'digest':
      return { kind: 'quiet', because: 'digest', rule: name }
    case 'notify':
      return { kind: 'say', urgency: 'normal', rule: name, hasSound, isOncePerHour: false }
    case 'urgent':
      return { kind: 'say', urgency: isVouchedFor(detection) ? 'urgent' : 'normal', rule: name, hasSound, isOncePerHour: false }
    default:
      return assertNever(action)
  }
}

function byDefault(change: Change): Said {
  const { detection } = change
  const because = noNews(change)
  if (because !== null) return { kind: 'quiet', because, rule: null }
  if (detection.kind === 'posture') return say('new-posture', 'normal')
  return isSure(detection.confidence) && isVouchedFor(detection) ? say('confident-threat', 'urgent') : say('threat', 'normal')
}

/** Without a rule of the user's, only what is urgent is heard. */
function say(rule: DefaultRule, urgency: Urgency): Said {
  return {
    kind: 'say',
    urgency,
    rule: defaultRuleNames[rule],
    hasSound: urgency === 'urgent',
    isOncePerHour: rule === 'new-posture',
  }
}

/** What keeps quiet that which is not urgent. */
function whyQuiet(detection: Detection, context: NotifyContext, isOncePerHour: boolean): Silence | null {
  const { now, quietHours } = context
  const { snoozedUntil } = detection.triage
  if (snoozedUntil !== null && Date.parse(snoozedUntil) > now) return 'snoozed'
  if (quietHours !== null && isWithin(quietHours, now)) return 'quiet-hours'
  if (context.isInhibited) return 'do-not-disturb'
  if (context.timelineFocused) return 'focused'
  return isOncePerHour && wasTold(context.postureToldAt(detection.type), now) ? 'repeated' : null
}

/** One told in the future was told before the clock was put back, nobody knows how long ago. */
function wasTold(at: number | null, now: number): boolean {
  return at !== null && now >= at && now - at < postureEveryMs
}

function silenceOf(mute: Mute['of']): Silence {
  return mute.kind === 'all' ? 'muted' : (`muted-${mute.field}` as const)
}

function quiet(because: Silence, rule: string | null = null, hookId: HookId | null = null): Decision {
  return { show: false, because, rule, hookId }
}
