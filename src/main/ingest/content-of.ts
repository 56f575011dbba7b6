import type { DetectionContent, Instant, Json } from '../../shared/detection.ts'
import type { DeliverySummary } from '../../shared/ipc.ts'
import { parse } from './parse.ts'
import { readToken } from './token.ts'
import { readUnsigned } from './unsigned.ts'

/** The detection that a kept body carries; null where it carries none. Says nothing of trust: the check did, when the body came in. */
export function contentOf(body: Uint8Array, receivedAt: Instant): DetectionContent | null {
  const said = readEither(body, receivedAt)
  if (said === null) return null
  const content = parse(said.claims, said.facts)
  return content.kind === 'detection' ? content.detection : null
}

/** No body is both: a token has no brace. */
function readEither(body: Uint8Array, receivedAt: Instant) {
  const token = readToken(body)
  if (token.kind === 'token') return token
  const unsigned = readUnsigned(body)
  return unsigned === null ? null : { claims: unsigned.claims, facts: { triggerName: unsigned.triggerName, issuedAt: receivedAt } }
}

/** Adds what a kept body says of itself, decoded for people to read. One that was unsigned stands under `claims` as it came. What retention removed decodes to null. */
export function summarize({
  body,
  ...summary
}: Omit<DeliverySummary, 'header' | 'claims'> & { readonly body: Uint8Array | null }): DeliverySummary {
  return { ...summary, ...decode(body) }
}

function decode(body: Uint8Array | null): { readonly header: Json; readonly claims: Json } {
  if (body === null) return { header: null, claims: null }
  const token = readToken(body)
  return token.kind === 'token'
    ? { header: token.header, claims: token.claims }
    : { header: null, claims: readUnsigned(body)?.body ?? null }
}
