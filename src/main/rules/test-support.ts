import type { RuleDraft } from '../../shared/rules.ts'
import type { Reader } from '../reader/reader.ts'
import { answer, isInSteps } from '../reader/questions.ts'
import type { Store } from '../store/store.ts'

export function ruleOf(query: string, more: Partial<RuleDraft> = {}): RuleDraft {
  const none = { id: null, hours: null, expiresAt: null, hasSound: false, hookId: null }
  return { ...none, name: `Rule for ${query}`, query, action: 'notify', isOn: true, ...more }
}

/** Answers in this thread what the other one would, step by step. */
export function askHere(store: Store): Reader['ask'] {
  return async (name, argument) => {
    const answered = answer(store, name, argument)
    return isInSteps(answered) ? ended(answered) : answered
  }
}

export function ended<Answer>(steps: Generator<void, Answer>): Answer {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}
