import type { OrganizationId } from '../../shared/detection.ts'
import type { PublicKey } from '../../shared/organization.ts'
import { parseJwks } from './jwks.ts'
import type { JwksTrouble } from './jwks.ts'

export { parseJwks } from './jwks.ts'
export type { Jwks } from './jwks.ts'

export type FetchTrouble =
  | JwksTrouble
  | 'issuer-not-allowed'
  | 'unreachable'
  | 'too-slow'
  | 'redirected'
  | 'access-refused'
  | 'rate-limited'
  | 'answered-otherwise'
  | 'too-large'
  | 'stopped'

export type FetchedKeys =
  | { readonly kind: 'fetched'; readonly keys: readonly PublicKey[] }
  /** `detail` is for people: what happened, and bounded whatever the issuer answered. */
  | { readonly kind: 'failed'; readonly because: FetchTrouble; readonly detail: string }

const path = '/organizations/webhooks/verification-jwks'
const maxBytes = 65_536
const defaultDeadlineMs = 5_000

/** Asks an issuer for the keys it signs an organization's webhooks with. The API key is sent only where the issuer refuses to answer without. */
export async function fetchKeys(request: {
  readonly issuer: string
  readonly organizationId: OrganizationId
  readonly apiKey?: string
  readonly signal?: AbortSignal
  /** For each of at most two tries. */
  readonly deadlineMs?: number
}): Promise<FetchedKeys> {
  const url = keysUrl(request.issuer)
  if (url === null)
    return failed('issuer-not-allowed', 'Keys are fetched over https only (or http from a literal loopback address such as 127.0.0.1).')
  const headers = { accept: 'application/json', 'slashid-orgid': request.organizationId }
  const first = await ask(url, headers, request)
  if (first.kind !== 'failed' || first.because !== 'access-refused' || request.apiKey === undefined) return first
  return ask(url, { ...headers, 'slashid-api-key': request.apiKey }, request)
}

/** Where an issuer publishes its keys; null where it is not an address we would ask. */
export function keysUrl(issuer: string): URL | null {
  let url: URL
  try {
    url = new URL(issuer)
  } catch {
    return null
  }
  // The URL parser has already turned every other spelling of an IPv4 address into this one.
  const isLoopback = /^127\.\d+\.\d+\.\d+$/.test(url.hostname) || url.hostname === '[::1]'
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) return null
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return null
  url.pathname = url.pathname.replace(/\/+$/, '') + path
  return url
}

type Limits = { readonly signal?: AbortSignal; readonly deadlineMs?: number }

async function ask(url: URL, headers: Record<string, string>, limits: Limits): Promise<FetchedKeys> {
  const deadlineMs = limits.deadlineMs ?? defaultDeadlineMs
  const aborter = new AbortController()
  const abort = () => aborter.abort()
  const deadline = setTimeout(abort, deadlineMs)
  limits.signal?.addEventListener('abort', abort)
  if (limits.signal?.aborted) abort()
  try {
    // A redirect would move the trust in this organization to whoever it points at.
    const response = await fetch(url, { headers, redirect: 'manual', signal: aborter.signal })
    const trouble = judgeStatus(response.status, url)
    const text = trouble === null ? await readText(response) : null
    if (trouble !== null) return trouble
    if (text === null) return failed('too-large', `${url.host} answered with more than ${maxBytes / 1024} KiB instead of keys.`)
    const jwks = parseJwks(text)
    return jwks.kind === 'keys' ? { kind: 'fetched', keys: jwks.keys } : failed(jwks.because, `${url.host} answered, but: ${jwks.detail}`)
  } catch (error) {
    if (limits.signal?.aborted) return failed('stopped', 'Tocsin stopped asking.')
    if (aborter.signal.aborted) return failed('too-slow', `${url.host} did not answer within ${deadlineMs / 1000} s.`)
    return failed('unreachable', `${url.host} cannot be reached (${reason(error)}).`)
  } finally {
    clearTimeout(deadline)
    limits.signal?.removeEventListener('abort', abort)
    // Lets go of the connection, whatever part of the answer was left unread.
    abort()
  }
}

function judgeStatus(status: number, url: URL): FetchedKeys | null {
  if (status === 200) return null
  if (status >= 300 && status < 400)
    return failed('redirected', `${url.host} redirects to another address; keys are taken from the issuer itself only.`)
  if (status === 401 || status === 403)
    return failed('access-refused', `${url.host} refuses to show the keys (status ${status}); it may need an API key.`)
  if (status === 429) return failed('rate-limited', `${url.host} says it was asked too often (status 429).`)
  return failed('answered-otherwise', `${url.host} answered with status ${status} instead of keys.`)
}

/** null as soon as the answer is larger than any key set may be, counted after decompression. */
async function readText(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function reason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof Error ? cause.message : 'network error'
}

function failed(because: FetchTrouble, detail: string): FetchedKeys {
  return { kind: 'failed', because, detail }
}
