import { z } from 'zod'
import type { Instant, OrganizationId } from '../../shared/detection.ts'
import type { ApiRequest } from '../../shared/registration.ts'
import { apiUrl } from './address.ts'
import { exchange, maxAnswerBytes, type Exchanged } from './exchange.ts'

export type ApiTrouble =
  | 'issuer-not-allowed'
  | 'key-refused'
  | 'not-allowed'
  | 'not-found'
  | 'not-in-time'
  | 'rejected'
  | 'rate-limited'
  | 'server-failing'
  | 'answered-otherwise'
  | 'broken-answer'
  | 'redirected'
  | 'too-large'
  | 'too-slow'
  | 'unreachable'
  | 'stopped'

export type ApiFailure = {
  readonly kind: 'failed'
  readonly because: ApiTrouble
  /** For people: what happened and what to do. Bounded, and without a secret whatever the answer said. */
  readonly detail: string
  /** A write that SlashID may have carried out all the same. */
  readonly mayHaveHappened: boolean
}
export type ApiAnswer<T> = { readonly kind: 'answered'; readonly result: T } | ApiFailure

export type ApiCall<T> = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the issuer, with a slash at its beginning. */
  readonly path: string
  readonly body?: object
  /** Of the envelope's `result`. */
  readonly result: z.ZodType<T>
}

/** SlashID's API for one organization. */
export type Api = { call<T>(call: ApiCall<T>): Promise<ApiAnswer<T>> }

export type ApiParts = {
  readonly issuer: string
  readonly organizationId: OrganizationId
  readonly apiKey: string
  /** Texts that no message may repeat, besides the API key: SlashID quotes what it rejects. */
  readonly secrets: () => readonly string[]
  readonly onRequest: (request: ApiRequest) => void
  readonly now: () => number
  readonly schedule: (task: () => void, afterMs: number) => () => void
  readonly signal: AbortSignal
  /** For each request. */
  readonly deadlineMs?: number
}

const defaultDeadlineMs = 10_000
/** SlashID's own deadline, so that its 408 comes before ours: it knows more about what happened than we would. */
const consistencySeconds = 8
const mostTries = 3
const longestPauseMs = 30_000

