import { Agent, request, type Agent as HttpAgent } from 'node:http'

/** What the receiver said. `no-answer` may have been kept all the same: the connection ended before we heard. */
export type Answered =
  { readonly kind: 'answered'; readonly status: number; readonly afterMs: number } | { readonly kind: 'no-answer'; readonly detail: string }

/** Connections that are kept between deliveries; `destroy` it when done. */
export function createAgent(connections: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: connections })
}

const deadlineMs = 10_000

/** Posts a token as SlashID does: the raw text, and nothing around it. */
export function send(url: string, token: string, agent?: HttpAgent, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
  return new Promise((resolve) => {
    const startedAt = performance.now()
    const body = Buffer.from(token)
    const sending = request(url, {
      method: 'POST',
      headers: { ...headers, 'Content-Length': body.length },
      signal: AbortSignal.timeout(deadlineMs),
      ...(agent ? { agent } : {}),
    })
    const fail = (error: Error): void => {
      const detail = error.name === 'AbortError' ? `no answer within ${deadlineMs / 1000} s` : error.message
      resolve({ kind: 'no-answer', detail })
    }
    sending.on('error', fail)
    sending.on('response', (response) => {
      response.on('error', fail)
      response.on('end', () => resolve({ kind: 'answered', status: response.statusCode ?? 0, afterMs: performance.now() - startedAt }))
      response.resume()
    })
    sending.end(body)
  })
}
