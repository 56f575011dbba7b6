import type { Notice } from '../../shared/ipc.ts'
import { mostRecent } from '../../shared/settings.ts'
import type { SettingsState } from './settings.svelte.ts'
import type { Act } from './triage.svelte.ts'

/** What was searched for last: remembered once a search is finished, not while it is typed. */
export class Searches {
  readonly #settings: SettingsState
  readonly #tell: (notice: Notice) => void
  readonly #offer: (undoable: Act) => void

  constructor(settings: SettingsState, parts: { readonly tell: (notice: Notice) => void; readonly offer: (undoable: Act) => void }) {
    this.#settings = settings
    this.#tell = parts.tell
    this.#offer = parts.offer
  }

  get recent(): readonly string[] {
    return this.#settings.value.recentSearches
  }

  remember(text: string): void {
    const search = text.trim()
    if (search === '' || search === this.recent[0]) return
    const recentSearches = [search, ...this.recent.filter((other) => other !== search)].slice(0, mostRecent)
    void this.#settings.write({ recentSearches })
  }

  async forget(): Promise<void> {
    const before = this.recent
    const written = await this.#settings.write({ recentSearches: [] })
    if (written.kind === 'refused')
      return this.#tell({ id: 'searches', tone: 'trouble', title: 'The recent searches were not forgotten', text: written.detail })
    this.#offer({ said: 'Forgot the recent searches', back: () => this.#bringBack(before) })
  }

  /** Behind those that were searched for since. */
  async #bringBack(before: readonly string[]) {
    const recentSearches = [...new Set([...this.recent, ...before])].slice(0, mostRecent)
    const written = await this.#settings.write({ recentSearches })
    return written.kind === 'written' ? ({ kind: 'undone' } as const) : written
  }
}
