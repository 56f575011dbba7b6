import type { Hook, HookDraft, HookId, HookSaved } from '../../shared/hooks.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { Live } from './live.svelte.ts'
import { reasonOf } from './reason.ts'

/** What the last test of a hook came to. */
export type TestOutcome = { readonly id: HookId; readonly isGood: boolean; readonly words: string }

export const emptyHook: HookDraft = { id: null, name: '', url: '', format: 'detection', isOn: true, secret: null }

/** Where rules send what they match. Main keeps the hooks, and says why one cannot be kept. */
export class Hooks {
  /** The one that is being written; null while none is. */
  draft = $state.raw<HookDraft | null>(null)
  /** The form was asked for just now: whoever shows it gives it the keyboard. */
  isAsked = $state(false)
  refused = $state<string | null>(null)
  /** What Tocsin made for a hook: shown until the user has it, and then never again. */
  made = $state.raw<readonly { readonly name: string; readonly secret: string }[]>([])
  tested = $state.raw<TestOutcome | null>(null)
  isWriting = $state(false)
  testing = $state.raw<HookId | null>(null)
  readonly #bridge: Bridge
  readonly #live: Live<readonly Hook[]>
  /** One after the other: a hook that is turned off while another is saved is turned off. */
  #last: Promise<unknown> = Promise.resolve()
  /** How often a form was opened. */
  #opened = 0

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#live = new Live(
      (take) => bridge.on('hooks:changed', take),
      () => bridge.invoke('hooks:list', null),
    )
  }

  get list(): readonly Hook[] {
    return this.#live.value ?? []
  }

  get isKnown(): boolean {
    return this.#live.value !== null
  }

  get trouble(): string | null {
    return this.#live.trouble
  }

  read(): Promise<void> {
    return this.#live.read()
  }

  /** null: a new one; what is written of it already stays. */
  edit(hook: Hook | null): void {
    this.isAsked = true
    if (hook === null && this.draft?.id === null) return
    const { id, name, url, format, isOn } = hook ?? emptyHook
    this.draft = { id, name, url, format, isOn, secret: null }
    this.#opened += 1
    this.refused = null
  }

  change(change: Partial<HookDraft>): void {
    if (this.draft !== null) this.draft = { ...this.draft, ...change }
    this.refused = null
  }

  close(): void {
    this.draft = null
    this.refused = null
  }

  async save(): Promise<void> {
    const { draft } = this
    // Pressed twice, a new one would be made twice.
    if (draft === null || this.isWriting) return
    const opened = this.#opened
    const known = this.list.map(({ id }) => id)
    const saved = await this.#write(() => this.#bridge.invoke('hook:save', { ...draft, secret: draft.secret === '' ? null : draft.secret }))
    if (saved === null) return
    if (saved.secret !== null) this.made = [...this.made, { name: draft.name.trim(), secret: saved.secret }]
    const { draft: now } = this
    if (now === draft) this.draft = null
    // What was written while it was being saved is not saved yet; a new one is there by now, and is not to be made twice.
    else if (now !== null && opened === this.#opened && draft.id === null)
      this.draft = { ...now, id: saved.hooks.find(({ id }) => !known.includes(id))?.id ?? null }
  }

  async switch(hook: Hook): Promise<void> {
    const { id, name, url, format, isOn } = hook
    await this.#write(() => this.#bridge.invoke('hook:save', { id, name, url, format, isOn: !isOn, secret: null }))
  }

  async remove(id: HookId): Promise<void> {
    if ((await this.#write(() => this.#bridge.invoke('hook:remove', id))) === null) return
    if (this.tested?.id === id) this.tested = null
  }

  async test(id: HookId): Promise<void> {
    if (this.testing !== null) return
    this.testing = id
    this.tested = null
    try {
      const tested = await this.#bridge.invoke('hook:test', id)
      if (tested.kind === 'failed') this.tested = { id, isGood: false, words: tested.detail }
      else {
        const isGood = tested.status >= 200 && tested.status < 300
        const words = isGood ? 'The sample was taken' : 'The sample was not taken'
        this.tested = { id, isGood, words: `${words}: answered ${tested.status} after ${tested.afterMs} ms.` }
      }
    } catch (error) {
      this.tested = { id, isGood: false, words: reasonOf(error) }
    } finally {
      this.testing = null
    }
  }

  /** The user has it. */
  forgetMade(secret: string): void {
    this.made = this.made.filter((made) => made.secret !== secret)
  }

  stop(): void {
    this.#live.stop()
  }

  #write(ask: () => Promise<HookSaved>): Promise<Extract<HookSaved, { kind: 'saved' }> | null> {
    this.isWriting = true
    const written = this.#last
      .then(() => this.#writeNow(ask))
      .finally(() => {
        if (this.#last === written) this.isWriting = false
      })
    this.#last = written
    return written
  }

  async #writeNow(ask: () => Promise<HookSaved>): Promise<Extract<HookSaved, { kind: 'saved' }> | null> {
    this.refused = null
    try {
      const saved = await ask()
      if (saved.kind === 'saved') {
        this.#live.take(saved.hooks)
        return saved
      }
      this.refused = saved.detail
    } catch (error) {
      this.refused = reasonOf(error)
    }
    return null
  }
}
