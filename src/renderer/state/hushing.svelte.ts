import type { Detection } from '../../shared/detection.ts'
import type { Bridge } from '../../shared/ipc.ts'
import type { MuteField, SuppressionDraft } from '../../shared/rules.ts'
import { termOf } from '../search/edit-text.ts'
import type { Dialogs } from './dialogs.svelte.ts'
import { createImpactTrial, type ImpactTrial } from './rule-editor.svelte.ts'

/** What could be muted of a detection; what it does not say cannot. */
export type Mutable = Readonly<Record<MuteField, string | null>>
const nothing: Mutable = { entity: null, type: null, source: null }

/** What is about to be muted or suppressed, asked for in a dialog: of a detection, of a search, or of whatever is typed there. */
export class Hushing {
  /** What the values to choose from come from. */
  about = $state.raw<Mutable>(nothing)
  field = $state<'all' | MuteField>('all')
  /** What a suppression begins with. */
  query = $state('')
  readonly impact: ImpactTrial
  readonly #dialogs: Dialogs

  constructor(bridge: Bridge, dialogs: Dialogs) {
    this.#dialogs = dialogs
    this.impact = createImpactTrial(bridge)
  }

  mute(field: 'all' | MuteField = 'all', about: Mutable = nothing): void {
    this.field = field
    this.about = about
    this.#dialogs.show('mute')
  }

  suppress(query: string): void {
    this.query = query
    this.#dialogs.show('suppress')
  }

  stop(): void {
    this.impact.stop()
  }
}

export function mutableOf({ entityId, type, sourceType }: Pick<Detection, 'entityId' | 'type' | 'sourceType'>): Mutable {
  return { entity: entityId || null, type: type || null, source: sourceType || null }
}

/** What noise like this detection has in common: its type, and whom it is about. */
export function noiseOf({ entityId, type }: Pick<Detection, 'entityId' | 'type'>): SuppressionDraft['query'] {
  return [type === '' ? null : termOf('type', type), entityId ? termOf('entity', entityId) : null].filter((term) => term !== null).join(' ')
}
