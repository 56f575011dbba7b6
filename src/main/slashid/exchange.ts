export const maxAnswerBytes = 65_536

/** What came of one request over HTTP. */
export type Exchanged =
  /** `text` is null where its answer is larger than any of SlashID's may be, and empty where nobody wanted to read it. */
  | { readonly kind: 'answered'; readonly status: number; readonly headers: Headers; readonly text: string | null }
  | { readonly kind: 'too-slow' }
  | { readonly kind: 'stopped' }
  /** `reason` is a word of the network's, such as ECONNREFUSED. */
  | { readonly kind: 'unreachable'; readonly reason: string }

/** Asks once, within a deadline for the whole of it, and reads no more than it may. A redirect is an answer and not followed: it would move our trust to whoever it points at. */
export async function exchange(
  url: URL,
  request: {
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
    readonly signal?: AbortSignal
    readonly deadlineMs: number
    /** Whether an answer of this status is worth reading. */
    readonly reads: (status: number) => boolean
  },
): Promise<Exchanged> {
  const { method, headers, body, signal, deadlineMs, reads } = request
  const aborter = new AbortController()
  const abort = () => aborter.abort()
  const deadline = setTimeout(abort, deadlineMs)
  signal?.addEventListener('abort', abort)
  if (signal?.aborted) abort()
  try {
    const response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      signal: aborter.signal,
    })
    const text = reads(response.status) ? await readText(response) : ''
    return { kind: 'answered', status: response.status, headers: response.headers, text }
  } catch (error) {
    if (signal?.aborted) return { kind: 'stopped' }
    return aborter.signal.aborted ? { kind: 'too-slow' } : { kind: 'unreachable', reason: reason(error) }
  } finally {
    clearTimeout(deadline)
    signal?.removeEventListener('abort', abort)
    // Lets go of the connection, whatever part of the answer was left unread.
    abort()
  }
}

/** null as soon as the answer is too large, counted after decompression. */
async function readText(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > maxAnswerBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function reason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof Error ? cause.message : 'network error'
}
