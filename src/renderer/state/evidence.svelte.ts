import type { DetectionKey } from '../../shared/detection.ts'
import type { Bridge, Notice } from '../../shared/ipc.ts'
import { reasonOf } from './reason.ts'

/** Saving what proves a detection, to where the user chooses in a dialog of the desktop. */
export class Evidence {
  isSaving = $state(false)
  readonly #bridge: Bridge
  readonly #tell: (notice: Notice) => void

  constructor(bridge: Bridge, tell: (notice: Notice) => void) {
    this.#bridge = bridge
    this.#tell = tell
  }

  async save({ organizationId, id }: DetectionKey): Promise<void> {
    if (this.isSaving) return
    this.isSaving = true
    try {
      const saved = await this.#bridge.invoke('evidence:save', { organizationId, id })
      if (saved.kind === 'saved') this.#tell({ id: 'evidence', tone: 'info', title: 'Evidence saved', text: saved.path })
      if (saved.kind === 'failed') this.#tell({ id: 'evidence', tone: 'trouble', title: 'No evidence was saved', text: saved.detail })
    } catch (error) {
      this.#tell({ id: 'evidence', tone: 'trouble', title: 'No evidence was saved', text: reasonOf(error) })
    } finally {
      this.isSaving = false
    }
  }
}
