import type { IncomingHttpHeaders } from 'node:http'
import { parseUrl } from '../../shared/parse-url.ts'
import { plain } from '../shell/plain-text.ts'

/** Why an answer is no acceptance, and what to do about it; null where it is one. */
export function explainAnswer(
  answer: { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string },
  url: URL,
): string | null {
  const { status, headers, text } = answer
  if (status >= 200 && status < 300) {
    if (!isPage(answer)) return null
    return `A web page answered ${status}, not Tocsin. Something stands before the way in, such as a login or a warning page: switch it off for this address, or correct the address.`
  }
  if (status >= 300 && status < 400) return redirected(status, headers.location, url)
  const maker = makerOf(answer)
  if (maker !== null) return maker
  const isOurs = /^\{"error":"[a-z ]+"\}$/.test(text)
  switch (status) {
    case 401:
    case 403:
      return isOurs
        ? 'The way in answered 401: the secret header is missing or not the right one. Register the webhook again with the header that is shown, and look whether something on the way removes it.'
        : `Whatever stands at ${url.host} answered ${status}: it asks senders to log in. Switch that off for this address; the secret in its path and the secret header guard it.`
    case 404:
      return isOurs
        ? 'The way in answered 404: it does not know this path, or does not expect requests for this host. Copy the address again, and see that the public address in Connections is the one of the tunnel.'
        : `Nothing is known at ${url.host} under this path (404). Copy the address again; if it is right, the tunnel or relay behind it has moved.`
    case 405:
    case 501:
      return `POST is not taken there (${status}). The address is likely one to read from; take the one to post to.`
    case 408:
    case 504:
    case 524:
      return `What stands before the way in waited for it in vain (${status}). Is Tocsin’s receiver, or the relay, running and not overloaded?`
    case 413:
      return 'The sample was too large for something on the way (413). Raise its limit to 256 KiB.'
    case 400:
    case 415:
    case 422:
      return `This kind of body is not taken there (${status}). SlashID posts a signed token as plain text: a way in that insists on JSON, such as smee, cannot carry it.`
    case 429:
      return `${url.host} has had too many requests (429). Wait a while; a free plan may be used up.`
    case 502:
    case 503:
      return isOurs
        ? 'The way in answered 503: it is there, and cannot keep deliveries now. Look at the state of the storage, or of what the ingress writes to.'
        : `What stands before the way in cannot reach it (${status}). Is the tunnel pointed at the receiver’s port, and is Tocsin listening?`
    default:
      return `${url.host} answered ${status} instead of 200. SlashID would count the delivery as failed. Look there for what it means.`
  }
}

/** What the makers of tunnels say when it is they who answer. */
function makerOf({
  status,
  headers,
  text,
}: {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}): string | null {
  const told = String(headers['ngrok-error-code'] ?? '')
  const ngrok = /^ERR_NGROK_\d+$/.test(told) ? told : (/\bERR_NGROK_\d+\b/.exec(text)?.[0] ?? null)
  if (ngrok !== null) {
    if (ngrok === 'ERR_NGROK_3200')
      return `ngrok says that no tunnel runs for this address (${ngrok}). Start the tunnel; if it runs, its address has changed: register the new one.`
    if (ngrok === 'ERR_NGROK_8012')
      return `ngrok runs, but cannot reach the receiver (${ngrok}). Is it pointed at the receiver’s port, and is Tocsin listening?`
    return `ngrok answered ${status} by itself (${ngrok}); its page of errors says what that means.`
  }
  const isCloudflare = headers['cf-ray'] !== undefined || headers.server === 'cloudflare'
  if (!isCloudflare) return null
  const [, code] = /\berror(?: code)?:?\s*(\d{4})\b/i.exec(text) ?? []
  if (status === 530 || code === '1033') {
    return `Cloudflare says that no tunnel is connected for this address (${code === undefined ? status : `error ${code}`}). Start the tunnel; a quick tunnel has a new address every time: register the new one.`
  }
  if (status === 502)
    return 'Cloudflare reached the tunnel, but the tunnel could not reach the receiver (502). Is it pointed at the receiver’s port, and is Tocsin listening?'
  if (status >= 520 && status <= 527)
    return `Cloudflare could not reach what stands behind it (${status}). Is the tunnel, or the host, running?`
  if (status === 403)
    return 'Cloudflare turned the request away (403): a firewall rule, a bot check or Access guards this address. Let POST requests to its path through.'
  return null
}

function redirected(status: number, location: string | undefined, url: URL): string {
  const to = location === undefined ? null : parseUrl(/^https?:/i.test(location) ? location : url.origin)
  const where = to === null ? '' : to.origin === url.origin ? ' to another path of the same host' : ` to ${plain(to.origin, 120)}`
  return `${url.host} answered ${status} and redirects${where}. A redirected delivery may be lost: use the address that it leads to, and switch off logins and redirects for it.`
}

function isPage({ headers, text }: { readonly headers: IncomingHttpHeaders; readonly text: string }): boolean {
  return /^\s*text\/html\b/i.test(headers['content-type'] ?? '') || /^\s*<(!doctype html|html)\b/i.test(text)
}
