import type { App } from 'electron'
import { resolve } from 'node:path'
import { linkTo } from '../../shared/link.ts'
import { linkPrefix } from '../../shared/view.ts'

/** Links of the form `tocsin://open/ADDRESS`, which any page of a browser and any mail can carry: they may show a view, and nothing else. */
export type Links = {
  /** Tells the address of each link from now on, first that of the one which the app was started with. */
  follow(onAddress: (address: string) => void): void
}

/** Made before the app is ready, as macOS hands over a link before that. */
export function createLinks({ app, argv }: { readonly app: Pick<App, 'on'>; readonly argv: readonly string[] }): Links {
  let waiting = linkIn(argv)
  let tell: ((address: string) => void) | null = null

  function take(address: string | null): void {
    if (address === null) return
    if (tell === null) waiting = address
    else tell(address)
  }

  app.on('open-url', (event, link) => {
    event.preventDefault()
    take(readLink(link))
  })
  app.on('second-instance', (_event, others) => take(linkIn(others)))

  return {
    follow(onAddress) {
      tell = onAddress
      const first = waiting
      waiting = null
      take(first)
    },
  }
}

/** Has the desktop open such links with this app. An app that runs from its sources asks for it only where it was told to. */
export function registerLinks({
  app,
  platform,
  argv,
  isAsked,
}: {
  readonly app: Pick<App, 'isPackaged' | 'setAsDefaultProtocolClient'>
  readonly platform: NodeJS.Platform
  readonly argv: readonly string[]
  readonly isAsked: boolean
}): void {
  const scheme = linkPrefix.slice(0, linkPrefix.indexOf(':'))
  if (app.isPackaged) {
    app.setAsDefaultProtocolClient(scheme)
    return
  }
  // There it would write into the user's own desktop files, for a program that may be gone tomorrow.
  if (!isAsked || platform === 'linux') return
  const [program, main] = argv
  if (program !== undefined && main !== undefined) app.setAsDefaultProtocolClient(scheme, program, [resolve(main)])
}

/** The address in the last link of a command line; null where there is none that can be followed. */
export function linkIn(argv: readonly string[]): string | null {
  return argv.map(readLink).reduce((last, address) => address ?? last, null)
}

/** The address that a link leads to; null for anything but a view of the app. */
export function readLink(link: string): string | null {
  const read = linkTo(link)
  return read.kind === 'link' ? read.address : null
}