/** A request is tried again only where it cannot take effect twice: not carried out at all (429), or with the same effect again. */
export function createApi(parts: ApiParts): Api {
  const { issuer, organizationId, apiKey, onRequest, now, schedule, signal, deadlineMs = defaultDeadlineMs } = parts

  async function ask<T>(call: ApiCall<T>, url: URL): Promise<{ readonly answer: ApiAnswer<T>; readonly retryAfterMs: number | null }> {
    const startedAt = now()
    const exchanged = await exchange(url, {
      method: call.method,
      headers: {
        accept: 'application/json',
        'slashid-orgid': organizationId,
        'slashid-api-key': apiKey,
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(call.method === 'GET' ? {} : { 'slashid-required-consistency-timeout': String(consistencySeconds) }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal,
      deadlineMs,
      reads: (status) => status < 300 || status >= 400,
    })
    const endedAt = now()
    onRequest({
      method: call.method,
      path: url.pathname,
      status: exchanged.kind === 'answered' ? exchanged.status : null,
      at: new Date(startedAt).toISOString() as Instant,
      ms: endedAt - startedAt,
    })
    const retryAfterMs = exchanged.kind === 'answered' ? readRetryAfter(exchanged.headers.get('retry-after'), endedAt) : null
    return { answer: judge(call, url.host, exchanged, retryAfterMs), retryAfterMs }
  }

  function judge<T>(call: ApiCall<T>, host: string, exchanged: Exchanged, retryAfterMs: number | null): ApiAnswer<T> {
    const isWrite = call.method !== 'GET'
    const fail = (because: ApiTrouble, detail: string, mayHaveHappened = false): ApiFailure => ({
      kind: 'failed',
      because,
      detail,
      mayHaveHappened: mayHaveHappened && isWrite,
    })
    switch (exchanged.kind) {
      case 'stopped':
        return fail('stopped', 'Tocsin stopped asking.', true)
      case 'too-slow':
        return fail('too-slow', `${host} did not answer within ${deadlineMs / 1000} s. Try again in a moment.`, true)
      case 'unreachable':
        return fail('unreachable', `${host} cannot be reached (${exchanged.reason}). Check the network and try again.`, true)
      case 'answered':
        break
    }
    const { status, text } = exchanged
    if (status >= 300 && status < 400)
      return fail('redirected', `${host} redirects to another address, which is not followed. Check the organization’s issuer.`)
    if (text === null)
      return fail('too-large', `${host} answered with more than ${maxAnswerBytes / 1024} KiB, which no answer of SlashID’s has.`, true)
    const envelope = readEnvelope(text)
    if (status >= 200 && status < 300) {
      const result = call.result.safeParse(status === 204 ? undefined : envelope?.result)
      if ((status === 204 || envelope !== null) && result.success) return { kind: 'answered', result: result.data }
      return fail('broken-answer', `${host} answered ${status}, but not in a form that can be read. Check the organization’s issuer.`, true)
    }
    const said = quote(envelope)
    if (status === 401)
      return fail('key-refused', `${host} does not accept this API key (status 401). Check that it is this organization’s.${said}`)
    if (status === 403)
      return fail(
        'not-allowed',
        `${host} does not allow this with this API key (status 403). Changing webhooks needs the key of an admin.${said}`,
      )
    if (status === 404) return fail('not-found', `${host} knows no such webhook or organization (status 404).${said}`)
    if (status === 408)
      return fail('not-in-time', `SlashID could not finish in time (status 408) and may do so yet. Look again in a moment.${said}`, true)
    if (status === 429) {
      const when = retryAfterMs === null ? 'in a minute' : `in ${Math.ceil(retryAfterMs / 1000)} s`
      return fail('rate-limited', `${host} was asked too often (status 429). Try again ${when}.`)
    }
    if (status >= 500)
      return fail('server-failing', `${host} has trouble of its own (status ${status}). Try again in a moment.${said}`, true)
    if (status === 400 || status === 409 || status === 422)
      return fail('rejected', `${host} did not accept this (status ${status}).${said || ' It did not say why.'}`)
    return fail('answered-otherwise', `${host} answered with status ${status}, which was not expected.${said}`, true)
  }

  /** What SlashID itself said, as a sentence to append; empty where it said nothing. */
  function quote(envelope: Envelope | null): string {
    const message = envelope?.errors?.find((error) => error.message)?.message ?? ''
    const hidden = [apiKey, ...parts.secrets()]
      .filter((secret) => secret !== '')
      .reduce((text, secret) => text.replaceAll(secret, '•••'), message)
    const plain = hidden.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim()
    return plain === '' ? '' : ` SlashID says: “${plain.length > 200 ? `${plain.slice(0, 200)}…` : plain}”`
  }

  return {
    async call(call) {
      const url = apiUrl(issuer, call.path)
      if (url === null) {
        const detail = 'SlashID is asked over https only (or http at a literal loopback address such as 127.0.0.1).'
        return { kind: 'failed', because: 'issuer-not-allowed', detail, mayHaveHappened: false }
      }
      for (let tries = 1; ; tries++) {
        const { answer, retryAfterMs } = await ask(call, url)
        const pauseMs = tries < mostTries ? pauseBefore(call.method, answer, retryAfterMs, tries) : null
        if (pauseMs === null) return answer
        await pause(pauseMs)
        if (signal.aborted) return answer
      }
    },
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = schedule(done, ms)
      signal.addEventListener('abort', done, { once: true })
      function done(): void {
        cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      if (signal.aborted) done()
    })
  }
}

/** null where trying again would be wrong, or of no use soon. */
function pauseBefore(
  method: ApiCall<unknown>['method'],
  answer: ApiAnswer<unknown>,
  retryAfterMs: number | null,
  tries: number,
): number | null {
  if (answer.kind !== 'failed') return null
  const mayRepeat = answer.because === 'server-failing' || answer.because === 'unreachable' ? method !== 'POST' : false
  if (!mayRepeat && answer.because !== 'rate-limited') return null
  const pauseMs = Math.max(retryAfterMs ?? 0, 1_000 * 2 ** (tries - 1))
  return pauseMs > longestPauseMs ? null : pauseMs
}

/** Seconds, or a date. */
function readRetryAfter(text: string | null, now: number): number | null {
  if (text === null) return null
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}

const Envelope = z.looseObject({
  errors: z.array(z.looseObject({ message: z.string().nullish() })).nullish(),
  result: z.unknown().optional(),
})
type Envelope = z.infer<typeof Envelope>

function readEnvelope(text: string): Envelope | null {
  try {
    const parsed = Envelope.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
