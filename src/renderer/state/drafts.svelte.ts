import type { DetectionKey } from '../../shared/detection.ts'
import { keyOf } from './key.ts'

const mostKept = 50

/** What was begun to be written about a detection and not sent yet: it waits while another one is looked at. */
export type Draft = { readonly note: string; readonly label: string }
const empty: Draft = { note: '', label: '' }

export class Drafts {
  /** The one that was changed last stands last. */
  #drafts = $state.raw<readonly (readonly [string, Draft])[]>([])

  of(key: DetectionKey): Draft {
    const name = keyOf(key)
    return this.#drafts.find(([other]) => other === name)?.[1] ?? empty
  }

  write(key: DetectionKey, change: Partial<Draft>): void {
    const name = keyOf(key)
    const draft = { ...this.of(key), ...change }
    const others = this.#drafts.filter(([other]) => other !== name)
    const isEmpty = draft.note === '' && draft.label === ''
    this.#drafts = isEmpty ? others : [...others, [name, draft] as const].slice(-mostKept)
  }
}
