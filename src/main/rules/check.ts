import type { Query } from '../query/query.ts'
import { muteKeyOf } from '../notify/rule-set.ts'
import { parse } from '../query/parse.ts'
import type { RuleRows } from '../store/rules.ts'
import {
  longestRuleName,
  longestSuppressionReason,
  mostMutes,
  mostRules,
  mostSuppressedMs,
  mostSuppressions,
  type Arrangement,
  type Mute,
  type MuteDraft,
  type Rule,
  type RuleDraft,
  type Suppression,
  type SuppressionDraft,
} from '../../shared/rules.ts'

/** Why something cannot be kept, in words; `at` and `length` are characters of its query where it is about those. */
export type NotKept = { readonly kind: 'refused'; readonly detail: string; readonly at: number | null; readonly length: number }

export function refused(detail: string): NotKept {
  return { kind: 'refused', detail, at: null, length: 0 }
}

/** The query of a rule or a suppression: neither may ask what is suppressed. */
export function readQuery(text: string, now: number): { readonly kind: 'read'; readonly query: Query } | NotKept {
  const parsed = parse(text, { now })
  if (parsed.kind === 'parsed') return { kind: 'read', query: parsed.query }
  const { detail, at, length } = parsed
  return { kind: 'refused', detail, at, length }
}

/** Whether it finds everything whatever the history holds, as nothing at all does. */
export function isEverything(query: Query): boolean {
  if (query.kind === 'all') return query.of.every(isEverything)
  return query.kind === 'any' && query.of.some(isEverything)
}

export function holds({ expiresAt, liftedAt }: Suppression, now: number): boolean {
  return liftedAt === null && Date.parse(expiresAt) > now
}

/** As it is to be kept, or why it cannot be. */
export function checkRule(
  draft: RuleDraft,
  { rules, now, hasHook }: { readonly rules: readonly Rule[]; readonly now: number; readonly hasHook: (id: number) => boolean },
): { readonly kind: 'kept'; readonly draft: RuleDraft } | NotKept {
  const name = tidied(draft.name)
  const before = rules.find(({ id }) => id === draft.id)
  const others = rules.filter(({ id }) => id !== draft.id)
  if (name === '') return refused('A rule needs a name: “Why was I told?” answers with it. Type one.')
  if (name.length > longestRuleName) return refused(`A name may have ${longestRuleName} characters. Shorten it.`)
  if (others.some((rule) => rule.name.toLowerCase() === name.toLowerCase()))
    return refused(`There is a rule named ${name} already. Choose another name.`)
  if (draft.id !== null && before === undefined) return refused('This rule was removed meanwhile. Save it as a new one.')
  if (draft.id === null && rules.length >= mostRules)
    return refused(`There are ${mostRules} rules, and no room for more. Remove one that you no longer need.`)
  if (draft.hours !== null && draft.hours.days.length === 0)
    return refused('These hours are on no day. Choose one, or have it hold always.')
  const isSameEnd = before !== undefined && before.expiresAt === draft.expiresAt
  if (draft.expiresAt !== null && !isSameEnd && Date.parse(draft.expiresAt) <= now)
    return refused('It would end before it begins. Choose a time to come.')
  if (draft.hookId !== null && !hasHook(draft.hookId))
    return refused('Where it was to be sent to was removed meanwhile. Choose another, or none.')
  // One that cannot be read any more can still be turned off.
  const isLeft = before !== undefined && before.query === draft.query && !draft.isOn
  const read = readQuery(draft.query, now)
  if (read.kind === 'refused' && !isLeft) return read
  const hours = draft.hours === null ? null : { ...draft.hours, days: [...new Set(draft.hours.days)].sort((one, other) => one - other) }
  return { kind: 'kept', draft: { ...draft, name, hours } }
}

/** Whether all that it names is there, or can be put back beside the others. */
export function checkArrangement({ rules, removed }: Arrangement, rows: Pick<RuleRows, 'read' | 'removed'>): NotKept | null {
  const kept = rows.read()
  const there = [...kept.rules, ...kept.damaged].filter(({ id }) => !removed.includes(id) || rules.some((one) => one.id === id))
  const back = rules.filter(({ id }) => !there.some((one) => one.id === id)).map(({ id }) => rows.removed(id))
  if (back.includes(null)) return refused('One of these rules was removed meanwhile. The others are as they were.')
  for (const rule of back) {
    const name = rule?.name ?? ''
    if (there.some((one) => one.name.toLowerCase() === name.toLowerCase()))
      return refused(`There is another rule named ${name} meanwhile. Rename that one first.`)
  }
  if (there.length + back.length > mostRules) return refused(`There may be ${mostRules} rules. Remove one that you no longer need.`)
  return null
}

export function checkMute({ of, until }: MuteDraft, mutes: readonly Mute[], now: number): NotKept | null {
  if (until !== null && Date.parse(until) <= now) return refused('It would be over before it begins. Choose a time to come.')
  if (of.kind === 'field' && of.value.trim() === '') return refused('There is nothing to mute: it has no name.')
  if (mutes.filter((mute) => !isSame(mute.of, of)).length >= mostMutes)
    return refused(`${mostMutes} are muted, and there is no room for more. Take one away, or write a rule that finds several of them.`)
  return null
}

function isSame(one: Mute['of'], other: Mute['of']): boolean {
  if (one.kind === 'all' || other.kind === 'all') return one.kind === other.kind
  return one.field === other.field && muteKeyOf(one) === muteKeyOf(other)
}

/** As it is to be kept, or why it cannot be. */
export function checkSuppression(
  draft: SuppressionDraft,
  suppressions: readonly Suppression[],
  now: number,
): { readonly kind: 'kept'; readonly draft: SuppressionDraft } | NotKept {
  const reason = draft.reason.trim()
  const ends = Date.parse(draft.expiresAt)
  const read = readQuery(draft.query, now)
  if (read.kind === 'refused') return read
  if (isEverything(read.query))
    return refused(
      'It would suppress everything there ever is. Write what the noise has in common; to be left alone for a while, mute Tocsin.',
    )
  if (reason === '') return refused('It needs a reason, for whoever wonders later why this was not told. Type one.')
  if (reason.length > longestSuppressionReason) return refused(`A reason may have ${longestSuppressionReason} characters. Shorten it.`)
  if (ends <= now) return refused('It would be over before it begins. Choose a time to come.')
  if (ends > now + mostSuppressedMs) return refused('It may last a year: known noise is looked at again. Choose a time within it.')
  if (suppressions.filter((one) => holds(one, now)).length >= mostSuppressions)
    return refused(
      `${mostSuppressions} hold already, and there is no room for more. Lift one, or write one that finds several kinds of noise.`,
    )
  return { kind: 'kept', draft: { ...draft, reason } }
}

function tidied(text: string): string {
  return text.trim().replace(/\s+/g, ' ')
}
