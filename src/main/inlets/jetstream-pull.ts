import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node'
import type { Schedule } from '../ingest/refresher.ts'
import type { LinkEnd } from './connection.ts'
import { pulledOf, type Pulled } from './jetstream-message.ts'
import type { PullSize } from './jetstream-set-up.ts'

export type Puller = {
  /** Asks for as many as there is room for. Called again whenever there is more. */
  pull(held: number): void
  /** Takes no more. Resolves once the server has said that what was on its way is here; rejects where the connection is gone. */
  drain(): Promise<void>
  stop(): void
}

/** Subject, reply address and line of a message, beside what the stream's own limit counts. */
const envelopeBytes = 8 * 1024
/** What a request may take beyond its time. */
const graceMs = 5_000

/**
 * Asks a consumer for messages, one request at a time and never for more than there is room for: the client library asks for more as soon
 * as messages arrive, handled or not, and keeps whatever a server sends beyond what was asked.
 */
export function createPuller({
  nats,
  stream,
  consumer,
  size,
  expiresMs,
  schedule,
  onMessage,
  onHeartbeat,
  onMalformed,
  onEnd,
  onError,
}: {
  readonly nats: NatsConnection
  readonly stream: string
  readonly consumer: string
  readonly size: PullSize
  readonly expiresMs: number
  readonly schedule: Schedule
  readonly onMessage: (message: Pulled) => void
  readonly onHeartbeat: () => void
  /** What no consumer hands out. */
  readonly onMalformed: () => void
  readonly onEnd: (end: LinkEnd) => void
  readonly onError: (error: unknown) => void
}): Puller {
  const inbox = createInbox()
  let requests = 0
  /** How many may still come of the request that is open; null without one. */
  let open: number | null = null
  let held = 0
  let isStopped = false
  let isDraining = false
  let cancelDeadline = (): void => {}
  const lost = (what: string): void => onEnd({ kind: 'lost', detail: `${what} Everything is set up anew by itself.` })

  function take(error: Error | null, message: Msg): void {
    if (isStopped) return
    if (error !== null) return onError(error)
    if (message.headers !== undefined && message.headers.code > 0) return heed(message)
    // A message too many, or too large, is one that nobody asked for: there is no room kept for it.
    if (open === null || open === 0) return giveUp('The server sends more messages than it was asked for, so the connection was ended.')
    if (sizeOf(message) > size.largest + envelopeBytes) {
      return giveUp('The server sends larger messages than its stream takes, so the connection was ended.')
    }
    open--
    const pulled = pulledOf(message)
    if (pulled === null) onMalformed()
    else {
      held++
      onMessage(pulled)
    }
    if (open === 0) next()
  }

  function heed({ headers, subject }: Msg): void {
    const { code = 0, description = '' } = headers ?? {}
    if (code === 100) return onHeartbeat()
    // Of a request that is over.
    if (subject !== `${inbox}.${requests}`) return
    if (code === 404 || code === 408) return next()
    const words = description.toLowerCase()
    if (code === 503) return lost('JetStream does not answer any more.')
    if (words.includes('consumer deleted')) return lost('The consumer of this computer was deleted at the server.')
    if (words.includes('stream deleted')) return lost('The stream was deleted at the server.')
    lost(`The server does not hand out messages (${code}: ${description.replace(/[^\x20-\x7e]/g, '?').slice(0, 100)}).`)
  }

  function giveUp(what: string): void {
    stop()
    lost(what)
  }

  function next(): void {
    cancelDeadline()
    open = null
    ask()
  }

  function ask(): void {
    if (isStopped || isDraining || open !== null || held > size.messages / 2) return
    open = size.messages - held
    requests++
    const asked = { batch: open, expires: expiresMs * 1_000_000, idle_heartbeat: (expiresMs / 2) * 1_000_000 }
    cancelDeadline = schedule(() => lost('The server has stopped to say that it is there.'), expiresMs + graceMs)
    nats.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(asked), { reply: `${inbox}.${requests}` })
  }

  function stop(): void {
    isStopped = true
    cancelDeadline()
    subscription.unsubscribe()
  }

  const subscription = nats.subscribe(`${inbox}.*`, { callback: take })
  return {
    pull(nowHeld) {
      held = nowHeld
      ask()
    },
    async drain() {
      cancelDeadline()
      isDraining = true
      await subscription.drain()
    },
    stop,
  }
}

/** With its headers, which the type does not tell. */
function sizeOf(message: Msg): number {
  return (message as Msg & { size(): number }).size()
}
