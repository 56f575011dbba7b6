import { createHash } from 'node:crypto'
import type { JsonObject, OrganizationId } from '../../shared/detection.ts'
import type { Delivery, TokenFacts } from './delivery.ts'
import { isObject } from './labels.ts'
import { readJsonObject } from './strict-json.ts'

/** The inlet a user can declare unsigned. The name is part of the hash chain, so that no signed delivery can pass for one of its own later. */
export const unsignedInlet = 'unsigned'

/** A body that nobody signed, in the form a token has. */
export type UnsignedBody = {
  /** The body as it came. */
  readonly body: JsonObject
  readonly claims: JsonObject
  readonly triggerName: string | null
}

/** Reads one JSON object as a detection's details, or as what claims would be where it has `trigger_content` itself. Never throws. */
export function readUnsigned(bytes: Uint8Array): UnsignedBody | null {
  const body = readJsonObject(bytes)
  if (body === null) return null
  const isWhole = Object.hasOwn(body, 'trigger_content') && isObject(body['trigger_content'])
  const triggerName = Object.hasOwn(body, 'trigger_name') ? body['trigger_name'] : null
  return {
    body,
    claims: isWhole ? body : { trigger_content: body },
    triggerName: typeof triggerName === 'string' && isName(triggerName) ? triggerName : null,
  }
}

/** Its bytes are its identity, and its moment is when it came: nothing in it says either in a way that could be checked. */
export function unsignedFacts(delivery: Delivery, organizationId: OrganizationId, triggerName: string | null): TokenFacts {
  return {
    organizationId,
    keyId: null,
    jti: null,
    signingInputHash: createHash('sha256').update(delivery.body).digest(),
    issuedAt: delivery.receivedAt,
    expiresAt: null,
    triggerName,
  }
}

/** As in a token. */
function isName(text: string): boolean {
  return text !== '' && text.length <= 2048 && !/\p{Surrogate}/u.test(text)
}
