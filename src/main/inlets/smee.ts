import { z } from 'zod'
import type { InletSetUp } from '../../shared/inlets.ts'
import { parseUrl } from '../../shared/parse-url.ts'
import type { LinkEnd } from './connection.ts'
import type { StreamEvent } from './event-bytes.ts'
import { createEventInlet, type Reading, type Subscription } from './event-inlet.ts'
import { farEnd, refused } from './far-end.ts'
import type { FetchingInlet, FetchingParts } from './inlet.ts'
import { receiverLimits } from './receiver.ts'

type SmeeSetUp = Extract<InletSetUp, { kind: 'smee' }>

/**
 * Deliveries by way of smee.io: for development only. It passes on what it read as JSON, never the bytes that were signed, and what is
 * sent while nobody listens is lost without a word.
 */
export function createSmeeInlet(parts: FetchingParts<SmeeSetUp>): FetchingInlet {
  function subscribe(): Subscription | LinkEnd {
    const url = parseUrl(parts.setUp.url)
    if (url === null || url.pathname.length < 2)
      return refused('The address must end in a channel, such as https://smee.io/a1B2c3D4e5F6g7H8.')
    // Ids begin at 0 with every connection and mean nothing later.
    return { kind: 'subscription', url, headers: {}, far: farEnd('smee server', url), secretWord: null, read, positionOf: () => null }
  }

  return createEventInlet(parts, subscribe)
}

const Delivery = z.looseObject({ body: z.json() })
const compactToken = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

function read(event: StreamEvent): Reading {
  if (event.event === 'ready') return { kind: 'greeting' }
  if (event.event !== null && event.event !== 'message') return { kind: 'nothing' }
  return readDelivery(event.data) ?? { kind: 'not-taken', because: 'malformed' }
}

/** A JSON string that is a token has lost nothing but its quotes. Any other body is as smee wrote it, and nobody signed that. */
function readDelivery(data: string): Reading | null {
  try {
    const delivery = Delivery.safeParse(JSON.parse(data))
    if (!delivery.success) return null
    const { body: json } = delivery.data
    const body = Buffer.from(typeof json === 'string' && compactToken.test(json) ? json : JSON.stringify(json))
    if (body.length > receiverLimits.bodyBytes) return { kind: 'not-taken', because: 'too-large' }
    const headers = Object.entries(delivery.data).filter(isHeader)
    return { kind: 'delivery', body, headers, isBacklog: false }
  } catch {
    // No JSON, or nested deeper than it can be written.
    return null
  }
}

function isHeader(member: [string, unknown]): member is [string, string] {
  const [name, value] = member
  return typeof value === 'string' && name !== 'body' && name !== 'query' && name !== 'timestamp'
}
