import { isIP } from 'node:net'
import { parseUrl } from '../../shared/parse-url.ts'

export type ReadOrigin = { readonly kind: 'read'; readonly origin: string } | { readonly kind: 'refused'; readonly detail: string }

/** A public origin as SlashID can be given one: https, and a host that is neither localhost nor an IP address. */
export function readOrigin(text: string): ReadOrigin {
  const url = parseUrl(text.trim())
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return refused('The public address must start with https:// and name a host only, such as https://example.ngrok.app.')
  }
  if (url.pathname !== '/') return refused('Leave the path out: Tocsin adds its own, with a secret in it.')
  // SlashID's own rule for a target URL.
  if (isLocalName(url.hostname) || isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) {
    return refused('SlashID sends to a host name only, neither to localhost nor to an IP address. Use the name your tunnel gave you.')
  }
  return { kind: 'read', origin: url.origin }
}

function isLocalName(hostname: string): boolean {
  return /(^|\.)localhost\.?$/.test(hostname)
}

function refused(detail: string): ReadOrigin {
  return { kind: 'refused', detail }
}
