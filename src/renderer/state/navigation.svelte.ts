import { type View } from '../../shared/view.ts'
import { startOf, toAddress, toLocation, type Location, type Place } from './location.ts'

/** Where the address of the view is kept: the page's hash, or memory in tests. */
export type Address = {
  read(): string
  /** What is replaced cannot be gone back to. */
  write(address: string, how: 'push' | 'replace'): void
  listen(changed: () => void): () => void
}

/** Where the user is. Every place has an address, so that back and forward lead through them. */
export class Navigation {
  location = $state.raw<Location>(startOf.timeline)
  readonly #address: Address
  readonly #unlisten: () => void
  /** The timeline as it was left: its name in the rail leads back to it. */
  #timeline = $state.raw<Extract<Location, { view: 'timeline' }>>(startOf.timeline)
  /** The list of entities as it was left: so does its name, and the way back from one of them. */
  #entities = $state.raw<Location>(startOf.entities)

  constructor(address: Address) {
    this.#address = address
    this.#take(toLocation(address.read()))
    this.#unlisten = address.listen(() => this.#take(toLocation(address.read())))
  }

  get view(): View {
    return this.location.view
  }

  /** Where in Connections; null for its front page and for every other view. */
  get place(): Place | null {
    return this.location.view === 'connections' ? this.location.place : null
  }

  /** Where the name of a view leads: the timeline and the entities as they were left, ATT&CK for what the timeline is about, others as they begin. */
  target(view: View): Location {
    if (view === 'timeline') return this.#timeline
    if (view === 'entities') return this.#entities
    if (view !== 'attack') return startOf[view]
    return this.location.view === 'attack' ? this.location : { ...startOf.attack, text: this.#timeline.text, range: this.#timeline.range }
  }

  go(view: View, place: Place | null = null): void {
    if (view === 'connections') this.open({ view, place })
    else this.open(this.target(view))
  }

  open(location: Location, how: 'push' | 'replace' = 'push'): void {
    const isSame = toAddress(location) === toAddress(this.location)
    this.#take(location)
    if (!isSame) this.#address.write(hrefOf(location), how)
  }

  /** An address from elsewhere, such as a link: with or without its `#/`. */
  follow(address: string): void {
    this.open(toLocation(address))
  }

  #take(location: Location): void {
    this.location = location
    if (location.view === 'timeline') this.#timeline = location
    if (location.view === 'entities' && location.entity === null) this.#entities = location
  }

  stop(): void {
    this.#unlisten()
  }
}

/** For the `href` of a link. */
export function hrefOf(location: Location): string {
  return `#/${toAddress(location)}`
}

export function hashAddress(page: Window): Address {
  return {
    read: () => page.location.hash,
    write(address, how) {
      if (how === 'push') page.location.hash = address
      else page.history.replaceState(null, '', address)
    },
    listen(changed) {
      page.addEventListener('hashchange', changed)
      return () => page.removeEventListener('hashchange', changed)
    },
  }
}
