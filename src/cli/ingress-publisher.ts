import { createHash } from 'node:crypto'
import { jetstream, jetstreamManager, type JetStreamClient } from '@nats-io/jetstream'
import { errors, headers, type NatsConnection } from '@nats-io/transport-node'
import type { Delivery, Outcome } from '../main/ingest/delivery.ts'
import { createConnection, type Connection, type Link, type LinkEnd, type LinkReport } from '../main/inlets/connection.ts'
import { messageHeaders } from '../main/inlets/jetstream-message.ts'
import { ensureStream } from '../main/inlets/jetstream-set-up.ts'
import { keptHeaders } from '../main/inlets/kept-headers.ts'
import { connectNats, explainNats } from '../main/inlets/nats.ts'
import type { Credentials } from './ingress-secrets.ts'

/** SlashID waits for 2 s by default: the answer has to be on its way by then. */
const patienceMs = 1_700
const heartbeatMs = 10_000
/** So many in a row that were not kept are no accident. */
const mostFailures = 3
/** Whether it still fails is found out by the next delivery, and a probe that turns them away would keep it from coming. */
const failingMs = 60_000
const compactForm = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

export type Publisher = Pick<Connection, 'start' | 'stop'> & {
  /** `kept` only once the server has acknowledged that the message is in the stream. */
  publish(delivery: Delivery): Promise<Outcome>
  /** Why deliveries cannot be kept now, in words that anyone may read; null where they can. */
  whyUnhealthy(): string | null
}

/** Keeps one connection to the server, for ever, and puts deliveries into the stream while it lasts. */
export function createPublisher({
  url,
  caFile,
  credentials,
  stream,
  subject,
  say,
  now,
}: {
  readonly url: string
  readonly caFile: string | null
  readonly credentials: Credentials
  readonly stream: string
  readonly subject: string
  readonly say: (text: string) => void
  readonly now: () => number
}): Publisher {
  let client: { readonly stream: JetStreamClient; readonly far: string } | null = null
  let failures = 0
  let failedAt = 0
  /** Why the last one was not kept, as it was said; empty where it was. */
  let failing = ''

  function open(report: LinkReport): Link {
    let close = (): void => {}
    const closed = new Promise<LinkEnd>((resolve) => (close = () => resolve({ kind: 'lost', detail: 'The connection was given up.' })))
    return { ended: hold(report, closed), close }
  }

  /** Whatever ends it, the next try comes within a minute: nobody may be there to change something and say so. */
  async function hold(report: LinkReport, closed: Promise<LinkEnd>): Promise<LinkEnd> {
    const secret = credentials.read()
    if (secret.kind === 'unreadable') return { kind: 'lost', detail: secret.detail }
    const dial = new AbortController()
    let isIn = false
    void closed.then(() => {
      if (!isIn) dial.abort()
    })
    const connected = await connectNats({ url, caFile, login: credentials.login, secret: secret.value }, dial.signal)
    if (connected.kind === 'ended') return { ...connected.end, kind: 'lost' }
    isIn = true
    const { nats, far, ended, close } = connected
    let timer: NodeJS.Timeout | undefined
    try {
      const unfit = await whyUnfit(nats)
      if (unfit !== null) return { kind: 'lost', detail: unfit }
      timer = setInterval(() => void nats.flush().then(report.heard, () => {}), heartbeatMs)
      client = { stream: jetstream(nats), far }
      report.live(null)
      return await Promise.race([ended, closed])
    } catch (error) {
      return { kind: 'lost', detail: explainNats(far, error).detail }
    } finally {
      client = null
      clearInterval(timer)
      await close()
    }
  }

  /** Makes sure that there is a stream, where this user may ask: one who may only publish finds out by publishing. */
  async function whyUnfit(nats: NatsConnection): Promise<string | null> {
    try {
      const manager = await jetstreamManager(nats, { checkAPI: false })
      const { config } = await ensureStream(manager, stream, subject)
      if ((await manager.streams.find(subject)) === stream) return null
      return `The stream ${stream} does not take ${subject}, but ${config.subjects.join(', ').slice(0, 200)}. Name one of those with --subject.`
    } catch (error) {
      if (error instanceof errors.PermissionViolationError) return null
      if (error instanceof Error && error.cause instanceof errors.PermissionViolationError) return null
      if (error instanceof Error && error.message === 'no stream matches subject')
        return `No stream takes ${subject}. Name a subject of ${stream} with --subject.`
      throw error
    }
  }

  /** What was said last: the same once more would only fill the log. */
  let trouble = ''
  const { start, stop } = createConnection({
    open,
    onState(state) {
      if (state.kind === 'live') {
        trouble = ''
        say('Connected to NATS: deliveries are kept there.')
      }
      if (state.kind !== 'waiting' || state.detail === trouble) return
      trouble = state.detail
      say(`Not connected to NATS: ${state.detail} Until then whoever posts is told to try again (503).`)
    },
    onBug: (error) => say(`A bug: ${error instanceof Error ? error.message : String(error)}`),
    now,
    random: Math.random,
    schedule(task, afterMs) {
      const timer = setTimeout(task, afterMs)
      return () => clearTimeout(timer)
    },
  })

  async function publish({ body, headers: given, receivedAt }: Delivery): Promise<Outcome> {
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
    if (!compactForm.test(text)) return { kind: 'refused', because: 'not-a-token' }
    const by = client
    if (by === null) return { kind: 'failed', because: 'not-committed' }
    const own = headers()
    own.set(messageHeaders.receivedAt, receivedAt)
    // The rest of the path is the secret.
    own.set(messageHeaders.path, '/in')
    for (const [name, value] of Object.entries(keptHeaders(Object.entries(given)))) own.set(messageHeaders.ofRequest + name, value)
    const msgID = createHash('sha256')
      .update(text.slice(0, text.lastIndexOf('.')))
      .digest('hex')
    try {
      const { duplicate } = await by.stream.publish(subject, body, {
        headers: own,
        msgID,
        timeout: patienceMs,
        expect: { streamName: stream },
      })
      succeeded()
      return duplicate ? { kind: 'duplicate' } : { kind: 'kept', sequence: 0 as never }
    } catch (error) {
      // The end of a connection is said by itself.
      if (client === by) failed(explainNats(by.far, error).detail)
      return { kind: 'failed', because: 'not-committed' }
    }
  }

  function failed(detail: string): void {
    failures++
    failedAt = now()
    if (detail === failing) return
    failing = detail
    say(`Not kept: ${detail} Whoever posts is told to try again (503).`)
  }

  function succeeded(): void {
    failures = 0
    if (failing === '') return
    failing = ''
    say('Deliveries are kept again.')
  }

  function whyUnhealthy(): string | null {
    if (client === null) return 'not connected to NATS'
    return failures >= mostFailures && now() - failedAt < failingMs ? 'NATS does not keep deliveries' : null
  }

  return { start, stop, publish, whyUnhealthy }
}
