import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Instant } from '../../shared/detection.ts'
import type { ReceiverHealth } from '../../shared/health.ts'
import { createAdmission, pathOf, type AcceptedHeader, type TurnedAway } from './admission.ts'
import { answers, headersOf, healthOf, outcomes, probed, rawAnswer, tryAgain, type Answer } from './answers.ts'
import { createBudget, readBody } from './body.ts'
import type { Inlet, InletParts, ReceiverStarted } from './inlet.ts'

export type ReceiverLimits = {
  readonly headerBytes: number
  readonly headerMs: number
  readonly requestMs: number
  readonly bodyBytes: number
  readonly connections: number
  /** Bodies held in memory at one time, over all requests, each with an allowance for its head. */
  readonly inFlightBytes: number
  /** How long a sender that was turned away in the middle of its body may go on, so that it can read why. */
  readonly lingerMs: number
  /** How long `stop` waits for answers in flight. */
  readonly stopMs: number
}

export const receiverLimits: ReceiverLimits = {
  headerBytes: 8 * 1024,
  headerMs: 5_000,
  requestMs: 8_000,
  bodyBytes: 256 * 1024,
  connections: 128,
  inFlightBytes: 16 * 1024 * 1024,
  lingerMs: 500,
  stopMs: 2_000,
}

export type ReceiverParts = InletParts<ReceiverHealth, TurnedAway> & {
  /** Under which name its deliveries go. One that is not the first receiver never listens without a header to ask for. */
  readonly inlet?: string
  /** 0 takes any free one. */
  readonly port: number
  /** From `createPathSecret`. */
  readonly secret: string
  readonly publicHosts: () => readonly string[]
  /** Without it no header is required. */
  readonly secretHeader?: () => AcceptedHeader | null
  /** Whether a request with this value is our own look at whether the public address leads here. */
  readonly isProbe?: (value: string) => boolean
  readonly limits?: Partial<ReceiverLimits>
  /** The address to listen on; loopback unless given. */
  readonly host?: string
  /** Whoever asks `GET /healthz` is told whether deliveries can be kept now: null, or a reason that anyone may read. Without it nobody is. */
  readonly whyUnhealthy?: () => string | null
}

export type Receiver = Inlet<ReceiverHealth, ReceiverStarted>

const firstReceiver = 'receiver'

/** 128 random bits for the path, 22 characters. */
export function createPathSecret(): string {
  return randomBytes(16).toString('base64url')
}

/** Where deliveries reach a receiver on this machine. It holds the secret: for the user and the profile, never for a log. */
export function receiverUrl(port: number, secret: string): string {
  return `http://127.0.0.1:${port}${pathOf(secret)}`
}

