import { lookup } from 'node:dns/promises'
import { request, type IncomingHttpHeaders } from 'node:http'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { plain } from '../shell/plain-text.ts'

/** What lies between us and the public address. */
export type Network = {
  /** Every address of a name. Rejects with the system's error. */
  readonly resolve: (host: string) => Promise<readonly string[]>
  /** Where to connect for an address; itself outside tests. */
  readonly dial: (address: string, port: number) => { readonly host: string; readonly port: number }
  /** Certificate authorities instead of the public ones, as PEM. */
  readonly ca?: string
}

export const realNetwork: Network = {
  resolve: async (host) => (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address),
  dial: (host, port) => ({ host, port }),
}

export type Connected =
  | { readonly kind: 'connected'; readonly socket: Socket; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'too-slow' }

export type Answer =
  | { readonly kind: 'answered'; readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }
  | { readonly kind: 'no-answer'; readonly detail: string }
  | { readonly kind: 'too-slow' }

/** No error page is longer before it has said what it is. */
const mostAnswerBytes = 16 * 1024
/** How long the rest of an answer is waited for once its status is there. */
const bodyMs = 2_000
const mostAddresses = 4
const addressMs = 4_000

/** Connects to the first address that lets us, and over TLS as strictly as any sender would. */
export async function connect(url: URL, addresses: readonly string[], network: Network, signal: AbortSignal): Promise<Connected> {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  let failed: Connected = { kind: 'failed', detail: `${url.hostname} has no address to connect to.` }
  for (const address of addresses.slice(0, mostAddresses)) {
    const tried = await connectOne(url, address, port, network, signal)
    if (tried.kind === 'connected' || signal.aborted) return tried
    failed = tried.kind === 'too-slow' ? { kind: 'failed', detail: silence(address, port) } : tried
  }
  return failed
}

function connectOne(url: URL, address: string, port: number, network: Network, signal: AbortSignal): Promise<Connected> {
  return new Promise((resolve) => {
    const tcp = connectTcp(network.dial(address, port))
    let socket: Socket = tcp
    const settle = (connected: Connected): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      // Errors that come later are the request's; without a listener they would end the process.
      for (const one of new Set([tcp, socket])) one.on('error', () => {})
      if (connected.kind !== 'connected') {
        socket.destroy()
        tcp.destroy()
      }
      resolve(connected)
    }
    const giveUp = (): void => settle({ kind: 'too-slow' })
    const timer = setTimeout(giveUp, addressMs)
    signal.addEventListener('abort', giveUp)
    if (signal.aborted) giveUp()
    tcp.once('error', (error: NodeJS.ErrnoException) => settle({ kind: 'failed', detail: tcpWords(error, address, port) }))
    tcp.once('connect', () => {
      if (url.protocol === 'http:') return settle({ kind: 'connected', socket: tcp, detail: `${address}, port ${port}` })
      const tls = connectTls({
        socket: tcp,
        ALPNProtocols: ['http/1.1'],
        ...(isIP(url.hostname) === 0 ? { servername: url.hostname } : {}),
        ...(network.ca === undefined ? {} : { ca: network.ca }),
      })
      socket = tls
      tls.once('error', (error: NodeJS.ErrnoException) => settle({ kind: 'failed', detail: tlsWords(error, url.hostname) }))
      tls.once('secureConnect', () => settle({ kind: 'connected', socket: tls, detail: `${address}, port ${port}, ${certificateOf(tls)}` }))
    })
  })
}

