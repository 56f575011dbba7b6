/* eslint-disable svelte/prefer-svelte-reactivity -- its sets and maps are bookkeeping; what is shown is replaced as a whole */
import type { Bridge, Notice } from '../../shared/ipc.ts'
import type { SavedView, SavedViewDraft, ViewCount, ViewSaved } from '../../shared/saved-views.ts'
import { Live } from './live.svelte.ts'
import { reasonOf } from './reason.ts'

/** Counting again after a change, at most so often. */
const countMs = 5_000

/** Views the user gave a name, and how many detections each finds now. */
export class SavedViews {
  counts = $state.raw<ReadonlyMap<number, ViewCount>>(new Map())
  readonly #bridge: Bridge
  readonly #live
  readonly #tell: (notice: Notice) => void
  readonly #unlisten: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  /** When the one that waits is due. */
  #dueAt = 0
  #isStopped = false

  constructor(bridge: Bridge, tell: (notice: Notice) => void) {
    this.#bridge = bridge
    this.#tell = tell
    this.#live = new Live(
      (take) => bridge.on('views:changed', take),
      () => bridge.invoke('views:list', null),
    )
    const unlisten = [
      bridge.on('detections:changed', () => this.#countSoon(countMs)),
      // Also those that were saved by another way.
      bridge.on('views:changed', () => this.#countSoon(0)),
    ]
    this.#unlisten = () => unlisten.forEach((stop) => stop())
    this.#countSoon(0)
  }

  get list(): readonly SavedView[] {
    return this.#live.value ?? []
  }

  get pinned(): readonly SavedView[] {
    return this.list.filter(({ isPinned }) => isPinned)
  }

  /** Whether it was saved; why not is told. */
  save(draft: SavedViewDraft): Promise<boolean> {
    return this.#write('The view was not saved', () => this.#bridge.invoke('view:save', draft))
  }

  /** The way back is to save it again. */
  async remove(view: SavedView): Promise<boolean> {
    return this.#write('The view was not removed', () => this.#bridge.invoke('view:remove', { id: view.id }))
  }

  async #write(trouble: string, ask: () => Promise<ViewSaved>): Promise<boolean> {
    try {
      const answer = await ask()
      if (answer.kind === 'saved') {
        this.#live.take(answer.views)
        this.#countSoon(0)
        return true
      }
      this.#tell({ id: 'views', tone: 'trouble', title: trouble, text: answer.detail })
    } catch (error) {
      this.#tell({ id: 'views', tone: 'trouble', title: trouble, text: reasonOf(error) })
    }
    return false
  }

  #countSoon(afterMs: number): void {
    if (this.#isStopped) return
    const dueAt = Date.now() + afterMs
    // One that is wanted sooner does not wait for one that is wanted later.
    if (this.#timer !== undefined && this.#dueAt <= dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = dueAt
    this.#timer = setTimeout(() => void this.#count(), afterMs)
  }

  async #count(): Promise<void> {
    this.#timer = undefined
    if (this.pinned.length === 0 && this.#live.value !== null) return
    try {
      this.counts = new Map((await this.#bridge.invoke('views:count', null)).map((count) => [count.id, count]))
    } catch {
      // A name without a count still leads where it should; the next change counts again.
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#unlisten()
    this.#live.stop()
    clearTimeout(this.#timer)
  }
}
