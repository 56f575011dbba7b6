const mostHeaders = 64
const mostBytes = 8 * 1024

const headerName = /^[a-z0-9][a-z0-9!#$%&'*+.^_`|~-]*$/

/** What belongs to one hop, or may hold a secret: the history is not encrypted. */
const dropped = new Set([
  'authorization',
  'cookie',
  'x-tocsin-secret',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * The headers a far end passed on, as a delivery carries them: lower-case names, the first of several values, nothing that is for one hop
 * or a secret, and no more of them than a request may have.
 */
export function keptHeaders(given: Iterable<readonly [name: string, value: string]>): Readonly<Record<string, string>> {
  const kept = new Map<string, string>()
  let bytes = 0
  for (const [anyCase, value] of given) {
    const name = anyCase.toLowerCase()
    if (kept.has(name) || dropped.has(name) || name.startsWith('proxy-') || !headerName.test(name)) continue
    bytes += name.length + Buffer.byteLength(value)
    if (kept.size === mostHeaders || bytes > mostBytes) break
    kept.set(name, value)
  }
  return Object.fromEntries(kept)
}
