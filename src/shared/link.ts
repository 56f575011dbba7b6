import { viewOf } from './address.ts'
import { linkPrefix, longestLink } from './view.ts'

/** What a link leads to, or why it is followed nowhere. */
export type Link = { readonly kind: 'link'; readonly address: string } | { readonly kind: 'none'; readonly because: NoLink }
export type NoLink = 'too-long' | 'control-character' | 'no-view'

/**
 * Reads a link of the form `tocsin://open/ADDRESS`, as whoever makes one and whoever opens one have to: what follows the prefix has only the
 * characters of addresses, and none that it stands for is a control character.
 */
export function linkTo(link: string): Link {
  if (link.length > longestLink) return { kind: 'none', because: 'too-long' }
  const address = link.slice(linkPrefix.length)
  const isAddress = link.startsWith(linkPrefix) && /^[\w.~!$&'()*+,;=:@%/?-]+$/.test(address) && viewOf(address) !== null
  if (!isAddress) return { kind: 'none', because: 'no-view' }
  try {
    return /\p{Cc}/u.test(decodeURIComponent(address)) ? { kind: 'none', because: 'control-character' } : { kind: 'link', address }
  } catch {
    return { kind: 'none', because: 'no-view' }
  }
}
