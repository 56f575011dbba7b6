import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import type { InletDraft, InletId, InletReport, InletSaved, TunnelSaved, TunnelSetUp, WaysIn } from '../../shared/inlets.ts'
import { kindOf, type Tested } from '../../shared/inlets.ts'
import type { Bridge } from '../../shared/ipc.ts'
import type { TunnelFields } from '../connections/ways/tunnel-words.ts'
import { Live } from './live.svelte.ts'
import { reasonOf } from './reason.ts'

/** A test of a way in: under way, done, or not done because the app did not answer. */
export type TestRun =
  | { readonly kind: 'testing' }
  | { readonly kind: 'tested'; readonly tested: Tested; readonly at: number }
  | { readonly kind: 'failed'; readonly detail: string }

/** Every way in, the tunnel, and what the user does with them. */
export class Ways {
  /** The tunnel is being saved or started anew. */
  isTunnelBusy = $state(false)
  tunnelTrouble = $state<string | null>(null)
  /** What is typed for it and not saved yet; null while its form follows what is saved. */
  tunnelTyped = $state.raw<TunnelFields | null>(null)
  readonly #bridge: Bridge
  readonly #now: () => number
  readonly #live
  readonly #busy = new SvelteSet<InletId>()
  readonly #troubles = new SvelteMap<InletId, string>()
  readonly #tests = new SvelteMap<InletId, TestRun>()

  constructor(bridge: Bridge, now: () => number) {
    this.#bridge = bridge
    this.#now = now
    this.#live = new Live(
      (take) => bridge.on('ways:changed', take),
      () => bridge.invoke('ways:read', null),
    )
  }

  get value() {
    return this.#live.value
  }

  get trouble() {
    return this.#live.trouble
  }

  get inlets(): readonly InletReport[] {
    return this.#live.value?.inlets ?? []
  }

  get tunnel() {
    return this.#live.value?.tunnel ?? null
  }

  /** Whether something public leads here, so that SlashID can send. */
  get hasAddress() {
    return this.inlets.some(({ address, kind }) => address !== null && kind !== 'unsigned')
  }

  get(id: InletId): InletReport | undefined {
    return this.inlets.find((inlet) => inlet.id === id)
  }

  /** The user's word for it; of one that was removed, its kind. */
  nameOf(id: InletId): string {
    return this.get(id)?.name ?? kindOf(id) ?? 'a way in'
  }

  isBusy(id: InletId): boolean {
    return this.#busy.has(id)
  }

  /** Why the last thing asked of it was not done; null where it was. */
  troubleOf(id: InletId): string | null {
    return this.#troubles.get(id) ?? null
  }

  testOf(id: InletId): TestRun | null {
    return this.#tests.get(id) ?? null
  }

  async read(): Promise<void> {
    await this.#live.read()
  }

  async save(draft: InletDraft): Promise<Exclude<InletSaved, { ways: WaysIn }> | { readonly kind: 'saved'; readonly id: InletId }> {
    try {
      const answer = await this.#bridge.invoke('inlet:save', draft)
      if (answer.kind === 'refused') return answer
      this.#live.take(answer.ways)
      // What was tested is no longer what there is.
      this.#tests.delete(answer.id)
      return { kind: 'saved', id: answer.id }
    } catch (error) {
      return { kind: 'refused', detail: reasonOf(error) }
    }
  }

  switch(id: InletId, isOn: boolean): Promise<boolean> {
    return this.#do(id, () => this.#bridge.invoke('inlet:switch', { id, isOn }))
  }

  remove(id: InletId): Promise<boolean> {
    return this.#do(id, () => this.#bridge.invoke('inlet:remove', id))
  }

  reconnect(id: InletId): Promise<boolean> {
    return this.#do(id, () => this.#bridge.invoke('inlet:reconnect', id))
  }

  /** Sends a sample through the public address. It can be running for several at once, and once for each. */
  async test(id: InletId): Promise<void> {
    if (this.#tests.get(id)?.kind === 'testing') return
    this.#tests.set(id, { kind: 'testing' })
    try {
      const tested = await this.#bridge.invoke('inlet:test', id)
      this.#tests.set(id, { kind: 'tested', tested, at: this.#now() })
    } catch (error) {
      this.#tests.set(id, { kind: 'failed', detail: reasonOf(error) })
    }
  }

  /** null: none is run by Tocsin. Answers whether it was saved; why not stands in `tunnelTrouble`. */
  async saveTunnel(setUp: TunnelSetUp | null): Promise<boolean> {
    return this.#doTunnel(async () => {
      const answer: TunnelSaved = await this.#bridge.invoke('tunnel:save', setUp)
      if (answer.kind === 'refused') return answer.detail
      this.#live.take(answer.ways)
      this.#tests.delete('receiver' as InletId)
      return null
    })
  }

  async restartTunnel(): Promise<boolean> {
    return this.#doTunnel(async () => {
      this.#live.take(await this.#bridge.invoke('tunnel:restart', null))
      return null
    })
  }

  async #do(id: InletId, ask: () => Promise<WaysIn>): Promise<boolean> {
    if (this.#busy.has(id)) return false
    this.#busy.add(id)
    this.#troubles.delete(id)
    try {
      this.#live.take(await ask())
      return true
    } catch (error) {
      this.#troubles.set(id, reasonOf(error))
      return false
    } finally {
      this.#busy.delete(id)
    }
  }

  async #doTunnel(work: () => Promise<string | null>): Promise<boolean> {
    if (this.isTunnelBusy) return false
    this.isTunnelBusy = true
    this.tunnelTrouble = null
    try {
      this.tunnelTrouble = await work()
    } catch (error) {
      this.tunnelTrouble = reasonOf(error)
    } finally {
      this.isTunnelBusy = false
    }
    return this.tunnelTrouble === null
  }

  stop(): void {
    this.#live.stop()
  }
}
