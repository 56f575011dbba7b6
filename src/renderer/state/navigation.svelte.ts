export const views = ['timeline', 'connections', 'settings'] as const
export type View = (typeof views)[number]

/** Where the address of the view is kept: the page's hash, or memory in tests. */
export type Address = {
  read(): string
  write(address: string): void
  listen(changed: () => void): () => void
}

function toView(address: string): View {
  return views.find((view) => address === `#/${view}`) ?? 'timeline'
}

export class Navigation {
  view = $state<View>('timeline')
  readonly #address: Address
  readonly #unlisten: () => void

  constructor(address: Address) {
    this.#address = address
    this.view = toView(address.read())
    this.#unlisten = address.listen(() => (this.view = toView(address.read())))
  }

  go(view: View): void {
    this.view = view
    this.#address.write(`#/${view}`)
  }

  stop(): void {
    this.#unlisten()
  }
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
