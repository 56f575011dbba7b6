import { mostRecent } from '../../shared/settings.ts'
import type { SettingsState } from './settings.svelte.ts'

/** What was searched for last: remembered once a search is finished, not while it is typed. */
export class Searches {
  readonly #settings: SettingsState

  constructor(settings: SettingsState) {
    this.#settings = settings
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

  forget(): void {
    void this.#settings.write({ recentSearches: [] })
  }
}
