import { mostRules } from '../../shared/rules.ts'
import type {
  DryRunAnswer,
  Impact,
  MuteDraft,
  MuteId,
  RuleDraft,
  RuleId,
  Rules,
  RulesSaved,
  SuppressionDraft,
  SuppressionId,
} from '../../shared/rules.ts'
import type { Reader } from '../reader/reader.ts'
import type { RuleRows } from '../store/rules.ts'
import { checkMute, checkRule, checkSuppression, refused } from './check.ts'
import { readRules } from './read-rules.ts'

/** Where the user says when Tocsin speaks: rules, mutes and suppressions, and what they would have made of the history. */
export type RulesPlace = {
  /** As they are now: mutes that are over are not among them. */
  list(): Rules
  /** A new one comes last. */
  save(draft: RuleDraft): RulesSaved
  /** `to` is its place among the others, from 0; beyond the last is last. */
  move(wanted: { readonly id: RuleId; readonly to: number }): RulesSaved
  remove(id: RuleId): RulesSaved
  /** A later question ends an earlier one. */
  try(asked: { readonly rules: readonly RuleDraft[]; readonly about: number | null }): Promise<DryRunAnswer>
  readonly mutes: { add(draft: MuteDraft): RulesSaved; remove(id: MuteId): RulesSaved }
  readonly suppressions: {
    try(asked: { readonly query: string }): Promise<Impact>
    add(draft: SuppressionDraft): RulesSaved
    lift(id: SuppressionId): RulesSaved
  }
}

export function createRulesPlace(parts: {
  readonly rows: RuleRows
  readonly ask: Reader['ask']
  readonly onChanged: (rules: Rules) => void
  readonly now: () => number
}): RulesPlace {
  const { rows, ask, onChanged, now } = parts
  const list = (): Rules => readRules(rows.read(), now())

  function write(make: () => number | null): RulesSaved {
    let id: number | null
    try {
      id = make()
    } catch (error) {
      return refused(`It could not be written: ${(error as Error).message}. Everything is as it was; try again.`)
    }
    const rules = list()
    onChanged(rules)
    return { kind: 'saved', rules, id }
  }

  /** What is gone already is what was wanted. */
  function takeAway(make: () => void): RulesSaved {
    return write(() => {
      make()
      return null
    })
  }

  return {
    list,

    save(draft) {
      const checked = checkRule(draft, { rules: rows.read().rules, now: now(), hasHook: rows.hasHook })
      return checked.kind === 'refused' ? checked : write(() => rows.save(checked.draft))
    },
    move({ id, to }) {
      const ids = rows.read().rules.map((rule) => rule.id)
      const others = ids.filter((one) => one !== id)
      if (others.length === ids.length) return refused('This rule was removed meanwhile. The others are as they were.')
      return write(() => {
        rows.order([...others.slice(0, to), id, ...others.slice(to)])
        return id
      })
    },
    remove: (id) => takeAway(() => rows.remove(id)),
    async try({ rules, about }) {
      if (rules.length > mostRules) return refused(`There may be ${mostRules} rules. Remove one that you no longer need.`)
      return ask('rulesTry', { rules, about, now: now() }, 'rules')
    },

    mutes: {
      add: (draft) => checkMute(draft, list().mutes, now()) ?? write(() => rows.addMute(draft, now())),
      remove: (id) => takeAway(() => rows.removeMute(id)),
    },

    suppressions: {
      try: ({ query }) => ask('suppressionTry', { query, now: now() }, 'suppression'),
      add(draft) {
        const checked = checkSuppression(draft, rows.read().suppressions, now())
        return checked.kind === 'refused' ? checked : write(() => rows.addSuppression(checked.draft, now()))
      },
      lift: (id) => takeAway(() => rows.liftSuppression(id, now())),
    },
  }
}
