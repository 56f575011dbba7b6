import { mostMutes, mostRules, mostSuppressions } from '../../shared/rules.ts'
import type {
  Arrangement,
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
import { checkArrangement, checkMute, checkRule, checkSuppression, holds, refused } from './check.ts'
import { readRules } from './read-rules.ts'

/** Where the user says when Tocsin speaks: rules, mutes and suppressions, and what they would have made of the history. */
export type RulesPlace = {
  /** As they are now: mutes that are over are not among them. */
  list(): Rules
  /** A new one comes last. */
  save(draft: RuleDraft): RulesSaved
  arrange(arrangement: Arrangement): RulesSaved
  remove(id: RuleId): RulesSaved
  /** A later question ends an earlier one. */
  try(asked: { readonly rules: readonly RuleDraft[]; readonly about: number | null }): Promise<DryRunAnswer>
  readonly mutes: {
    add(draft: MuteDraft): RulesSaved
    /** As if it had not been added. */
    takeBack(id: MuteId): RulesSaved
    remove(id: MuteId): RulesSaved
    restore(id: MuteId): RulesSaved
  }
  readonly suppressions: {
    try(asked: { readonly query: string }): Promise<Impact>
    add(draft: SuppressionDraft): RulesSaved
    lift(id: SuppressionId): RulesSaved
    /** It holds again until it would have ended. */
    restore(id: SuppressionId): RulesSaved
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

  /** As it was: nothing is asked of it that a new one has to fulfil. */
  function putBack(make: () => boolean, gone: string): RulesSaved {
    let isBack = false
    const written = takeAway(() => void (isBack = make()))
    return written.kind === 'saved' && !isBack ? refused(gone) : written
  }

  return {
    list,

    save(draft) {
      const checked = checkRule(draft, { rules: rows.read().rules, now: now(), hasHook: rows.hasHook })
      return checked.kind === 'refused' ? checked : write(() => rows.save(checked.draft))
    },
    arrange: (wanted) => checkArrangement(wanted, rows) ?? takeAway(() => rows.arrange(wanted)),
    remove: (id) => takeAway(() => rows.remove(id)),
    async try({ rules, about }) {
      if (rules.length > mostRules) return refused(`There may be ${mostRules} rules. Remove one that you no longer need.`)
      return ask('rulesTry', { rules, about, now: now() }, 'rules')
    },

    mutes: {
      add: (draft) => checkMute(draft, list().mutes, now()) ?? write(() => rows.addMute(draft, now())),
      takeBack: (id) =>
        putBack(() => rows.takeBackMute(id), 'It is muted no more, or something else is muted in its place. Nothing was changed.'),
      remove: (id) => takeAway(() => rows.removeMute(id)),
      restore(id) {
        if (list().mutes.length >= mostMutes) return refused(`${mostMutes} are muted, and there is no room for more. Take one away first.`)
        return putBack(() => rows.restoreMute(id, now()), 'What was muted is not known any more. Mute it anew.')
      },
    },

    suppressions: {
      try: ({ query }) => ask('suppressionTry', { query, now: now() }, 'suppression'),
      add(draft) {
        const checked = checkSuppression(draft, rows.read().suppressions, now())
        return checked.kind === 'refused' ? checked : write(() => rows.addSuppression(checked.draft, now()))
      },
      lift: (id) => takeAway(() => rows.liftSuppression(id, now())),
      restore(id) {
        const others = rows.read().suppressions.filter((one) => one.id !== id && holds(one, now()))
        if (others.length >= mostSuppressions)
          return refused(`${mostSuppressions} hold already, and there is no room for more. Lift one first.`)
        return putBack(() => rows.restoreSuppression(id), 'This suppression is gone. Suppress it anew.')
      },
    },
  }
}
