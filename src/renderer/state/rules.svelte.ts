import type { Bridge, Notice } from '../../shared/ipc.ts'
import { isMuting } from '../../shared/rules.ts'
import type { Mute, MuteDraft, Rule, RuleDraft, Rules, RulesSaved, Suppression, SuppressionDraft } from '../../shared/rules.ts'
import { Live } from './live.svelte.ts'
import { reasonOf } from './reason.ts'

/** What was done last and can be taken back, in words: `Removed “Noisy scanner”`; `text` says what follows from it, `turn` how late it came among all acts. */
export type RulesUndo = Words & { readonly turn: number; readonly back: () => Promise<boolean> }
type Words = { readonly said: string; readonly text: string }

const offeredMs = 10_000
const nothing: Rules = { rules: [], mutes: [], suppressions: [], broken: [], brokenSuppressions: [] }

/** When Tocsin speaks: rules, mutes and suppressions. Main keeps them and says why one cannot be kept; what takes something away can be undone. */
export class RulesState {
  /** What was done last, for as long as it is offered to be taken back. */
  offer = $state.raw<RulesUndo | null>(null)
  /** The same, for as long as it can be: what was offered is not done for good once the offer is gone. */
  undoable = $state.raw<RulesUndo | null>(null)
  isWriting = $state(false)
  readonly #bridge: Bridge
  readonly #live: Live<Rules>
  readonly #tell: (notice: Notice) => void
  readonly #now: () => number
  readonly #offered: () => void
  readonly #turn: () => number
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `offered`: something can be taken back from now on. `turn` numbers what is done anywhere on the desk. */
  constructor(
    bridge: Bridge,
    parts: {
      readonly tell: (notice: Notice) => void
      readonly now: () => number
      readonly offered: () => void
      readonly turn: () => number
    },
  ) {
    this.#bridge = bridge
    this.#tell = parts.tell
    this.#now = parts.now
    this.#offered = parts.offered
    this.#turn = parts.turn
    this.#live = new Live(
      (take) => bridge.on('rules:changed', take),
      () => bridge.invoke('rules:list', null),
    )
  }

  get value(): Rules {
    return this.#live.value ?? nothing
  }

  get isKnown() {
    return this.#live.value !== null
  }

  /** Why they could not be read; null while all is well. */
  get trouble() {
    return this.#live.trouble
  }

  read(): Promise<void> {
    return this.#live.read()
  }

  /**
   * Those that hold at that time. Of what is over nobody tells us: whoever shows them says what time it is, by a clock that ticks; what was muted
   * since its last tick holds already.
   */
  mutesAt(now: number): readonly Mute[] {
    const at = Math.max(now, this.#now())
    return this.value.mutes.filter((mute) => isMuting(mute, at))
  }

  /** The one that keeps everything quiet at that time; null where nothing does. */
  silenceAt(now: number): Mute | null {
    return this.mutesAt(now).find(({ of }) => of.kind === 'all') ?? null
  }

  named(name: string): Rule | null {
    return this.value.rules.find((rule) => rule.name === name) ?? null
  }

  /** Why not is for whoever asked to show beside the field it is about. */
  save(draft: RuleDraft): Promise<RulesSaved> {
    return this.#write(() => this.#bridge.invoke('rule:save', draft))
  }

  /** All of it at once, and so is its undo, which brings back what was removed as it was. Whether it was done; why not is told. */
  async arrange(list: readonly Rule[], removed: readonly Rule[]): Promise<boolean> {
    const before = this.value.rules
    const isDone = this.#tellRefused(await this.#arrange(list, removed), 'The rules stay as they were')
    if (isDone)
      this.#offer({
        said: arrangedWords(before, list, removed),
        text: '',
        back: async () => this.#tellRefused(await this.#arrange(before, []), 'It could not be undone'),
      })
    return isDone
  }

  /** One whose row cannot be read: nobody could bring it back. */
  async removeUnreadable(id: Rule['id']): Promise<void> {
    this.#tellRefused(await this.#write(() => this.#bridge.invoke('rule:remove', id)), 'The rule was not removed')
  }

  /** Why not is for whoever asked to show. What it took the place of comes back with the undo. */
  mute(draft: MuteDraft, words: Words): Promise<RulesSaved> {
    const takeBack = (id: number) => this.#bridge.invoke('mute:take-back', id as Mute['id'])
    return this.#add(words, () => this.#bridge.invoke('mute:add', draft), takeBack)
  }

  async unmute(mute: Mute, said: string): Promise<void> {
    const removed = await this.#write(() => this.#bridge.invoke('mute:remove', mute.id))
    if (!this.#tellRefused(removed, 'It is still muted')) return
    this.#offer({
      said,
      text: '',
      back: async () =>
        this.#tellRefused(await this.#write(() => this.#bridge.invoke('mute:restore', mute.id)), 'It could not be muted again'),
    })
  }

  /** Why not is for whoever asked to show. Its undo lifts it: that it held for a while is kept. */
  suppress(draft: SuppressionDraft, words: Words): Promise<RulesSaved> {
    const lift = (id: number) => this.#bridge.invoke('suppression:lift', id as Suppression['id'])
    return this.#add(words, () => this.#bridge.invoke('suppression:add', draft), lift)
  }

  async lift(suppression: Suppression): Promise<void> {
    const lifted = await this.#write(() => this.#bridge.invoke('suppression:lift', suppression.id))
    if (!this.#tellRefused(lifted, 'It was not lifted')) return
    this.#offer({
      said: 'Lifted the suppression',
      text: '',
      back: async () =>
        this.#tellRefused(
          await this.#write(() => this.#bridge.invoke('suppression:restore', suppression.id)),
          'It could not be suppressed again',
        ),
    })
  }

  /** One whose row cannot be read: that it was lifted is all that is known of it then. */
  async liftUnreadable(id: Suppression['id']): Promise<void> {
    this.#tellRefused(await this.#write(() => this.#bridge.invoke('suppression:lift', id)), 'It was not lifted')
  }

  holds({ expiresAt, liftedAt }: Suppression): boolean {
    return liftedAt === null && Date.parse(expiresAt) > this.#now()
  }

  async undoLast(): Promise<void> {
    const last = this.undoable
    if (last === null || this.isWriting) return
    this.#forget()
    if (await last.back()) this.#tell({ id: 'undone', tone: 'info', title: `Undone: ${last.said}`, text: '' })
  }

  dismiss(): void {
    clearTimeout(this.#timer)
    this.offer = null
  }

  #arrange(list: readonly Rule[], removed: readonly Rule[]): Promise<RulesSaved> {
    const rules = list.map(({ id, isOn }) => ({ id, isOn }))
    return this.#write(() => this.#bridge.invoke('rules:arrange', { rules, removed: removed.map(({ id }) => id) }))
  }

  async #add(words: Words, add: () => Promise<RulesSaved>, takeBack: (id: number) => Promise<RulesSaved>): Promise<RulesSaved> {
    const added = await this.#write(add)
    if (added.kind === 'refused' || added.id === null) return added
    const { id } = added
    this.#offer({ ...words, back: async () => this.#tellRefused(await this.#write(() => takeBack(id)), 'It could not be undone') })
    return added
  }

  async #write(ask: () => Promise<RulesSaved>): Promise<RulesSaved> {
    this.isWriting = true
    // What was offered may not fit any more once something else was changed.
    this.#forget()
    try {
      const answer = await ask()
      if (answer.kind === 'saved') this.#live.take(answer.rules)
      return answer
    } catch (error) {
      return { kind: 'refused', detail: reasonOf(error), at: null, length: 0 }
    } finally {
      this.isWriting = false
    }
  }

  /** Whether it was done; why not is told. */
  #tellRefused(answer: RulesSaved, trouble: string): boolean {
    if (answer.kind === 'refused') this.#tell({ id: 'rules', tone: 'trouble', title: trouble, text: answer.detail })
    return answer.kind === 'saved'
  }

  #forget(): void {
    this.dismiss()
    this.undoable = null
  }

  #offer(words: Omit<RulesUndo, 'turn'>): void {
    this.dismiss()
    const undo = { ...words, turn: this.#turn() }
    this.undoable = undo
    this.offer = undo
    this.#offered()
    this.#timer = setTimeout(() => (this.offer = null), offeredMs)
  }

  stop(): void {
    this.#live.stop()
    clearTimeout(this.#timer)
  }
}

/** What becomes of the rules, in words: `Removed “Noisy scanner”`. */
export function arrangedWords(before: readonly Rule[], list: readonly Rule[], removed: readonly Rule[]): string {
  const [gone] = removed
  const turned = list.filter(({ id, isOn }) => before.find((rule) => rule.id === id)?.isOn === !isOn)
  const [one] = turned
  const kept = before.filter(({ id }) => list.some((rule) => rule.id === id))
  const words = [
    gone === undefined ? null : removed.length === 1 ? `removed “${gone.name}”` : `removed ${removed.length} rules`,
    one === undefined
      ? null
      : turned.length === 1
        ? `turned “${one.name}” ${one.isOn ? 'on' : 'off'}`
        : `turned ${turned.length} rules on or off`,
    list.some(({ id }, at) => kept[at]?.id !== id) ? 'changed the order of the rules' : null,
  ]
  const all = words.filter((word) => word !== null).join(', ')
  return all.charAt(0).toUpperCase() + all.slice(1)
}
