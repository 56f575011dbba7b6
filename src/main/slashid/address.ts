import { knownIssuers } from '../../shared/organization.ts'
import { parseUrl } from '../../shared/parse-url.ts'

/** The address of one of the API's paths at an issuer; null where the issuer is not an address we would ask. */
export function apiUrl(issuer: string, path: string): URL | null {
  const url = parseUrl(issuer)
  if (url === null) return null
  // The URL parser has already turned every other spelling of an IPv4 address into this one.
  const isLoopback = /^127\.\d+\.\d+\.\d+$/.test(url.hostname) || url.hostname === '[::1]'
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) return null
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null
  url.pathname = url.pathname.replace(/\/+$/, '') + path
  return url
}

/** Whether what is sent there reaches nobody but SlashID, or a test on this machine, where no page can listen. Compared by equality. */
export function isSlashIdOrLoopback(issuer: string): boolean {
  const known: readonly string[] = Object.values(knownIssuers)
  return known.includes(issuer) || /^http:\/\/(127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(issuer)
}