/** Sends one request over a connection and reads no more of the answer than it may. Redirects are answers. */
export function post(
  url: URL,
  sending: {
    readonly socket: Socket
    readonly headers: Readonly<Record<string, string>>
    readonly body: Uint8Array
    readonly signal: AbortSignal
  },
): Promise<Answer> {
  const { socket, headers, body, signal } = sending
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined
    const settle = (answer: Answer): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      resolve(answer)
      socket.destroy()
    }
    const giveUp = (): void => settle({ kind: 'too-slow' })
    signal.addEventListener('abort', giveUp)
    if (signal.aborted) return giveUp()
    const asking = request({
      createConnection: () => socket,
      method: 'POST',
      path: url.pathname + url.search,
      headers: { 'User-Agent': 'Tocsin', ...headers, Host: url.host, 'Content-Length': body.byteLength, Connection: 'close' },
      maxHeaderSize: mostAnswerBytes,
    })
    asking.on('error', (error: NodeJS.ErrnoException) => settle({ kind: 'no-answer', detail: answerWords(error) }))
    asking.on('response', (response) => {
      const pieces: Buffer[] = []
      let size = 0
      const finish = (): void => {
        const text = Buffer.concat(pieces).subarray(0, mostAnswerBytes).toString('utf8')
        settle({ kind: 'answered', status: response.statusCode ?? 0, headers: response.headers, text })
      }
      timer = setTimeout(finish, bodyMs)
      response.on('data', (piece: Buffer) => {
        pieces.push(piece)
        size += piece.length
        if (size >= mostAnswerBytes) finish()
      })
      response.on('end', finish)
      response.on('error', finish)
      response.on('aborted', finish)
    })
    asking.end(body)
  })
}

function silence(address: string, port: number): string {
  return `Nothing answered at ${address}, port ${port}. A firewall or a VPN may swallow it; is what stands there running?`
}

function tcpWords(error: NodeJS.ErrnoException, address: string, port: number): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return `Nothing listens at ${address}, port ${port}. Start what stands there, or correct the port of the address.`
    case 'ETIMEDOUT':
      return silence(address, port)
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'EADDRNOTAVAIL':
      return `This computer has no way to ${address} (${error.code}). Is it connected to the internet?`
    default:
      return `The connection to ${address}, port ${port}, failed (${error.code ?? plain(error.message, 120)}). Try again in a moment.`
  }
}

function tlsWords(error: NodeJS.ErrnoException, host: string): string {
  const because = ((): string => {
    switch (error.code) {
      case 'DEPTH_ZERO_SELF_SIGNED_CERT':
        return 'it is self-signed: nobody vouches for it'
      case 'SELF_SIGNED_CERT_IN_CHAIN':
      case 'UNABLE_TO_GET_ISSUER_CERT':
      case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
        return 'no authority that computers know vouches for it, or the server does not send the whole chain; a proxy of your company that opens TLS looks the same'
      case 'CERT_HAS_EXPIRED':
        return 'it has expired'
      case 'CERT_NOT_YET_VALID':
        return 'it is not valid yet, unless the clock of this computer is wrong'
      case 'ERR_TLS_CERT_ALTNAME_INVALID':
        return 'it is for another name'
      case 'CERT_SIGNATURE_FAILURE':
        return 'it did not come from the authority that it names'
      case 'CERT_REVOKED':
        return 'it was revoked'
      default:
        return ''
    }
  })()
  if (because !== '')
    return `The certificate of ${host} is not accepted: ${because}. SlashID would not deliver there either. Give the address a public certificate.`
  if (error.code === 'ECONNRESET') return `${host} hung up before TLS was agreed on. What stands there may not speak https at this port.`
  return `No TLS with ${host} (${error.code ?? plain(error.message, 120)}). What stands there may not speak https at this port.`
}

function answerWords(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE')
    return 'The connection was closed before an answer came. What stands there may have crashed, or guards itself against unknown senders.'
  if (error.code?.startsWith('HPE_') === true) return `What answered does not speak HTTP (${error.code}). Is the port of the address right?`
  return `No answer came (${error.code ?? plain(error.message, 120)}). Try again in a moment.`
}

function certificateOf(socket: TLSSocket): string {
  const { issuer, valid_to: validTo } = socket.getPeerCertificate() as Partial<ReturnType<TLSSocket['getPeerCertificate']>>
  const until = validTo === undefined ? Number.NaN : Date.parse(validTo)
  const by = plain(String(issuer?.O ?? issuer?.CN ?? 'an unnamed authority'), 60)
  const days = Number.isNaN(until) ? '' : ` until ${new Date(until).toISOString().slice(0, 10)}`
  return `${socket.getProtocol() ?? 'TLS'}, certificate by ${by}${days}`
}
