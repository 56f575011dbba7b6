import type { DetectionContent, Json } from '../../shared/detection.ts'
import type { DeliverySummary } from '../../shared/ipc.ts'
import { parse } from './parse.ts'
import { readToken } from './token.ts'

/** The detection that a kept body carries; null where it carries none. Says nothing of trust: the check did, when the body came in. */
export function contentOf(body: Uint8Array): DetectionContent | null {
  const token = readToken(body)
  if (token.kind === 'malformed') return null
  const content = parse(token.claims, token.facts)
  return content.kind === 'detection' ? content.detection : null
}

/** Adds what a kept body says of itself, decoded for people to read. A body that retention removed, or no token, decodes to null. */
export function summarize({
  body,
  ...summary
}: Omit<DeliverySummary, 'header' | 'claims'> & { readonly body: Uint8Array | null }): DeliverySummary {
  const token = body === null ? null : readToken(body)
  const decoded: { header: Json; claims: Json } =
    token === null || token.kind === 'malformed' ? { header: null, claims: null } : { header: token.header, claims: token.claims }
  return { ...summary, ...decoded }
}
