import type { Bridge } from '../../shared/ipc.ts'
import type { DryRun, Rule, RuleDraft, RuleId } from '../../shared/rules.ts'
import type { RulesState } from './rules.svelte.ts'
import { Trial } from './trial.svelte.ts'

const pauseMs = 300

/** Another order, rules that are turned on or off, and rules that go: tried on the history together, before any of it holds. */
export class RuleArranger {
  readonly trial: Trial<{ readonly rules: readonly RuleDraft[]; readonly about: null }, DryRun>
  readonly #rules: RulesState
  /** What is wanted of those that were there when it was begun; null while nothing is. */
  #wanted = $state.raw<readonly { readonly id: RuleId; readonly isOn: boolean }[] | null>(null)
  #removed = $state.raw<readonly RuleId[]>([])

  constructor(bridge: Bridge, rules: RulesState) {
    this.#rules = rules
    this.trial = new Trial((asked) => bridge.invoke('rules:try', asked), pauseMs)
  }

  /** The rules as they are to be. One that came meanwhile is last, one that went is gone. */
  get list(): readonly Rule[] {
    const { rules } = this.#rules.value
    if (this.#wanted === null) return rules
    const named = this.#wanted.flatMap(({ id, isOn }) => {
      const rule = rules.find((one) => one.id === id)
      return rule === undefined ? [] : [{ ...rule, isOn }]
    })
    return [...named, ...rules.filter(({ id }) => !this.#removed.includes(id) && !named.some((one) => one.id === id))]
  }

  get removed(): readonly Rule[] {
    return this.#rules.value.rules.filter(({ id }) => this.#removed.includes(id))
  }

  get isChanged(): boolean {
    const { rules } = this.#rules.value
    const { list } = this
    return list.length !== rules.length || list.some(({ id, isOn }, at) => rules[at]?.id !== id || rules[at].isOn !== isOn)
  }

  /** Whether it was anywhere else. */
  move({ id }: Rule, to: number): boolean {
    const { list } = this
    const from = list.findIndex((rule) => rule.id === id)
    const place = Math.max(0, Math.min(to, list.length - 1))
    const moved = list[from]
    if (moved === undefined || place === from) return false
    const others = list.filter((rule) => rule.id !== id)
    this.#take([...others.slice(0, place), moved, ...others.slice(place)])
    return true
  }

  turn({ id }: Rule, isOn: boolean): void {
    this.#take(this.list.map((rule) => (rule.id === id ? { ...rule, isOn } : rule)))
  }

  remove({ id }: Rule): void {
    this.#removed = [...this.#removed, id]
    this.#take(this.list.filter((rule) => rule.id !== id))
  }

  try(): void {
    this.trial.ask(this.isChanged ? { rules: this.list, about: null } : null)
  }

  /** Whether it holds now; why not is told. */
  async save(): Promise<boolean> {
    const isSaved = await this.#rules.arrange(this.list, this.removed)
    if (isSaved) this.discard()
    return isSaved
  }

  discard(): void {
    this.#wanted = null
    this.#removed = []
    this.trial.ask(null)
  }

  #take(list: readonly Rule[]): void {
    this.#wanted = list.map(({ id, isOn }) => ({ id, isOn }))
    if (this.isChanged) this.try()
    else this.discard()
  }

  stop(): void {
    this.trial.stop()
  }
}
