import type { EntityDetail, EntityKey } from '../../shared/entity.ts'
import type { Bridge } from '../../shared/ipc.ts'
import { reasonOf } from './reason.ts'

const againMs = 2_000

/** One entity, and what happened to it and when. Read while somebody looks. */
export class EntityState {
  value = $state.raw<EntityDetail | null>(null)
  phase = $state<'loading' | 'ready' | 'missing' | 'failed'>('loading')
  trouble = $state<string | null>(null)
  readonly #bridge: Bridge
  readonly #unlisten: () => void
  #key: EntityKey | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #ticket = 0

  constructor(bridge: Bridge) {
    this.#bridge = bridge
    this.#unlisten = bridge.on('detections:changed', ({ changed, more }) => {
      const key = this.#key
      if (key === null || !(more || changed.some(({ entityId }) => entityId === key.entityId))) return
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        void this.read()
      }, againMs)
    })
  }

  /** Until the returned function is called. */
  visit(key: EntityKey): () => void {
    if (key.entityId !== this.#key?.entityId || key.organizationId !== this.#key.organizationId) {
      this.value = null
      this.phase = 'loading'
    }
    this.#key = key
    void this.read()
    return () => {
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#key = null
    }
  }

  async read(): Promise<void> {
    const key = this.#key
    if (key === null) return
    const ticket = ++this.#ticket
    try {
      const answer = await this.#bridge.invoke('entity:read', key)
      if (ticket !== this.#ticket) return
      this.value = answer
      this.phase = answer === null ? 'missing' : 'ready'
      this.trouble = null
    } catch (error) {
      if (ticket !== this.#ticket) return
      this.trouble = reasonOf(error)
      if (this.value === null) this.phase = 'failed'
    }
  }

  stop(): void {
    this.#unlisten()
    this.#ticket += 1
    clearTimeout(this.#timer)
  }
}
