import type { Bridge } from '../../shared/ipc.ts'
import type { DryRun, Impact, RuleDraft, RuleId } from '../../shared/rules.ts'
import type { RulesState } from './rules.svelte.ts'
import { Trial, type TrialRefused } from './trial.svelte.ts'

const pauseMs = 300

export const emptyRule: RuleDraft = {
  id: null,
  name: '',
  query: '',
  action: 'notify',
  hours: null,
  expiresAt: null,
  hasSound: false,
  hookId: null,
  isOn: true,
}

/** The rule that is being written, and what it would have said of what is in the history. What was begun waits while other views are looked at. */
export class RuleEditor {
  draft = $state.raw<RuleDraft>(emptyRule)
  /** Why it was not saved. */
  refused = $state.raw<TrialRefused | null>(null)
  isChanged = $state(false)
  readonly trial: Trial<{ readonly rules: readonly RuleDraft[]; readonly about: number }, DryRun>
  readonly #rules: RulesState
  /** Which rule is in it; undefined before the first. */
  #of: RuleId | null | undefined
  /** As it was before anything was written here. */
  #begun: RuleDraft = emptyRule

  constructor(bridge: Bridge, rules: RulesState) {
    this.#rules = rules
    this.trial = new Trial((asked) => bridge.invoke('rules:try', asked), pauseMs)
  }

  /** What is wrong with its query, at its characters; null where nothing is. */
  get queryRefused() {
    const refused = this.refused !== null && this.refused.at !== null ? this.refused : this.trial.refused
    return refused === null || refused.at === null
      ? null
      : { text: this.draft.query, at: refused.at, length: refused.length, detail: refused.detail }
  }

  /** What else is wrong. */
  get otherRefused(): string | null {
    if (this.refused !== null && this.refused.at === null) return this.refused.detail
    return this.trial.refused !== null && this.trial.refused.at === null ? this.trial.refused.detail : null
  }

  /**
   * Another rule, or what a new one begins with. Coming back to the one that was begun finds what was written as it was left, and the rest as the
   * rule is now: the list may have turned it off meanwhile.
   */
  open(id: RuleId | null): void {
    if (this.#of !== id) {
      const rule = id === null ? emptyRule : this.#rules.value.rules.find((one) => one.id === id)
      this.begin(rule ?? emptyRule)
    } else {
      const present = this.#rules.value.rules.find((one) => one.id === id)
      if (present !== undefined) {
        this.draft = { ...present, ...writtenOf(this.#begun, this.draft) }
        this.#begun = present
      }
      this.try()
    }
  }

  begin(draft: RuleDraft): void {
    this.#of = draft.id
    this.draft = draft
    this.#begun = draft
    this.isChanged = false
    this.refused = null
    this.trial.ask(null)
    this.try()
  }

  change(change: Partial<RuleDraft>): void {
    this.draft = { ...this.draft, ...change }
    this.isChanged = true
    this.refused = null
    // A name says nothing of what is told.
    if (Object.keys(change).some((field) => field !== 'name' && field !== 'hasSound' && field !== 'hookId')) this.try()
  }

  try(): void {
    const { rules } = this.#rules.value
    const place = rules.findIndex(({ id }) => id === this.draft.id)
    // A rule that was off changes nothing: what is tried is the rule at work. One that is turned off is tried as that.
    const draft = { ...this.draft, isOn: this.draft.isOn || rules[place]?.isOn !== true }
    const tried = place < 0 ? [...rules, draft] : rules.map((rule, index) => (index === place ? draft : rule))
    this.trial.ask({ rules: tried, about: place < 0 ? rules.length : place })
  }

  /** Whether it was saved. */
  async save(): Promise<boolean> {
    const saved = await this.#rules.save(this.draft)
    this.refused = saved.kind === 'refused' ? saved : null
    if (saved.kind === 'saved') this.forget()
    return saved.kind === 'saved'
  }

  /** The next one begins anew. */
  forget(): void {
    this.#of = undefined
    this.isChanged = false
    this.trial.ask(null)
  }

  stop(): void {
    this.trial.stop()
  }
}

/** The fields that differ from what it began with. */
function writtenOf(begun: RuleDraft, draft: RuleDraft): Partial<RuleDraft> {
  return Object.fromEntries(
    Object.entries(draft).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(begun[field as keyof RuleDraft])),
  )
}

export type ImpactTrial = Trial<{ readonly query: string }, Extract<Impact, { kind: 'impact' }>>

/** What a suppression would have hidden, asked while its query is typed. */
export function createImpactTrial(bridge: Bridge): ImpactTrial {
  return new Trial((asked) => bridge.invoke('suppression:try', asked), pauseMs)
}
