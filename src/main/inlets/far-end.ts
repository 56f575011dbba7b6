import type { LinkEnd } from './connection.ts'

/** Plain http and ws are for this computer only: a literal loopback address, since a name can be made to lead anywhere. */
export function isLoopback(url: URL): boolean {
  // The URL parser has already turned every other spelling of an IPv4 address into this one.
  return /^127\.\d+\.\d+\.\d+$/.test(url.hostname) || url.hostname === '[::1]'
}

/** Why no connection came about, or one broke, in words. `far` names the far end, such as `The gosmee server at example.org`. */
export function explainError(far: string, error: unknown): LinkEnd {
  const { code = '', message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { message: String(error) }
  const certificate = certificateTrouble[code]
  if (certificate !== undefined) return refused(`${far} ${certificate}`)
  if (/^(ERR_SSL_|ERR_TLS_|EPROTO$|ERR_OSSL_)/.test(code)) {
    return refused(`${far} does not speak TLS as it should (${code}). Check the address and its port; nothing was sent.`)
  }
  const lost = networkTrouble[code]
  if (lost !== undefined) return { kind: 'lost', detail: `${far} ${lost} It is tried again by itself.` }
  if (code.startsWith('HPE_')) return refused(`${far} answered with something that is not HTTP. Check the address and its port.`)
  return { kind: 'lost', detail: `The connection to ${lower(far)} failed: ${message.slice(0, 200)}. It is tried again by itself.` }
}

/** What a status other than the wanted one means. `secretWord` names what we showed to be let in, null where nothing. */
export function explainStatus(far: string, status: number, secretWord: string | null): LinkEnd {
  if (status === 401 || status === 403) {
    const cause = secretWord === null ? 'It asks for a credential that this kind of way in does not have.' : `Check ${secretWord}.`
    return refused(`${far} does not let us in (${status}). ${cause}`)
  }
  if (status === 404 || status === 410) {
    const cause = secretWord === null ? 'Check the address.' : `Check the address, and ${secretWord}: many servers hide behind this answer.`
    return refused(`${far} knows nothing at this address (${status}). ${cause}`)
  }
  if (status === 429)
    return { kind: 'lost', detail: `${far} says that we ask too often (429). It is tried again by itself, more and more rarely.` }
  if (status >= 500) return { kind: 'lost', detail: `${far} has trouble of its own (${status}). It is tried again by itself.` }
  if (status >= 300 && status < 400) {
    return refused(`${far} leads elsewhere (${status}), and redirects are not followed. Enter the address it leads to, if you trust it.`)
  }
  return refused(`${far} answered ${status}, which is not what a stream of deliveries begins with. Check the address.`)
}

export function refused(detail: string): LinkEnd {
  return { kind: 'refused', detail }
}

/** How a far end is named in sentences: its host, and never its path, which may be a secret. */
export function farEnd(what: string, url: URL): string {
  return `The ${what} at ${url.host}`
}

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}

const unknownAuthority =
  'shows a certificate that nobody this computer trusts has signed. Either it is not the server you mean, or its certificate authority has to be trusted on this computer.'

const certificateTrouble: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "shows a certificate that has expired. Whoever runs it has to renew it; check this computer's clock too.",
  CERT_NOT_YET_VALID: "shows a certificate that is not valid yet. Check this computer's clock.",
  CERT_REVOKED: 'shows a certificate that was revoked. Do not use it before whoever runs it has explained that.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'shows a certificate for another name. Check the address.',
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  CERT_UNTRUSTED: unknownAuthority,
  CERT_SIGNATURE_FAILURE: 'shows a certificate with a wrong signature. Somebody may be in between; nothing was sent.',
  INVALID_CA: unknownAuthority,
}

const networkTrouble: Readonly<Record<string, string>> = {
  ENOTFOUND: 'cannot be found: its name is not known. Check the address, and whether this computer is online.',
  EAI_AGAIN: 'cannot be found now: the name service does not answer. This computer may be offline.',
  ECONNREFUSED: 'refuses connections: nothing listens there, or a firewall turns us away.',
  ECONNRESET: 'broke off the connection.',
  ERR_STREAM_PREMATURE_CLOSE: 'broke off the connection.',
  EPIPE: 'broke off the connection.',
  ETIMEDOUT: 'does not answer.',
  EHOSTUNREACH: 'cannot be reached from this network.',
  ENETUNREACH: 'cannot be reached: there is no network.',
  ENETDOWN: 'cannot be reached: there is no network.',
  EADDRNOTAVAIL: 'cannot be reached: there is no network.',
  HPE_HEADER_OVERFLOW: 'answered with headers larger than any answer has.',
}
