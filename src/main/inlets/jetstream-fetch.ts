import { jetstreamManager, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream'
import type { NatsConnection, Subscription } from '@nats-io/transport-node'
import type { InletSetUp } from '../../shared/inlets.ts'
import type { LinkEnd, LinkReport } from './connection.ts'
import { refused } from './far-end.ts'
import { createFeed } from './feed.ts'
import type { FetchingParts } from './inlet.ts'
import { createLossWatch, type LossWatch } from './jetstream-losses.ts'
import { readMessage } from './jetstream-message.ts'
import { ensureConsumer, ensureStream, pullSize } from './jetstream-set-up.ts'

export type JetstreamParts = FetchingParts<Extract<InletSetUp, { kind: 'jetstream' }>>

const requestMs = 5_000
/** The server says this often that it is there while nothing comes. */
const heartbeatMs = 15_000
/** What could not be settled comes back after this time. */
const returnMs = 1_000
/** How long what is in flight may take to be settled at the end. */
const settleMs = 2_000

type Begun = {
  readonly messages: ConsumerMessages
  readonly losses: LossWatch
  /** How many are to come of what was kept meanwhile. */
  readonly waiting: number
  /** The number of the newest message that was kept before we came. */
  readonly lastKept: number
}

/** Fetches until `over`, or until it can go on no more; whatever is settled by then is acknowledged. Rejects with what the library throws. */
export async function fetchMessages(
  nats: NatsConnection,
  parts: JetstreamParts,
  { report, over, ackWaitMs }: { readonly report: LinkReport; readonly over: Promise<LinkEnd>; readonly ackWaitMs: number },
): Promise<LinkEnd> {
  const { setUp, ingest, onTurnedAway, onBug } = parts
  const begun = await Promise.race([begin(nats, parts, ackWaitMs), over])
  if ('detail' in begun) return begun
  const { messages, losses, lastKept } = begun
  let backlog = begun.waiting
  let isOver = false
  /** Handed on and not acknowledged yet, in order. */
  const unsettled = new Set<JsMsg>()
  let settled: JsMsg[] = []
  let finish: (end: LinkEnd) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const finished = new Promise<LinkEnd>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  const feed = createFeed<JsMsg>({
    ingest,
    onSettled(message) {
      // What one commit has settled is acknowledged together: the checkpoint moves once.
      if (settled.length === 0) setImmediate(acknowledge)
      settled.push(message)
    },
    onBug,
    onFailed: () => finish({ kind: 'lost', detail: 'A delivery could not be kept here. The server still has it and sends it again.' }),
  })

  async function take(): Promise<void> {
    for await (const message of messages) {
      if (isOver) {
        unsettled.add(message)
        continue
      }
      report.heard()
      if (!isOfJetstream(message)) {
        onTurnedAway('malformed')
        continue
      }
      losses.saw(message)
      unsettled.add(message)
      const read = readMessage(message, setUp.id, message.seq <= lastKept)
      if (read.kind === 'delivery') {
        await feed.push(read.delivery, message)
      } else {
        onTurnedAway(read.because)
        feed.skip(message)
        await feed.room()
      }
    }
  }

  async function watch(): Promise<void> {
    for await (const status of messages.status()) {
      if (status.type === 'heartbeat') report.heard()
      const end = endOf(status.type)
      if (end !== null) finish({ kind: 'lost', detail: `${end} Everything is set up anew by itself.` })
    }
  }

  /** The checkpoint first: it must never be behind what the server may forget. */
  function acknowledge(): void {
    const batch = settled
    settled = []
    const last = batch.at(-1)
    if (last === undefined) return
    try {
      losses.settled(last)
    } catch (error) {
      onBug(error)
      return finish({ kind: 'lost', detail: 'How far this way in has come could not be written down. It is tried again by itself.' })
    }
    for (const message of batch) {
      unsettled.delete(message)
      message.ack()
    }
    if (backlog === 0 || isOver) return
    const ofBacklog = batch.filter((message) => message.seq <= lastKept && !message.redelivered).length
    backlog = last.seq >= lastKept ? 0 : Math.max(0, backlog - ofBacklog)
    report.live(backlog)
  }

  report.live(backlog)
  void over.then(finish, fail)
  void watch().catch(fail)
  const taken = take().catch(fail)
  try {
    return await finished
  } finally {
    isOver = true
    await within(settleMs, parts, Promise.all([feed.idle(), drain(messages), taken]))
    messages.stop()
    acknowledge()
    // For the next link: what nobody answers for, the server holds back until the ack wait is over. Not at once, since servers before
    // 2.10 stumble over our last request, which is still with them: the first message would wait, and the last come twice.
    for (const message of unsettled) message.nak(returnMs)
  }
}

async function begin(nats: NatsConnection, { setUp, checkpoint, onLost }: JetstreamParts, ackWaitMs: number): Promise<Begun | LinkEnd> {
  const manager = await jetstreamManager(nats, { timeout: requestMs })
  const stream = await ensureStream(manager, setUp.stream)
  const consumer = await ensureConsumer(manager, setUp.stream, setUp.consumer, ackWaitMs)
  if (consumer.kind === 'unfit') return consumer.end
  const size = pullSize(stream, nats.info?.max_payload)
  if (size === null) {
    return refused(
      `The stream ${setUp.stream} takes messages larger than 8 MiB, and one of them could stop this way in. Set its max_msg_size; a delivery has 256 KiB at most.`,
    )
  }
  const handle = await manager.jetstream().consumers.get(setUp.stream, setUp.consumer)
  const messages = await handle.consume({
    max_messages: size,
    expires: 2 * heartbeatMs,
    idle_heartbeat: heartbeatMs,
    abort_on_missing_resource: true,
  })
  const losses = createLossWatch({ stream, consumer: consumer.info, checkpoint, onLost })
  return { messages, losses, waiting: consumer.info.num_pending, lastKept: stream.state.last_seq }
}

/** Takes no more, and lets what is already on its way come: the library's own `stop` would drop it unanswered. */
async function drain(messages: ConsumerMessages): Promise<void> {
  const { sub } = messages as unknown as { readonly sub: Subscription }
  await sub.drain().catch(() => {})
}

/** What makes it useless to go on with this link. */
function endOf(type: string): string | null {
  switch (type) {
    case 'consumer_deleted':
    case 'consumer_not_found':
      return 'The consumer of this computer was deleted at the server.'
    case 'stream_not_found':
      return 'The stream was deleted at the server.'
    case 'no_responders':
      return 'JetStream does not answer any more.'
    case 'heartbeats_missed':
      return 'The server has stopped to say that it is there.'
    default:
      return null
  }
}

function isOfJetstream(message: JsMsg): boolean {
  try {
    return Number.isSafeInteger(message.info.streamSequence) && message.timestampNanos > 0n
  } catch {
    return false
  }
}

/** Waits for the work, but no longer than this. */
async function within(ms: number, { schedule }: JetstreamParts, work: Promise<unknown>): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancel = schedule(resolve, ms)
    void work.finally(() => {
      cancel()
      resolve()
    })
  })
}
