import type { Bridge } from '../../shared/ipc.ts'
import type { Notice } from '../../shared/ipc.ts'
import type { PostureOverview, ReportFormat } from '../../shared/posture.ts'
import { reasonOf } from './reason.ts'

const againMs = 5_000

/** Open posture issues, how old they are and how they go; of all, or of one framework. Read while somebody looks. */
export class Posture {
  value = $state.raw<PostureOverview | null>(null)
  /** What `value` is about. */
  framework = $state<string | null>(null)
  phase = $state<'loading' | 'ready' | 'failed'>('loading')
  trouble = $state<string | null>(null)
  isSaving = $state<ReportFormat | null>(null)
  readonly #bridge: Bridge
  readonly #tell: (notice: Notice) => void
  readonly #unlisten: () => void
  #isVisited = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #ticket = 0

  constructor(bridge: Bridge, tell: (notice: Notice) => void) {
    this.#bridge = bridge
    this.#tell = tell
    this.#unlisten = bridge.on('detections:changed', () => {
      if (this.#isVisited)
        this.#timer ??= setTimeout(() => {
          this.#timer = undefined
          void this.read()
        }, againMs)
    })
  }

  /** Until the returned function is called. */
  visit(framework: string | null): () => void {
    this.#isVisited = true
    if (framework !== this.framework || this.value === null) {
      this.framework = framework
      this.value = null
      this.phase = 'loading'
    }
    void this.read()
    return () => {
      this.#isVisited = false
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  async read(): Promise<void> {
    const ticket = ++this.#ticket
    const { framework } = this
    try {
      const answer = await this.#bridge.invoke('posture:read', { framework })
      if (ticket !== this.#ticket) return
      this.value = answer
      this.phase = 'ready'
      this.trouble = null
    } catch (error) {
      if (ticket !== this.#ticket) return
      this.trouble = reasonOf(error)
      if (this.value === null) this.phase = 'failed'
    }
  }

  async saveReport(format: ReportFormat): Promise<void> {
    if (this.isSaving !== null) return
    this.isSaving = format
    try {
      const saved = await this.#bridge.invoke('report:save', { framework: this.framework, format })
      if (saved.kind === 'saved') this.#tell({ id: 'report', tone: 'info', title: 'Report saved', text: saved.path })
      if (saved.kind === 'failed') this.#tell({ id: 'report', tone: 'trouble', title: 'The report was not saved', text: saved.detail })
    } catch (error) {
      this.#tell({ id: 'report', tone: 'trouble', title: 'The report was not saved', text: reasonOf(error) })
    }
    this.isSaving = null
  }

  stop(): void {
    this.#unlisten()
    this.#ticket += 1
    clearTimeout(this.#timer)
  }
}
