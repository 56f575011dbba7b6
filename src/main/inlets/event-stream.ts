import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Link, LinkEnd } from './connection.ts'
import { createEventBytes, eventLimits, type EventLimits, type StreamPart } from './event-bytes.ts'
import { explainError, explainStatus, isLoopback, refused } from './far-end.ts'

export type EventStream = Omit<Link, 'close'> & {
  /** Hangs up, for the reason given. Nothing is passed on any more. */
  close(because?: LinkEnd): void
}

/**
 * One subscription to server-sent events: one GET, no redirects, never more than one event in memory. While `onPart` has not resolved
 * nothing more is read, so that a far end that is faster than the history waits in its own buffers.
 */
export function openEventStream(parts: {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** The far end as sentences name it; see `farEnd`. */
  readonly far: string
  /** What we show to be let in, in words; null where nothing. */
  readonly secretWord: string | null
  /** Once, when the stream begins: what the far end's clock says, epoch ms, where it says so. */
  readonly onOpen: (farNow: number | null) => void
  readonly onHeard: () => void
  readonly onPart: (part: StreamPart) => Promise<void>
  readonly onBug: (error: unknown) => void
  readonly limits?: EventLimits
}): EventStream {
  const { url, far, onBug } = parts
  let isOver = false
  let request: ClientRequest | null = null
  let hangUp: (end: LinkEnd) => void = () => {}
  const closed = new Promise<LinkEnd>((resolve) => (hangUp = resolve))

  async function run(): Promise<LinkEnd> {
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
      return refused('The address must begin with https://; http is for 127.0.0.1 and [::1] only. Nothing was sent.')
    }
    let response: IncomingMessage
    try {
      response = await ask()
    } catch (error) {
      return explainError(far, error)
    }
    return judge(response) ?? (await read(response))
  }

  function ask(): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { accept: 'text/event-stream', 'accept-encoding': 'identity', 'cache-control': 'no-store', ...parts.headers }
      const begin = url.protocol === 'https:' ? httpsRequest : httpRequest
      request = begin(url, { method: 'GET', headers, agent: false, rejectUnauthorized: true })
      request.once('response', resolve)
      // Stays for good: hanging up makes a last error of its own.
      request.on('error', reject)
      request.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
      request.end()
    })
  }

  function judge({ statusCode = 0, headers }: IncomingMessage): LinkEnd | null {
    if (statusCode !== 200) return explainStatus(far, statusCode, parts.secretWord)
    const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
    if (type !== 'text/event-stream') {
      const what = type === 'text/html' ? 'a web page' : type === '' ? 'something unnamed' : JSON.stringify(type.slice(0, 60))
      return refused(`${far} answered with ${what} instead of a stream of deliveries. Check the address, its channel above all.`)
    }
    if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
      return refused(`${far} compresses what it sends although it was asked not to. Deliveries cannot be read from it.`)
    }
    const date = Date.parse(headers.date ?? '')
    parts.onOpen(Number.isNaN(date) ? null : date)
    return null
  }

  async function read(response: IncomingMessage): Promise<LinkEnd> {
    const bytes = createEventBytes(parts.limits ?? eventLimits)
    // What is left of it after we hung up is nobody's trouble.
    response.on('error', () => {})
    const chunks = (response as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    for (;;) {
      let next: IteratorResult<Uint8Array>
      try {
        next = await chunks.next()
      } catch (error) {
        return explainError(far, error)
      }
      if (isOver) return ended
      if (next.done === true) return { kind: 'lost', detail: `${far} ended the connection. It is made anew by itself.` }
      for (const part of bytes.push(next.value)) {
        await parts.onPart(part)
        if (isOver) return ended
      }
      if (bytes.isHopeless()) return { kind: 'lost', detail: `${far} sent something without end that is no delivery. It is passed over.` }
      // What is read away for its size is no sign of life, or an endless line would count as one for ever.
      if (!bytes.isDiscarding()) parts.onHeard()
    }
  }

  async function finish(): Promise<LinkEnd> {
    const running = run().catch((error: unknown): LinkEnd => {
      onBug(error)
      return {
        kind: 'lost',
        detail: `Reading from ${url.host} failed in a way nobody foresaw; the log says more. It is tried again by itself.`,
      }
    })
    const end = await Promise.race([running, closed])
    isOver = true
    request?.destroy()
    return end
  }

  return {
    ended: finish(),
    close(because = ended) {
      isOver = true
      request?.destroy()
      hangUp(because)
    },
  }
}

const ended: LinkEnd = { kind: 'lost', detail: 'The connection was closed from here.' }
