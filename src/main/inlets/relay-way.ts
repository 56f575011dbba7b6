import type { InletSetUp } from '../../shared/inlets.ts'
import { parseUrl } from '../../shared/parse-url.ts'
import { readerTokenForm, relayCloses } from '../../shared/relay.ts'
import type { LinkEnd } from './connection.ts'
import { farEnd, isLoopback, refused } from './far-end.ts'
import type { FetchingParts } from './inlet.ts'

type Way = { readonly kind: 'way'; readonly url: URL; readonly token: string; readonly far: string }

/** Where and how to connect, or why not at all. Nothing is sent where this refuses. */
export function readWay({
  setUp,
  secret,
}: Pick<FetchingParts<Extract<InletSetUp, { kind: 'relay' }>>, 'setUp' | 'secret'>): Way | (LinkEnd & { readonly kind: 'refused' }) {
  const url = parseUrl(setUp.url)
  const isPlain = url?.protocol === 'http:' || url?.protocol === 'ws:'
  if (url === null || (!isPlain && url.protocol !== 'https:' && url.protocol !== 'wss:')) {
    return no("The relay's address is not one of https. Enter what `npm run relay:deploy` printed.")
  }
  if (isPlain && !isLoopback(url)) {
    return no("The relay's address must begin with https://: without it, anybody on the way could read the reader token. Nothing was sent.")
  }
  const given = secret()
  if (given.kind === 'unreadable') return no(given.detail)
  if (given.kind === 'none')
    return no('There is no reader token for this relay. `npm run relay:token -- add NAME` makes one; enter it here.')
  if (!readerTokenForm.test(given.value)) {
    return no('The reader token is not one of a Tocsin relay: those have 43 letters, digits, - and _. Nothing was sent.')
  }
  const endpoint = new URL('/mailbox', url)
  endpoint.protocol = isPlain ? 'ws:' : 'wss:'
  return { kind: 'way', url: endpoint, token: given.value, far: farEnd('Tocsin relay', url) }
}

function no(detail: string): LinkEnd & { readonly kind: 'refused' } {
  return { kind: 'refused', detail }
}

/** What a relay means by closing. */
export function explainClose(far: string, code: number): LinkEnd {
  switch (code) {
    case relayCloses.replaced:
      return refused(
        `${far} let somebody else in with the same reader token. Every computer needs a token of its own: \`npm run relay:token -- add NAME\`.`,
      )
    case relayCloses.revoked:
      return refused(`${far} does not let us in any more: this reader token was revoked. Enter another one.`)
    default:
      return { kind: 'lost', detail: `${far} closed the connection (${code}). What it keeps is safe; it is tried again by itself.` }
  }
}
