import type { Detection, DetectionKey } from '../../shared/detection.ts'
import type { Bridge, DetectionDetail } from '../../shared/ipc.ts'
import { keyOf } from './key.ts'
import { reasonOf } from './reason.ts'

const restMs = 120

/** `missing`: it is not in the history. */
export type SelectionPhase = 'none' | 'loading' | 'ready' | 'missing' | 'failed'

/** The detection that is open in the pane, and the one the keyboard stands on. */
export class Selection {
  phase = $state<SelectionPhase>('none')
  detail = $state.raw<DetectionDetail | null>(null)
  trouble = $state<string | null>(null)
  /** The key of the open detection, as `keyOf` writes it. */
  openKey = $state<string | null>(null)
  /** The same as two ids. */
  openDetection = $state.raw<DetectionKey | null>(null)
  cursor = $state<string | null>(null)
  readonly #bridge: Bridge
  readonly #seen: (detection: Detection) => void
  readonly #unlisten: () => void
  #ticket = 0
  #rest: ReturnType<typeof setTimeout> | undefined

  /** `seen` gets what is opened: reading it made it read. */
  constructor(bridge: Bridge, seen: (detection: Detection) => void) {
    this.#bridge = bridge
    this.#seen = seen
    this.#unlisten = bridge.on('detections:changed', ({ changed, more }) => {
      if (this.openDetection === null) return
      const now = changed.find((detection) => keyOf(detection) === this.openKey)
      // Asked for again, it would be read again.
      if (now?.triage.isUnread && this.detail !== null && !this.detail.detection.triage.isUnread)
        return void (this.detail = { ...this.detail, detection: now })
      // Opening may itself be told as a change: what is on screen already is not asked for again.
      if (now ? JSON.stringify(now) !== JSON.stringify(this.detail?.detection) : more) void this.#ask(this.openDetection)
    })
  }

  async open(key: DetectionKey): Promise<void> {
    clearTimeout(this.#rest)
    const name = keyOf(key)
    this.cursor = name
    if (name === this.openKey && this.phase !== 'failed') return
    this.openDetection = { organizationId: key.organizationId, id: key.id }
    this.openKey = name
    this.phase = 'loading'
    this.detail = null
    await this.#ask(this.openDetection)
  }

  /** Moves the cursor, and opens where it rests: what it only passes is not read. */
  pass(key: DetectionKey): void {
    clearTimeout(this.#rest)
    this.cursor = keyOf(key)
    if (this.phase !== 'none') this.#rest = setTimeout(() => void this.open(key), restMs)
  }

  /** Marks the open detection as one that retention never takes, or takes the mark away. Answers why not, or null. */
  async keep(isKept: boolean): Promise<string | null> {
    const key = this.openDetection
    if (key === null) return null
    try {
      const kept = await this.#bridge.invoke('detection:keep', { key, keep: isKept })
      if (kept === null) return 'It is not in the history any more.'
      if (key === this.openDetection && this.detail !== null) this.detail = { ...this.detail, isKept: kept.isKept }
      return null
    } catch (error) {
      return reasonOf(error)
    }
  }

  async retry(): Promise<void> {
    if (this.openDetection) await this.#ask(this.openDetection)
  }

  close(): void {
    clearTimeout(this.#rest)
    this.#ticket += 1
    this.openDetection = null
    this.openKey = null
    this.phase = 'none'
    this.detail = null
  }

  async #ask(key: DetectionKey): Promise<void> {
    const ticket = ++this.#ticket
    try {
      const detail = await this.#bridge.invoke('detection:open', key)
      if (ticket !== this.#ticket) return
      this.detail = detail
      this.phase = detail ? 'ready' : 'missing'
      if (detail) this.#seen(detail.detection)
    } catch (error) {
      if (ticket !== this.#ticket) return
      this.trouble = reasonOf(error)
      this.phase = 'failed'
    }
  }

  stop(): void {
    clearTimeout(this.#rest)
    this.#unlisten()
  }
}
