import { app, protocol, type Session, type WebContents } from 'electron'
import { readFile } from 'node:fs/promises'
import { appScheme, listPage, mayRequest, pageHeaders } from './page.ts'

/** Makes `app:` a scheme with an origin of its own and closes Chromium's network. Must be called before the app is ready. */
export function claimScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: appScheme, privileges: { standard: true, secure: true } }])
  // Chromium itself never needs a host: no name is resolved and no address is reached, not even by a prefetch that passes every
  // other guard. Main's own connections are Node's and not affected.
  app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND')
  app.commandLine.appendSwitch('dns-prefetch-disable')
}

export type SealParts = {
  readonly session: Session
  /** The folder of the built page. */
  readonly page: string
  /** Whether developer tools may be opened. */
  readonly developerTools: boolean
  readonly log: { warn(text: string): void }
}

/** Seals one session and every page that is ever made. Must be called when the app is ready, before the first window. */
export function sealPages(parts: SealParts): void {
  servePage(parts.session, parts.page)
  sealSession(parts)
  app.on('web-contents-created', (_event, contents) => sealContents(contents, parts.log))
}

/** An injected address could name any file: only those that were built are answered, found by equality. */
function servePage(session: Session, directory: string): void {
  const files = listPage(directory)
  session.protocol.handle(appScheme, async (request) => {
    const [address = ''] = request.url.split('#', 1)
    const found = request.method === 'GET' ? files.get(address) : undefined
    if (found === undefined) return new Response('Not found', { status: 404, headers: { ...pageHeaders, 'Content-Type': 'text/plain' } })
    return new Response(await readFile(found.file), { headers: { ...pageHeaders, 'Content-Type': found.type } })
  })
}

function sealSession({ session, developerTools, log }: SealParts): void {
  // A hostile text that became script could ask for the camera, the clipboard or a device: the answer is always no.
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  // It could send what it reads to a server, or read files: no request leaves the app, whatever made it.
  session.webRequest.onBeforeRequest((details, answer) => {
    const allowed = mayRequest(details.url, { developerTools })
    if (!allowed) log.warn(`page: a request to ${schemeOf(details.url)} was stopped`)
    answer({ cancel: !allowed })
  })
  // It could drop a file where the user looks for their own.
  session.on('will-download', (event) => event.preventDefault())
  // A spell checker fetches its dictionaries from a server.
  session.setSpellCheckerEnabled(false)
}

function sealContents(contents: WebContents, log: SealParts['log']): void {
  const refuse = (event: { preventDefault(): void }, what: string): void => {
    event.preventDefault()
    log.warn(`page: ${what} was stopped`)
  }
  // A link or a redirect could replace our page, bridge and all, by another one.
  contents.on('will-navigate', (event) => refuse(event, 'a navigation'))
  contents.on('will-frame-navigate', (event) => refuse(event, 'a navigation of a frame'))
  contents.on('will-redirect', (event) => refuse(event, 'a redirect'))
  // A new window would be born without any of these rules being looked at by us.
  contents.setWindowOpenHandler(() => {
    log.warn('page: a new window was stopped')
    return { action: 'deny' }
  })
  // An embedded page would bring preferences of its own.
  contents.on('will-attach-webview', (event) => refuse(event, 'an embedded page'))
  // A peer connection could reach out past the rules for requests.
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp')
}

/** For the log: where to is the sender's text, the scheme alone says enough. */
function schemeOf(url: string): string {
  return /^[a-z]{1,12}:/.exec(url)?.[0] ?? 'an unknown scheme'
}
