import { z } from 'zod'
import type { HookId } from '../../../shared/hooks.ts'
import { mostRules, muteFields, ruleActions, weekdays } from '../../../shared/rules.ts'
import type { Hours, MuteDraft, MuteId, RuleDraft, RuleId, SuppressionId } from '../../../shared/rules.ts'
import { instant, nothing, type Schemas } from './shapes.ts'

const numbered = <Id extends number>() =>
  z
    .int()
    .positive()
    .transform((id) => id as Id)
/** As long as a search of a view may be; that a query is too long is for the handler to say, in words the user can read. */
const query = z.string().max(2_000)
export const hours: z.ZodType<Hours> = z.strictObject({
  // That one is needed is for the handler to say as well.
  days: z.array(z.literal(weekdays)).max(weekdays.length),
  from: z.int().min(0).max(1_439),
  to: z.int().min(0).max(1_440),
})
const rule: z.ZodType<RuleDraft> = z.strictObject({
  id: numbered<RuleId>().nullable(),
  name: z.string().max(1_000),
  query,
  action: z.enum(ruleActions),
  hours: hours.nullable(),
  expiresAt: instant.nullable(),
  hasSound: z.boolean(),
  hookId: numbered<HookId>().nullable(),
  isOn: z.boolean(),
})
const mute: z.ZodType<MuteDraft> = z.strictObject({
  of: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('all') }),
    // A value is the sender's word: any text, of a length that no honest one reaches.
    z.strictObject({ kind: z.literal('field'), field: z.enum(muteFields), value: z.string().min(1).max(512) }),
  ]),
  until: instant.nullable(),
})

export const rulesArguments = {
  // Queries and words of the user: no secret is among them.
  'rules:list': nothing,
  // A page could silence what matters, as the user can: the change is pushed to every view, each detection says which rule kept it quiet, and
  // the timeline shows it all the same. Few rules, of bounded size, and a rule sends only to where the user allowed it.
  'rule:save': rule,
  // The same in one step, for rules that are there or were a moment ago.
  'rules:arrange': z.strictObject({
    rules: z.array(z.strictObject({ id: numbered<RuleId>(), isOn: z.boolean() })).max(mostRules),
    removed: z.array(numbered<RuleId>()).max(mostRules),
  }),
  // The defaults hold where none of the user's rules is left.
  'rule:remove': numbered<RuleId>(),
  // A page could have the history decided about over and over: a bounded number of changes, beside main, in short steps, and a later question
  // ends an earlier one.
  'rules:try': z
    .strictObject({ rules: z.array(rule).max(mostRules + 1), about: z.int().nonnegative().nullable() })
    .refine(({ rules, about }) => about === null || about < rules.length),
  // A page could mute what the user wants to hear, as the user can: it is pushed to every view, and the tray shows it.
  'mute:add': mute,
  'mute:take-back': numbered<MuteId>(),
  'mute:remove': numbered<MuteId>(),
  'mute:restore': numbered<MuteId>(),
  // The same as trying rules.
  'suppression:try': z.strictObject({ query }),
  // A page could hide what matters: it stays in the history and in every list, is listed with its reason, and ends by itself.
  'suppression:add': z.strictObject({ query, reason: z.string().max(5_000), expiresAt: instant }),
  'suppression:lift': numbered<SuppressionId>(),
  'suppression:restore': numbered<SuppressionId>(),
} satisfies Partial<Schemas>
