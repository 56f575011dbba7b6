import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

/** What came of one request. Of an answer nothing is kept but what decides about the next try. */
export type Posted =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | null; readonly text: string | null }
  | { readonly kind: 'too-slow' }
  /** `reason` is a word of the network's, such as ECONNREFUSED. */
  | { readonly kind: 'unreachable'; readonly reason: string }

export type Post = (wanted: {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}) => Promise<Posted>

export const deadlineMs = 10_000
const mostAnswerBytes = 64 * 1_024

/** Posts JSON, within a deadline for the whole of it. A redirect is an answer and not followed: it would move what is sent to whoever it points at. */
export const post: Post = ({ url, headers, body, signal }) =>
  new Promise((resolve) => {
    const isSecure = url.startsWith('https:')
    // An agent of its own: the shared one may have been told to go through a proxy.
    const agent = isSecure ? new HttpsAgent({ rejectUnauthorized: true }) : new HttpAgent()
    const bytes = Buffer.from(body)
    const options = {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-type': 'application/json', 'content-length': String(bytes.length), 'user-agent': 'Tocsin' },
    }
    const sending = isSecure ? httpsRequest(url, options) : httpRequest(url, options)
    const end = (posted: Posted): void => {
      clearTimeout(deadline)
      signal.removeEventListener('abort', abort)
      resolve(posted)
      sending.destroy()
      agent.destroy()
    }
    const deadline = setTimeout(() => end({ kind: 'too-slow' }), deadlineMs)
    const abort = (): void => end({ kind: 'unreachable', reason: 'stopped' })
    signal.addEventListener('abort', abort)
    sending.on('error', (error: NodeJS.ErrnoException) => end({ kind: 'unreachable', reason: error.code ?? 'no reason given' }))
    sending.on('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      const answer = (text: string | null): void => {
        const retryAfter = response.headers['retry-after'] ?? null
        end({ kind: 'answered', status: response.statusCode ?? 0, retryAfter, text })
      }
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > mostAnswerBytes) return answer(null)
        chunks.push(chunk)
      })
      response.on('end', () => answer(Buffer.concat(chunks).toString('utf8')))
      response.on('error', (error: NodeJS.ErrnoException) => end({ kind: 'unreachable', reason: error.code ?? 'no reason given' }))
    })
    if (signal.aborted) abort()
    else sending.end(bytes)
  })
