import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** The header that SlashID can be made to send beside the secret path. */
export const secretHeaderName = 'X-Tocsin-Secret'

/** What a check of the public address carries. */
export const probeHeaderName = 'X-Tocsin-Probe'

/** SHA-256 of each value it may have: a webhook goes on sending the one it was registered with. */
export type AcceptedHeader = { readonly hashes: readonly Uint8Array[] }

/** Why a request did not become a delivery. */
export type TurnedAway =
  | 'path'
  | 'host'
  | 'browser'
  | 'method'
  | 'secret-header'
  | 'encoding'
  | 'size'
  | 'overloaded'
  | 'malformed'
  | 'too-slow'
  | 'cut-off'
  | 'connections'

export type Admission =
  | {
      readonly kind: 'admitted'
      /** As a delivery carries them: lower-case names, first value only, nothing that holds a secret of ours. */
      readonly headers: Readonly<Record<string, string>>
    }
  /** Our own look at whether the public address leads here: answered, and nothing else. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'turned-away'; readonly because: TurnedAway }

export type AdmissionRules = {
  readonly secret: string
  /** null: none is required. Asked at every request, since the user may switch it on or register anew. */
  readonly secretHeader: () => AcceptedHeader | null
  /** Hosts of tunnels that lead here, e.g. `example.ngrok.app`. Asked at every request, since tunnels move. */
  readonly publicHosts: () => readonly string[]
  readonly bodyBytes: number
  /** Whether this value is that of a probe of ours that is under way. */
  readonly isProbe?: (value: string) => boolean
}

type Head = Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>

/** Judges the head of a request, before a byte of its body is read and before any signature is computed. */
export function createAdmission(rules: AdmissionRules): (head: Head, port: number) => Admission {
  const { secret, secretHeader, publicHosts, bodyBytes, isProbe = () => false } = rules
  const path = Buffer.from(pathOf(secret))
  return (head, port) => {
    const headers = new Map<string, string>()
    let hosts = 0
    let secretsGiven = 0
    let fromBrowser = false
    for (let i = 0; i + 1 < head.rawHeaders.length; i += 2) {
      const name = (head.rawHeaders[i] ?? '').toLowerCase()
      if (name === 'host') hosts++
      else if (name === 'origin' || name.startsWith('sec-fetch-')) fromBrowser = true
      if (name === headerName) secretsGiven++
      if (!headers.has(name)) headers.set(name, head.rawHeaders[i + 1] ?? '')
    }

    // A page that reaches us by DNS rebinding must not learn that the path exists, so it comes before path and method.
    if (hosts !== 1 || !isAllowedHost(headers.get('host') ?? '', port, publicHosts())) return turnedAway('host')
    if (fromBrowser) return turnedAway('browser')
    if (!isSamePath(head.url ?? '', path)) return turnedAway('path')
    if (head.method !== 'POST') return turnedAway('method')
    // It shows no secret header, since it brings nothing.
    if (headers.has(probeName) && isProbe(headers.get(probeName) ?? '')) return { kind: 'probe' }
    const required = secretHeader()
    if (required !== null && (secretsGiven !== 1 || !isOneOf(headers.get(headerName) ?? '', required.hashes))) {
      return turnedAway('secret-header')
    }
    if ((headers.get('content-encoding') ?? 'identity').toLowerCase() !== 'identity') return turnedAway('encoding')
    if (Number(headers.get('content-length') ?? 0) > bodyBytes) return turnedAway('size')

    // Never kept, required or not, nor a copy that a tunnel made: the history is not encrypted.
    const given = headers.get(headerName) ?? ''
    for (const [name, value] of headers) {
      if (value.includes(secret) || (given !== '' && value.includes(given))) headers.delete(name)
    }
    return { kind: 'admitted', headers: Object.fromEntries(headers) }
  }
}

const headerName = secretHeaderName.toLowerCase()
const probeName = probeHeaderName.toLowerCase()

/** Compares with every one of them, so that time says nothing of which came close. */
function isOneOf(value: string, hashes: readonly Uint8Array[]): boolean {
  const given = sha256(value)
  let isRight = false
  for (const hash of hashes) isRight = timingSafeEqual(given, hash) || isRight
  return isRight
}

export function pathOf(secret: string): string {
  return `/in/${secret}`
}

function turnedAway(because: TurnedAway): Admission {
  return { kind: 'turned-away', because }
}

/** The length of the path is no secret; its bytes are compared in constant time. */
function isSamePath(url: string, path: Buffer): boolean {
  const given = Buffer.from(url)
  return given.length === path.length && timingSafeEqual(given, path)
}

function isAllowedHost(host: string, port: number, publicHosts: readonly string[]): boolean {
  const given = host.toLowerCase()
  if (loopbackHosts.some((name) => given === `${name}:${port}` || (port === 80 && given === name))) return true
  const withoutPort = withoutDefaultPort(given)
  return publicHosts.some((one) => withoutDefaultPort(one.toLowerCase()) === withoutPort)
}

const loopbackHosts = ['127.0.0.1', 'localhost', '[::1]'] as const

/** A public host is one of https. */
function withoutDefaultPort(host: string): string {
  return host.endsWith(':443') ? host.slice(0, -4) : host
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
