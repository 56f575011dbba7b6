import type { Instant } from '../../shared/detection.ts'
import type { DefaultRule, Hours, Mute, MuteField, RuleAction, Weekday } from '../../shared/rules.ts'
import { defaultRuleNames, defaultRules, postureEveryMs, urgentConfidence, weekdays } from '../../shared/rules.ts'
import type { IconName } from '../ui/Icon.svelte'
import { clockTime, dayName, dayOf, duration } from '../ui/time.ts'

export const actionWords: Readonly<Record<RuleAction, string>> = {
  urgent: 'Tell as urgent',
  notify: 'Tell',
  digest: 'Digest only',
  silence: 'Keep quiet',
}

export const actionHints: Readonly<Record<RuleAction, string>> = {
  urgent: 'A notification at once, also in quiet hours. What nobody signed is told as others are.',
  notify: 'A notification, outside of quiet hours; many at once are told in one.',
  digest: 'No notification. It stands in “While you were away”.',
  silence: 'No notification, and not in the digest. It is on the timeline.',
}

/** The same shapes stand in the inbox for what became of a change. */
export const actionIcons: Readonly<Record<RuleAction, IconName>> = { urgent: 'alert', notify: 'bell', digest: 'digest', silence: 'barred' }

/** The defaults in people's words: in the list of rules, and where one of them was why something was told. */
export const defaultWords: Readonly<Record<DefaultRule, { readonly what: string; readonly then: string; readonly action: RuleAction }>> = {
  'confident-threat': {
    what: `Threats that are signed and have a confidence of ${urgentConfidence} or more`,
    then: 'are urgent: told at once, also in quiet hours.',
    action: 'urgent',
  },
  threat: { what: 'Other threats', then: 'are told.', action: 'notify' },
  'new-posture': {
    what: 'New posture issues',
    then: `are told, at most once ${postureEveryMs === 3_600_000 ? 'an hour' : `every ${duration(postureEveryMs)}`} for each type.`,
    action: 'notify',
  },
}
/** What is left when no default speaks. */
export const restWords = 'What is resolved, or a posture issue that goes on, is quiet.'

export function defaultByName(name: string): DefaultRule | null {
  return defaultRules.find((one) => defaultRuleNames[one] === name) ?? null
}

const dayNames: Readonly<Record<Weekday, string>> = { 1: 'Mon', 2: 'Tue', 3: 'Wed', 4: 'Thu', 5: 'Fri', 6: 'Sat', 7: 'Sun' }
const longDayNames: Readonly<Record<Weekday, string>> = {
  1: 'Monday',
  2: 'Tuesday',
  3: 'Wednesday',
  4: 'Thursday',
  5: 'Friday',
  6: 'Saturday',
  7: 'Sunday',
}
export const dayWord = (day: Weekday): string => dayNames[day]
export const longDayWord = (day: Weekday): string => longDayNames[day]

/** `07:00`, as a field for times has it. */
export function minuteText(minute: number): string {
  const [hours, minutes] = [Math.floor(minute / 60) % 24, minute % 60]
  return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
}

/** null where it is no time. */
export function toMinute(text: string): number | null {
  const [, hours, minutes] = /^(\d\d):(\d\d)/.exec(text) ?? []
  return hours === undefined || minutes === undefined ? null : Number(hours) * 60 + Number(minutes)
}

/** `Mon–Fri, Sun`. */
export function daysWords(days: readonly Weekday[]): string {
  const on = weekdays.filter((day) => days.includes(day))
  if (on.length === weekdays.length) return 'every day'
  if (on.length === 0) return 'on no day'
  const runs: Weekday[][] = []
  for (const day of on) {
    const run = runs.at(-1)
    if (run?.at(-1) === day - 1) run.push(day)
    else runs.push([day])
  }
  return runs
    .map((run) => {
      const words = run.map(dayWord)
      return words.length > 2 ? `${words[0] ?? ''}–${words.at(-1) ?? ''}` : words.join(', ')
    })
    .join(', ')
}

/** `22:00 to 07:00 the next day, Mon–Fri`. */
export function hoursWords({ days, from, to }: Hours): string {
  const isNextDay = to <= from
  const time =
    to === from
      ? `${minuteText(from)} for 24 hours`
      : `${minuteText(from)} to ${to === 1_440 ? '24:00' : minuteText(to)}${isNextDay ? ' the next day' : ''}`
  return `${time}, ${daysWords(days)}`
}

export const fieldWords: Readonly<Record<MuteField, string>> = { entity: 'Entity', type: 'Type', source: 'Source' }

export function muteWords(of: Mute['of']): string {
  return of.kind === 'all' ? 'All of Tocsin' : `${fieldWords[of.field]} ${of.value}`
}

/** `today 15:04`, `Monday 24 November 09:00`. `today` is a day as `dayOf` gives it. */
export function untilWords(until: Instant | null, today: string): string {
  if (until === null) return 'until you end it'
  const day = dayName(dayOf(Date.parse(until)), today)
  return `until ${day === 'Today' ? '' : `${day}, `}${clockTime(until)}`
}
