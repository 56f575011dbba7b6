import { isIP } from 'node:net'
import type { Settings } from '../shared/settings.ts'
import { parseUrl } from '../shared/parse-url.ts'

export type ReadSettings =
  { readonly kind: 'read'; readonly changes: Partial<Settings> } | { readonly kind: 'refused'; readonly detail: string }

/** Brings what the user typed into the form that is kept. Only the public origin can be typed wrongly. */
export function readSettings(changes: Partial<Settings>): ReadSettings {
  const { publicOrigin } = changes
  if (publicOrigin === undefined || publicOrigin === null) return { kind: 'read', changes }
  const url = parseUrl(publicOrigin.trim())
  if (url === null || url.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return refused('The public address must start with https:// and name a host only, such as https://example.ngrok.app.')
  }
  if (url.pathname !== '/') return refused('Leave the path out: Tocsin adds its own, with a secret in it.')
  // SlashID's own rule for a target URL.
  if (url.hostname === 'localhost' || isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) {
    return refused('SlashID sends to a host name only, neither to localhost nor to an IP address. Use the name your tunnel gave you.')
  }
  return { kind: 'read', changes: { ...changes, publicOrigin: url.origin } }
}

/** The address SlashID has to be given: the public origin, with the receiver's secret path. Null before both are there. */
export function targetUrl({ publicOrigin }: Settings, receiverUrl: string | null): string | null {
  return publicOrigin === null || receiverUrl === null ? null : new URL(new URL(receiverUrl).pathname, publicOrigin).href
}

/** Hosts besides loopback whose requests the receiver answers. */
export function publicHosts({ publicOrigin }: Settings): readonly string[] {
  return publicOrigin === null ? [] : [new URL(publicOrigin).host]
}

function refused(detail: string): ReadSettings {
  return { kind: 'refused', detail: `${detail} Nothing was changed.` }
}
