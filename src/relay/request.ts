import { relayLimits } from '../shared/relay.ts'

/** What came as a bearer token; empty where none did. */
export function bearerOf(request: Request): string {
  return /^Bearer (\S+)$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
}

/** The exact bytes; null where there are more than `most`. */
export async function readBody(request: Request, most: number): Promise<ArrayBuffer | null> {
  if (Number(request.headers.get('content-length') ?? 0) > most) return null
  const bytes = new Uint8Array(most)
  let length = 0
  for await (const chunk of request.body ?? []) {
    if (length + chunk.byteLength > most) return null
    bytes.set(chunk, length)
    length += chunk.byteLength
  }
  return bytes.buffer.slice(0, length)
}

/** Of one connection, or with secrets in them. */
const dropped = /^(authorization|connection|cookie|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|x-tocsin-secret)$/

/** Lower-case names, at most so many and so much, and none that repeats one of `secrets`. */
export function keptHeaders(headers: Headers, secrets: readonly string[]): Readonly<Record<string, string>> {
  const kept: [string, string][] = []
  let bytes = 0
  for (const [name, value] of headers) {
    if (dropped.test(name) || secrets.some((secret) => secret !== '' && value.includes(secret))) continue
    bytes += name.length + value.length
    if (kept.length >= relayLimits.headers || bytes > relayLimits.headerBytes) break
    kept.push([name, value])
  }
  return Object.fromEntries(kept)
}
