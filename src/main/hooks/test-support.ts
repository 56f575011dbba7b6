import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Received = { readonly headers: IncomingHttpHeaders; readonly body: string; readonly url: string }
export type Answer = (
  received: Received,
  index: number,
) => { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string } | 'hang'

/** A server on loopback that remembers what it was sent, and answers as it is told. */
export async function receiver(answer: Answer = () => ({ status: 204 })) {
  const received: Received[] = []
  let current = answer
  let waiting: (() => void)[] = []
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = { headers: request.headers, body: Buffer.concat(chunks).toString('utf8'), url: request.url ?? '' }
      const answered = current(one, received.length)
      received.push(one)
      for (const wake of waiting.splice(0)) wake()
      if (answered !== 'hang') response.writeHead(answered.status, answered.headers).end(answered.body)
    })
  }
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
    waiting = []
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    answer: (next: Answer) => void (current = next),
    /** Resolves once it was sent so many. */
    async has(count: number): Promise<void> {
      while (received.length < count) await new Promise<void>((resolve) => waiting.push(resolve))
    },
  }
}