/** The way in over HTTP, on loopback unless told otherwise: one method, one secret path, and a bound on everything a sender can make us hold. */
export function createReceiver(parts: ReceiverParts): Receiver {
  const { port, secret, ingest, onTurnedAway, onBug, now, onHealth = () => {}, inlet = firstReceiver, host = '127.0.0.1' } = parts
  const limits: ReceiverLimits = { ...receiverLimits, ...parts.limits }
  // A weak secret would be a bug of ours, never an input.
  if (!/^[A-Za-z0-9_-]{22}$/.test(secret)) throw new Error('the path secret must have 128 bits, base64url')
  if (inlet !== firstReceiver && (parts.secretHeader?.() ?? null) === null) throw new Error(`the inlet ${inlet} must ask for a header`)
  const admit = createAdmission({
    secret,
    secretHeader: parts.secretHeader ?? (() => null),
    publicHosts: parts.publicHosts,
    bodyBytes: limits.bodyBytes,
    ...(parts.isProbe === undefined ? {} : { isProbe: parts.isProbe }),
  })
  let running: { readonly server: Server; readonly drain: () => Promise<void> } | null = null

  function open(): { readonly server: Server; readonly drain: () => Promise<void> } {
    const budget = createBudget(limits.inFlightBytes)
    const unanswered = new Set<ServerResponse>()
    /** Sockets that brought at least one readable request: whatever we write there outside its turn could pass for its answer. */
    const spoken = new WeakSet<Duplex>()
    const broken = new WeakSet<Duplex>()
    let isDraining = false
    let listeningPort = port
    let onAnswered = (): void => {}

    const server = createServer({
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headerMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: Math.max(10, Math.floor(limits.headerMs / 10)),
      keepAliveTimeout: 5_000,
      insecureHTTPParser: false,
      // Ours to judge, so that a missing Host is answered like a wrong one.
      requireHostHeader: false,
    })
    server.maxConnections = limits.connections
    // The last resort for a peer that never reads its answer.
    server.timeout = limits.requestMs * 2
    server.on('listening', () => (listeningPort = (server.address() as AddressInfo).port))
    server.on('request', (request, response) => take(request, response, false))
    server.on('checkContinue', (request, response) => take(request, response, true))
    server.on('checkExpectation', (request, response) => {
      begin(request, response)
      turnAway(request, response, 'malformed')
    })
    server.on('clientError', giveUp)
    server.on('drop', () => onTurnedAway('connections'))

    function begin(request: IncomingMessage, response: ServerResponse): void {
      spoken.add(request.socket)
      unanswered.add(response)
      response.sendDate = false
      response.once('close', () => {
        unanswered.delete(response)
        if (unanswered.size === 0) onAnswered()
      })
    }

    function take(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
      begin(request, response)
      if (parts.whyUnhealthy !== undefined && request.method === 'GET' && request.url === '/healthz') {
        request.resume()
        return reply(response, healthOf(isDraining ? 'stopping' : parts.whyUnhealthy()))
      }
      const admission = admit(request, listeningPort)
      if (admission.kind === 'probe') {
        request.resume()
        return reply(response, probed)
      }
      if (admission.kind === 'turned-away') return turnAway(request, response, admission.because)
      if (isDraining) return turnAway(request, response, 'overloaded')
      // Nobody hears "100 Continue" but a sender that knows the secret.
      if (expectsContinue) response.writeContinue()
      void receive(request, response, admission.headers)
    }

    async function receive(request: IncomingMessage, response: ServerResponse, headers: Readonly<Record<string, string>>): Promise<void> {
      const share = budget.share()
      try {
        const declared = Number(headers['content-length'] ?? 0)
        if (!budget.hasRoomFor(declared + limits.headerBytes) || !share.grow(limits.headerBytes)) {
          return turnAway(request, response, 'overloaded')
        }
        const body = await readBody(request, limits.bodyBytes, share)
        if (body.kind === 'cut-off' && broken.has(request.socket)) return
        if (body.kind !== 'whole') return turnAway(request, response, body.kind)
        const receivedAt = new Date(now()).toISOString() as Instant
        const outcome = await ingest({ body: body.bytes, headers, inlet, receivedAt })
        reply(response, outcomes[outcome.kind])
      } catch (error) {
        reply(response, tryAgain)
        onBug(error)
      } finally {
        share.release()
      }
    }

    function turnAway(request: IncomingMessage, response: ServerResponse, because: TurnedAway): void {
      onTurnedAway(because)
      request.resume()
      const { headers } = request
      const restIsShort =
        headers['transfer-encoding'] === undefined &&
        headers.expect === undefined &&
        Number(headers['content-length'] ?? 0) <= limits.bodyBytes
      // Node reads a short rest away and keeps the connection, which makes turning away as cheap as it can be.
      if (request.complete || restIsShort) reply(response, answers[because])
      else replyAndHangUp(request, response, answers[because])
    }

    function reply(response: ServerResponse, answer: Answer): void {
      if (response.destroyed) return
      response.writeHead(answer.status, headersOf(answer, isDraining)).end(answer.body)
    }

    /** Answers in the middle of a body: the rest is read away for a moment, since a reset would take the answer with it. */
    function replyAndHangUp(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
      if (response.destroyed) return
      let left = limits.bodyBytes
      const hangUp = (): void => {
        clearTimeout(timer)
        response.end()
        request.socket.destroy()
      }
      const timer = setTimeout(hangUp, limits.lingerMs)
      request.on('data', (chunk: Uint8Array) => {
        left -= chunk.length
        if (left < 0) hangUp()
      })
      request.once('close', hangUp)
      response.writeHead(answer.status, headersOf(answer, true)).write(answer.body)
    }

    /** What node could not read as a request, or not in time. Ending alone would leave a slow peer its socket: end and destroy. */
    function giveUp(error: NodeJS.ErrnoException, socket: Duplex): void {
      const because = error.code === 'ECONNRESET' || error.code === 'EPIPE' ? null : (reasons[error.code ?? ''] ?? 'malformed')
      if (because) {
        broken.add(socket)
        onTurnedAway(because)
        if (socket.writable && !spoken.has(socket)) socket.end(rawAnswer(answers[because]))
      }
      socket.destroy()
    }

    async function drain(): Promise<void> {
      isDraining = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, limits.stopMs)
        onAnswered = resolve
        if (unanswered.size === 0) resolve()
      })
      clearTimeout(timer)
      server.closeAllConnections()
      await closed
    }

    return { server, drain }
  }

  return {
    start() {
      if (running) throw new Error('the receiver was started twice')
      const opened = open()
      running = opened
      onHealth({ kind: 'starting' })
      return new Promise((resolve) => {
        const { server } = opened
        const settle = (started: ReceiverStarted): void => {
          if (started.kind !== 'listening' && running === opened) running = null
          onHealth(started)
          resolve(started)
        }
        server.on('error', (error: NodeJS.ErrnoException) => {
          // Once it listens, an error is one connection that could not be accepted, e.g. for want of file descriptors.
          if (server.listening) onTurnedAway('connections')
          else settle(failureOf(error, port))
        })
        server.listen({ host, port, exclusive: true }, () => {
          settle({ kind: 'listening', port: (server.address() as AddressInfo).port })
        })
      })
    },

    async stop() {
      const stopping = running
      running = null
      if (stopping) await stopping.drain()
      onHealth({ kind: 'stopped' })
    },
  }
}

/** What node's parser may complain of beside bytes that are no HTTP. */
const reasons: Readonly<Record<string, TurnedAway>> = { ERR_HTTP_REQUEST_TIMEOUT: 'too-slow', HPE_INVALID_EOF_STATE: 'cut-off' }

function failureOf(error: NodeJS.ErrnoException, port: number): ReceiverStarted {
  if (error.code === 'EADDRINUSE') {
    return {
      kind: 'port-taken',
      port,
      detail: `Port ${port} on this machine is taken by another program. Deliveries cannot arrive until it is free: end that program, then start listening again.`,
    }
  }
  const reason = error.code === 'EACCES' ? `the system does not let this user listen on port ${port}` : error.message
  return { kind: 'failed', detail: `Cannot listen on port ${port}: ${reason}. The history is safe; deliveries cannot arrive.` }
}
