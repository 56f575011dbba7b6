export const views = ['timeline', 'connections', 'settings'] as const
export type View = (typeof views)[number]
/** What lies under Connections, each with an address of its own. */
export const places = ['connect', 'quarantine', 'drift'] as const
export type Place = (typeof places)[number]

/** Where the address of the view is kept: the page's hash, or memory in tests. */
export type Address = {
  read(): string
  write(address: string): void
  listen(changed: () => void): () => void
}

type Location = { readonly view: View; readonly place: Place | null }

function toLocation(address: string): Location {
  const place = places.find((name) => address === `#/connections/${name}`)
  if (place) return { view: 'connections', place }
  return { view: views.find((view) => address === `#/${view}`) ?? 'timeline', place: null }
}

export class Navigation {
  #location = $state.raw<Location>({ view: 'timeline', place: null })
  readonly #address: Address
  readonly #unlisten: () => void

  constructor(address: Address) {
    this.#address = address
    this.#location = toLocation(address.read())
    this.#unlisten = address.listen(() => (this.#location = toLocation(address.read())))
  }

  get view() {
    return this.#location.view
  }

  /** Where in Connections; null for its front page and for every other view. */
  get place() {
    return this.#location.place
  }

  go(view: View, place: Place | null = null): void {
    this.#location = { view, place }
    this.#address.write(addressOf(view, place))
  }

  stop(): void {
    this.#unlisten()
  }
}

export function addressOf(view: View, place: Place | null = null): string {
  return place === null ? `#/${view}` : `#/${view}/${place}`
}

export function hashAddress(page: Window): Address {
  return {
    read: () => page.location.hash,
    write: (address) => {
      page.location.hash = address
    },
    listen: (changed) => {
      page.addEventListener('hashchange', changed)
      return () => page.removeEventListener('hashchange', changed)
    },
  }
}
