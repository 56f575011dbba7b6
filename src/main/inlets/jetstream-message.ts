import type { Msg } from '@nats-io/transport-node'
import type { Instant } from '../../shared/detection.ts'
import type { Delivery } from '../ingest/delivery.ts'
import type { NotTaken } from './inlet.ts'
import { keptHeaders } from './kept-headers.ts'

/** What `tocsin ingress` writes beside the body, and the inlet reads. */
export const messageHeaders = { receivedAt: 'Tocsin-Received-At', path: 'Tocsin-Path', ofRequest: 'Http-' } as const

const mostBodyBytes = 256 * 1024
/** `tocsin ingress` gives up after two seconds; the rest is for clocks that differ. */
const mostEarlierMs = 5_000

/** A message as a consumer hands it out. */
export type Pulled = {
  /** Its number in the stream. */
  readonly seq: number
  /** The number of this handing out: the consumer counts them all, whoever got them. */
  readonly deliverySeq: number
  readonly isRedelivered: boolean
  /** When the server stored it. */
  readonly storedMs: number
  readonly data: Uint8Array
  readonly headers: Msg['headers']
  ack(): void
  /** The server hands it out again after this time. */
  giveBack(afterMs: number): void
}

/** null for what no consumer hands out: its reply address says what it is. */
export function pulledOf(message: Msg): Pulled | null {
  const tokens = (message.reply ?? '').split('.')
  // `$JS.ACK.stream.consumer.…`, or with a domain and an account before the stream.
  const [count, seq, deliverySeq, nanos, pending] = tokens.length === 9 ? tokens.slice(4) : tokens.slice(6)
  const numbers = [count, seq, deliverySeq, nanos, pending]
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || numbers.some((number) => !/^\d{1,19}$/.test(number ?? ''))) return null
  const pulled = {
    seq: Number(seq),
    deliverySeq: Number(deliverySeq),
    isRedelivered: Number(count) > 1,
    storedMs: Number(BigInt(nanos ?? 0) / 1_000_000n),
    data: message.data,
    headers: message.headers,
    ack: () => void message.respond('+ACK'),
    giveBack: (afterMs: number) => void message.respond(`-NAK ${JSON.stringify({ delay: afterMs * 1_000_000 })}`),
  }
  return Number.isSafeInteger(pulled.seq) && Number.isSafeInteger(pulled.deliverySeq) && pulled.seq > 0 && pulled.storedMs > 0
    ? pulled
    : null
}

export type Read = { readonly kind: 'delivery'; readonly delivery: Delivery } | { readonly kind: 'not-taken'; readonly because: NotTaken }

/**
 * A message of the stream as a delivery. Never throws: whoever may publish there may publish anything. `now` is given where the server's
 * word for the time does not count.
 */
export function readMessage(message: Pulled, inlet: string, isBacklog: boolean, now: number | null): Read {
  if (message.data.byteLength > mostBodyBytes) return { kind: 'not-taken', because: 'too-large' }
  try {
    const receivedAt =
      now === null
        ? acceptedAt(message.storedMs, message.headers?.get(messageHeaders.receivedAt) ?? '')
        : (new Date(now).toISOString() as Instant)
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

function headersOf({ headers }: Pulled): Readonly<Record<string, string>> {
  const given: [string, string][] = []
  for (const name of headers?.keys() ?? []) {
    if (!name.toLowerCase().startsWith(messageHeaders.ofRequest.toLowerCase())) continue
    given.push([name.slice(messageHeaders.ofRequest.length), headers?.get(name) ?? ''])
  }
  return keptHeaders(given)
}
