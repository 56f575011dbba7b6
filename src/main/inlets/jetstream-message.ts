import type { JsMsg } from '@nats-io/jetstream'
import type { Instant } from '../../shared/detection.ts'
import type { Delivery } from '../ingest/delivery.ts'
import type { NotTaken } from './inlet.ts'
import { keptHeaders } from './kept-headers.ts'

/** What `tocsin ingress` writes beside the body, and the inlet reads. */
export const messageHeaders = { receivedAt: 'Tocsin-Received-At', path: 'Tocsin-Path', ofRequest: 'Http-' } as const

const mostBodyBytes = 256 * 1024
/** `tocsin ingress` gives up after two seconds; the rest is for clocks that differ. */
const mostEarlierMs = 5_000

export type Read = { readonly kind: 'delivery'; readonly delivery: Delivery } | { readonly kind: 'not-taken'; readonly because: NotTaken }

/** A message of the stream as a delivery. Never throws: whoever may publish there may publish anything. */
export function readMessage(message: JsMsg, inlet: string, isBacklog: boolean): Read {
  if (message.data.byteLength > mostBodyBytes) return { kind: 'not-taken', because: 'too-large' }
  try {
    const receivedAt = acceptedAt(Number(message.timestampNanos / 1_000_000n), message.headers?.get(messageHeaders.receivedAt) ?? '')
    return { kind: 'delivery', delivery: { body: message.data, headers: headersOf(message), inlet, receivedAt, isBacklog } }
  } catch {
    return { kind: 'not-taken', because: 'malformed' }
  }
}

/**
 * The server's own time of storing: it has proved itself to us, and a publisher has not. Whoever may publish could otherwise replay an
 * expired token as one that came in time. The publisher's word counts where it is earlier by no more than the way to the server takes,
 * which gains a liar nothing.
 */
function acceptedAt(storedMs: number, claimed: string): Instant {
  const claimedMs = Date.parse(claimed)
  const isPlausible = claimedMs <= storedMs && storedMs - claimedMs <= mostEarlierMs
  return new Date(isPlausible ? claimedMs : storedMs).toISOString() as Instant
}

function headersOf({ headers }: JsMsg): Readonly<Record<string, string>> {
  const given: [string, string][] = []
  for (const name of headers?.keys() ?? []) {
    if (!name.toLowerCase().startsWith(messageHeaders.ofRequest.toLowerCase())) continue
    given.push([name.slice(messageHeaders.ofRequest.length), headers?.get(name) ?? ''])
  }
  return keptHeaders(given)
}
