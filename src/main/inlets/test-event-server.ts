import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import nacl from 'tweetnacl'
import { onTestFinished } from 'vitest'

export const channel = 'aB3_dE6-gH9j'

type Posted = { readonly id: string; readonly data: string }

export type EventServerOptions = {
  readonly format: 'gosmee' | 'smee'
  /** With Redis: events have ids and are kept, the newest so many of them. */
  readonly keeps?: number
  /** A protected channel, and the public keys it lets in. */
  readonly allowedKeys?: readonly string[]
  /** Epoch ms. */
  readonly now?: () => number
  /** Answers instead of the server where it says so. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean
}

/** A server that speaks gosmee's or smee's format as it is written down, on loopback, and can be made to misbehave. */
export async function startEventServer(options: EventServerOptions) {
  const { format, keeps = 0, allowedKeys = null, now = Date.now } = options
  const kept: Posted[] = []
  const requests: { readonly url: string; readonly headers: IncomingMessage['headers'] }[] = []
  const subscribers = new Map<ServerResponse, string | null>()
  let mostSubscribers = 0
  let count = 0
  let sequence = 0

  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', headers: request.headers })
    if (options.answer?.(request, response) === true) return
    const url = new URL(request.url ?? '', 'http://loopback')
    if (url.pathname !== (format === 'gosmee' ? `/events/${channel}` : `/${channel}`)) return void response.writeHead(404).end('Not Found')
    const key = url.searchParams.get('pubkey')
    if (allowedKeys !== null && (key === null || !allowedKeys.includes(key))) return void response.writeHead(404).end('Not Found')
    response.setMaxListeners(0).on('close', () => subscribers.delete(response))
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', date: new Date(now()).toUTCString() })
    if (format === 'smee') response.write('event: ready\ndata: {}\n\n')
    else greet(response, key, request.headers['last-event-id'] as string | undefined)
    subscribers.set(response, allowedKeys === null ? null : key)
    mostSubscribers = Math.max(mostSubscribers, subscribers.size)
  })

  function greet(response: ServerResponse, key: string | null, lastId: string | undefined): void {
    response.write('data: {"message":"connected"}\n\n')
    response.write('data: {"message":"ready"}\n\n')
    if (lastId === undefined || keeps === 0) return
    const oldest = kept[0]
    const isGap = oldest !== undefined && compareIds(lastId, oldest.id) < 0
    if (isGap) {
      const gap = { error: 'missed_history', requested_id: lastId, oldest_id: oldest.id }
      response.write(`event: gosmee-gap\ndata: ${JSON.stringify(gap)}\n\n`)
    }
    for (const posted of kept) {
      if (isGap || compareIds(posted.id, lastId) > 0) response.write(eventText(posted, allowedKeys === null ? null : key))
    }
  }

  function eventText({ id, data }: Posted, key: string | null): string {
    return `${id === '' ? '' : `id: ${id}\n`}data: ${key === null ? data : encrypt(data, key)}\n\n`
  }

  /** As `POST /replay/{channel}` does it, or smee's own address: what it answers to SlashID is always good. */
  function post(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): void {
    const at = now()
    const fields = { host: 'relay.example', 'content-type': 'application/json', ...headers }
    if (format === 'smee') {
      const data = JSON.stringify({ ...fields, body: JSON.parse(String(body)), query: {}, timestamp: at })
      return send(`id: ${count++}\ndata: ${data}\n\n`)
    }
    const data = JSON.stringify({ ...fields, timestamp: String(at), bodyB: Buffer.from(body).toString('base64') })
    publish(data)
  }

  /** Puts one event's data into the channel. */
  function publish(data: string): void {
    const posted = { id: keeps === 0 ? '' : `${now()}-${sequence++}`, data }
    if (keeps > 0) kept.push(posted)
    while (kept.length > keeps) kept.shift()
    for (const [response, key] of subscribers) response.write(eventText(posted, key))
  }

  /** Writes to everyone who listens, whatever it is. */
  function send(text: string | Uint8Array): void {
    for (const response of subscribers.keys()) response.write(text)
  }

  const port = await listen(server)
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    port,
    url: `http://127.0.0.1:${port}/${channel}`,
    requests,
    kept,
    post,
    publish,
    send,
    subscribers: () => subscribers.size,
    mostSubscribers: () => mostSubscribers,
    /** A response to write to by hand. */
    only: (): ServerResponse => {
      const [response] = subscribers.keys()
      if (response === undefined || subscribers.size > 1) throw new Error(`${subscribers.size} listen, not one`)
      return response
    },
    dropAll: () => {
      for (const response of subscribers.keys()) response.destroy()
    },
  }
}

export function encrypt(data: string, publicKey: string): string {
  const pair = nacl.box.keyPair()
  const nonce = nacl.randomBytes(nacl.box.nonceLength)
  const ciphertext = nacl.box(Buffer.from(data), nonce, Buffer.from(publicKey, 'base64url'), pair.secretKey)
  const [epk, n, c] = [pair.publicKey, nonce, ciphertext].map((bytes) => Buffer.from(bytes).toString('base64'))
  return JSON.stringify({ encrypted: true, version: 1, epk, nonce: n, ciphertext: c })
}

function compareIds(one: string, other: string): number {
  const [oneMs = 0, oneCount = 0] = one.split('-').map(Number)
  const [otherMs = 0, otherCount = 0] = other.split('-').map(Number)
  return oneMs - otherMs || oneCount - otherCount
}

/** A TCP proxy that can stop forwarding while every connection stays open, as a network does that drops packets. */
export async function startProxy(targetPort: number) {
  const sockets = new Set<Socket>()
  let isStill = false
  const server = createTcpServer((near) => {
    const far = connect(targetPort, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk: Uint8Array) => {
        if (!isStill) to.write(chunk)
      })
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        if (!isStill) to.destroy()
      })
    }
  })
  const port = await listen(server)
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return { port, fallStill: () => (isStill = true), forward: () => (isStill = false) }
}

async function listen(server: ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Sends it so often, as fast as it is taken, or until nobody listens any more; resolves with how often it was. */
export async function flood(response: ServerResponse, chunk: Uint8Array, times: number): Promise<number> {
  let sent = 0
  for (; sent < times && !response.destroyed; sent++) {
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
  return sent
}

/** One delivery as gosmee writes it. */
export function eventOf(body: string, id: string): string {
  const data = JSON.stringify({ timestamp: '1767614400000', bodyB: Buffer.from(body).toString('base64') })
  return `id: ${id}\ndata: ${data}\n\n`
}
