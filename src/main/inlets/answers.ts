import type { Outcome } from '../ingest/delivery.ts'
import type { TurnedAway } from './admission.ts'

/** The statuses are documented: 200, 400, 401, 404, 405, 408, 413, 415, 503. Never 410, which could end the webhook at the sender. */
export type Answer = { readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }

const accepted: Answer = { status: 200, body: '{}' }
/** To our own look at whether the public address leads here. */
export const probed: Answer = { status: 200, body: '{"status":"probed"}' }
/** The one answer to every refusal of trust: a sender learns nothing from it. */
const untrusted: Answer = { status: 401, body: '{"error":"unauthorized"}' }
/** Also for a wrong Host and for browsers, so that they cannot tell whether anything is here. */
const notFound: Answer = { status: 404, body: '{"error":"not found"}' }
export const tryAgain: Answer = { status: 503, body: '{"error":"unavailable"}', headers: { 'Retry-After': '5' } }
const badRequest: Answer = { status: 400, body: '{"error":"bad request"}' }

/** What a sender is told that was turned away. */
export const answers: Readonly<Record<TurnedAway, Answer>> = {
  host: notFound,
  browser: notFound,
  path: notFound,
  method: { status: 405, body: '{"error":"method not allowed"}', headers: { Allow: 'POST' } },
  'secret-header': untrusted,
  encoding: { status: 415, body: '{"error":"content encoding not supported"}' },
  size: { status: 413, body: '{"error":"too large"}' },
  overloaded: tryAgain,
  connections: tryAgain,
  malformed: badRequest,
  'cut-off': badRequest,
  'too-slow': { status: 408, body: '{"error":"too slow"}' },
}

export const outcomes: Readonly<Record<Outcome['kind'], Answer>> = {
  kept: accepted,
  duplicate: accepted,
  quarantined: accepted,
  refused: untrusted,
  failed: tryAgain,
}

/** What a probe is told. */
export function healthOf(trouble: string | null): Answer {
  return trouble === null
    ? { status: 200, body: '{"status":"ok"}' }
    : { status: 503, body: JSON.stringify({ status: 'unavailable', reason: trouble }) }
}

export function headersOf(answer: Answer, isLast: boolean): Record<string, string | number> {
  return {
    'Content-Type': 'application/json',
    'Content-Length': answer.body.length,
    ...answer.headers,
    ...(isLast ? { Connection: 'close' } : {}),
  }
}

/** For a peer whose bytes never became a request: node has no response object then. */
export function rawAnswer(answer: Answer): string {
  const reason = answer.status === 408 ? 'Request Timeout' : 'Bad Request'
  const head = Object.entries(headersOf(answer, true)).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${answer.status} ${reason}`, ...head, '', answer.body].join('\r\n')
}
