import { assertNever } from '../../shared/assert-never.ts'
import type { OrganizationId } from '../../shared/detection.ts'
import type { PublicKey } from '../../shared/organization.ts'
import { apiUrl } from './address.ts'
import { exchange, maxAnswerBytes } from './exchange.ts'
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
const defaultDeadlineMs = 5_000

/** Asks an issuer for the keys it signs an organization's webhooks with. The API key is sent only where the issuer refuses to answer without. */
export async function fetchKeys(request: {
  readonly issuer: string
  readonly organizationId: OrganizationId
  /** Asked only when it is needed: reading it may wait for the user. */
  readonly apiKey?: () => string | null
  /** Known from an earlier answer: the key is sent at once, where there is one. */
  readonly isKeyNeeded?: boolean
  readonly signal?: AbortSignal
  /** For each of at most two tries. */
  readonly deadlineMs?: number
}): Promise<FetchedKeys> {
  const url = keysUrl(request.issuer)
  if (url === null)
    return failed('issuer-not-allowed', 'Keys are fetched over https only (or http from a literal loopback address such as 127.0.0.1).')
  const headers = { accept: 'application/json', 'slashid-orgid': request.organizationId }
  const known = request.isKeyNeeded === true ? (request.apiKey?.() ?? null) : null
  if (known !== null) return ask(url, { ...headers, 'slashid-api-key': known }, request)
  const first = await ask(url, headers, request)
  if (first.kind !== 'failed' || first.because !== 'access-refused') return first
  const apiKey = request.apiKey?.() ?? null
  return apiKey === null ? first : ask(url, { ...headers, 'slashid-api-key': apiKey }, request)
}

/** Where an issuer publishes its keys; null where it is not an address we would ask. */
export function keysUrl(issuer: string): URL | null {
  return apiUrl(issuer, path)
}

type Limits = { readonly signal?: AbortSignal; readonly deadlineMs?: number }

async function ask(url: URL, headers: Record<string, string>, { signal, deadlineMs = defaultDeadlineMs }: Limits): Promise<FetchedKeys> {
  const reads = (status: number) => status === 200
  const answer = await exchange(url, { method: 'GET', headers, deadlineMs, reads, ...(signal ? { signal } : {}) })
  switch (answer.kind) {
    case 'answered':
      return readAnswer(url, answer.status, answer.text)
    case 'stopped':
      return failed('stopped', 'Tocsin stopped asking.')
    case 'too-slow':
      return failed('too-slow', `${url.host} did not answer within ${deadlineMs / 1000} s.`)
    case 'unreachable':
      return failed('unreachable', `${url.host} cannot be reached (${answer.reason}).`)
    default:
      return assertNever(answer)
  }
}

function readAnswer(url: URL, status: number, text: string | null): FetchedKeys {
  const trouble = judgeStatus(status, url)
  if (trouble !== null) return trouble
  if (text === null) return failed('too-large', `${url.host} answered with more than ${maxAnswerBytes / 1024} KiB instead of keys.`)
  const jwks = parseJwks(text)
  return jwks.kind === 'keys' ? { kind: 'fetched', keys: jwks.keys } : failed(jwks.because, `${url.host} answered, but: ${jwks.detail}`)
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

function failed(because: FetchTrouble, detail: string): FetchedKeys {
  return { kind: 'failed', because, detail }
}
