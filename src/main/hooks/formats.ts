import { createHash } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { assertNever } from '../../shared/assert-never.ts'
import type { HookFormat, HookId } from '../../shared/hooks.ts'
import type { Attack } from '../export/attack.ts'
import { toEcs } from '../export/ecs.ts'
import { toHecEvent, unsignedNotice } from '../export/hec.ts'
import { plainJson } from '../export/plain-json.ts'
import type { Change } from '../ingest/delivery.ts'

/** One message as it is written to the other side. */
export type Written = { readonly id: string; readonly text: string }

/**
 * What names a message: the same at every try, also after a restart, and no other message's, whichever hook or computer it is of. So a
 * receiver can tell what it has already.
 */
export function webhookId(hook: HookId, chainHash: Uint8Array): string {
  return `msg_${createHash('sha256').update(chainHash).update(`hook ${hook}`).digest('hex').slice(0, 32)}`
}

export function write(format: HookFormat, id: string, { detection, transition }: Change, attack: () => Attack): Written {
  const signed = (data: object): Written => ({
    id,
    text: plainJson({
      type: `${detection.kind}_detection.changed`,
      timestamp: transition.at,
      data,
      transition,
      ...unsignedNotice(detection),
    }),
  })
  switch (format) {
    case 'detection':
      return signed(detection)
    case 'ecs':
      return signed(toEcs(detection, transition, attack()))
    case 'splunk-hec':
      return { id, text: plainJson(toHecEvent(detection, transition, id)) }
    default:
      return assertNever(format)
  }
}

/** The headers of a request. `at` is the time of this try, in ms: receivers refuse what is old. */
export function headersOf(format: HookFormat, messages: readonly Written[], secret: string, at: number): Readonly<Record<string, string>> {
  const [message] = messages
  if (format === 'splunk-hec' || message === undefined) return { authorization: `Splunk ${secret}` }
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(Math.floor(at / 1_000)),
    'webhook-signature': new Webhook(secret).sign(message.id, new Date(at), message.text),
  }
}

/** Of a signed message there is one to a request; a collector takes many. */
export const batchLimits: Readonly<Record<HookFormat, { readonly messages: number; readonly bytes: number }>> = {
  detection: { messages: 1, bytes: 0 },
  ecs: { messages: 1, bytes: 0 },
  'splunk-hec': { messages: 100, bytes: 512 * 1_024 },
}
