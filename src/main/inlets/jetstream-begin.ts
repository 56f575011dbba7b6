import { jetstreamManager, type ConsumerInfo, type JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { LinkEnd, LinkReport } from './connection.ts'
import { refused } from './far-end.ts'
import type { JetstreamParts } from './jetstream-fetch.ts'
import { createLossWatch, isAllRecorded, unaccounted, type LossWatch } from './jetstream-losses.ts'
import { ackWaitOf, ensureConsumer, ensureStream, pullSize, type PullSize } from './jetstream-set-up.ts'

export type Begun = {
  readonly kind: 'begun'
  readonly size: PullSize
  readonly expiresMs: number
  readonly losses: LossWatch
  /** How many are to come of what was kept meanwhile. */
  readonly waiting: number
  /** The number of the newest message that was kept before we came. */
  readonly lastKept: number
}

/** What one link leaves behind for the next. */
export type Memory = {
  /** Since when somebody else was seen to fetch by the same consumer; null while nobody is. */
  sharedSince: number | null
  /** What the last link gave back, and when the server hands it out again. */
  givenBack: { readonly count: number; readonly at: number }
}

export type Timing = {
  /** Of a consumer that has to be created. */
  readonly ackWaitMs: number
  /** How long one request for messages stands. The server says at half of it that it is there while nothing comes. */
  readonly expiresMs: number
}

const requestMs = 5_000
/** A request of the connection before this one ends with its time, and with it what looks like somebody else. */
const sharedGraceMs = 5_000
const lookEveryMs = 1_000
/** The server looks for what has to be handed out again a little after its time. */
const returnGraceMs = 500

/** Finds or makes the stream and the consumer, and waits for what was handed out before this link: it comes first, or order is lost. */
export async function begin(
  nats: NatsConnection,
  parts: JetstreamParts,
  { report, over, timing, memory }: { report: LinkReport; over: Promise<LinkEnd>; timing: Timing; memory: Memory },
): Promise<Begun | LinkEnd> {
  const { setUp, checkpoint, onLost } = parts
  const manager = await jetstreamManager(nats, { timeout: requestMs })
  const stream = await ensureStream(manager, setUp.stream)
  const found = await ensureConsumer(manager, setUp.stream, setUp.consumer, timing.ackWaitMs)
  if (found.kind === 'unfit') return found.end
  const { max_batch: mostAtOnce, max_expires: longestNanos = 0 } = found.info.config
  const size = pullSize(stream, nats.info?.max_payload, mostAtOnce)
  if (size === null) {
    return refused(
      `The stream ${setUp.stream} takes messages larger than 8 MiB, and one of them could stop this way in. Set its max_msg_size; a delivery has 256 KiB at most.`,
    )
  }
  const isOutstanding = found.info.num_ack_pending > 0 && !isAllRecorded({ stream, consumer: found.info, checkpoint })
  const consumer = isOutstanding ? await whenReturned(manager, found.info, parts, { report, over, memory }) : found.info
  if ('kind' in consumer) return consumer
  if (consumer.num_waiting > 0) return shared(parts, timing, memory)
  memory.sharedSince = null
  // What is removed while we wait is gone too.
  const current = consumer === found.info ? stream : await manager.streams.info(setUp.stream)
  if (await isTakenElsewhere(manager, { stream: current, consumer, checkpoint })) return refused(takenElsewhere(parts))
  const losses = createLossWatch({ stream: current, consumer, checkpoint, onLost })
  return {
    kind: 'begun',
    size,
    expiresMs: longestNanos > 0 ? Math.min(timing.expiresMs, longestNanos / 1_000_000) : timing.expiresMs,
    losses,
    waiting: consumer.num_pending + (isOutstanding ? consumer.num_ack_pending : 0),
    lastKept: current.state.last_seq,
  }
}

/** Waits until the server hands out again what was in flight when the last link ended. Newer messages would come before it otherwise. */
async function whenReturned(
  manager: JetStreamManager,
  found: ConsumerInfo,
  { setUp, now, schedule }: JetstreamParts,
  { report, over, memory }: { report: LinkReport; over: Promise<LinkEnd>; memory: Memory },
): Promise<ConsumerInfo | LinkEnd> {
  const startedAt = now()
  let consumer = found
  while (consumer.num_ack_pending > 0 && consumer.num_waiting === 0) {
    const returnsAt =
      consumer.num_ack_pending <= memory.givenBack.count
        ? memory.givenBack.at
        : startedAt + Math.max(0, ackWaitOf(consumer.config) - sinceLastHandedOut(consumer))
    const leftMs = returnsAt + returnGraceMs - now()
    if (leftMs <= 0) break
    report.live(consumer.num_pending + consumer.num_ack_pending)
    let cancel = (): void => {}
    const ended = await Promise.race([over, new Promise<null>((go) => (cancel = schedule(() => go(null), Math.min(leftMs, lookEveryMs))))])
    cancel()
    if (ended !== null) return ended
    consumer = await manager.consumers.info(setUp.stream, setUp.consumer)
  }
  return consumer
}

/** By the server's own clock, where it tells it (since 2.10): ours may be wrong. */
function sinceLastHandedOut({ ts, delivered }: ConsumerInfo): number {
  const elapsed = Date.parse(ts ?? '') - Date.parse(String(delivered.last_active))
  return Number.isFinite(elapsed) ? Math.max(0, elapsed) : 0
}

/** Whether somebody else has acknowledged messages that are still there. */
async function isTakenElsewhere(manager: JetStreamManager, standing: Parameters<typeof unaccounted>[0]): Promise<boolean> {
  const missing = unaccounted(standing)
  if (missing.count <= 0) return false
  const { state } = await manager.streams.info(standing.stream.config.name, { deleted_details: true })
  return missing.count > (state.deleted ?? []).filter(missing.isAmong).length
}

/** Each of two computers on one consumer gets a part only, and nobody all of it. */
function shared(parts: JetstreamParts, { expiresMs }: Timing, memory: Memory): LinkEnd {
  memory.sharedSince ??= parts.now()
  // The server may not have noticed yet that our own connection of a moment ago is dead.
  const mayBeOurs = parts.now() - memory.sharedSince < expiresMs + sharedGraceMs
  if (!mayBeOurs) return refused(takenElsewhere(parts))
  return {
    kind: 'lost',
    detail: `The consumer ${parts.setUp.consumer} is still in use: by the connection that this computer had before, or by another computer. The server keeps what comes; it is tried again by itself.`,
  }
}

export function takenElsewhere({ setUp }: JetstreamParts): string {
  return `Another computer uses the consumer ${setUp.consumer}, or a copy of this profile does, so that each gets a part of the deliveries only. Name another consumer: it begins with all that the stream ${setUp.stream} still keeps.`
}
