import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  type ConsumerInfo,
  type JetStreamManager,
  type StreamInfo,
} from '@nats-io/jetstream'
import type { LinkEnd } from './connection.ts'
import { refused } from './far-end.ts'
import { mostPayloadBytes } from './nats-frames.ts'

/** What a stream that Tocsin creates keeps: files, the newest first to stay. One that is there is used as it is. */
export const streamLimits = {
  maxAgeMs: 7 * 24 * 3_600_000,
  maxBytes: 512 * 1024 * 1024,
  /** A body of 256 KiB, and what its headers may take. */
  maxMessageBytes: 272 * 1024,
  /** In which the same signing input is kept once. Later ones are found in the history. */
  duplicateWindowMs: 3_600_000,
} as const

export const consumerLimits = {
  /** What is not acknowledged by then is sent again. */
  ackWaitMs: 30_000,
  /** More than the app holds between arrival and commit. */
  maxAckPending: 1_024,
} as const

const nanosPerMs = 1_000_000

export const defaultStream = 'TOCSIN'

/** The subject of deliveries, where nobody names another. */
export function subjectOf(stream: string): string {
  return `${stream.toLowerCase()}.deliveries`
}

/** The stream, created where it is absent. */
export async function ensureStream(manager: JetStreamManager, name: string, subject = subjectOf(name)): Promise<StreamInfo> {
  try {
    return await manager.streams.info(name)
  } catch (error) {
    if (!isMissing(error, JetStreamApiCodes.StreamNotFound)) throw error
  }
  return manager.streams.add({
    name,
    subjects: [subject],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: streamLimits.maxAgeMs * nanosPerMs,
    max_bytes: streamLimits.maxBytes,
    max_msg_size: streamLimits.maxMessageBytes,
    duplicate_window: streamLimits.duplicateWindowMs * nanosPerMs,
  })
}

/** The durable consumer of this computer, created where it is absent. One that would let deliveries go unkept is refused. */
export async function ensureConsumer(
  manager: JetStreamManager,
  stream: string,
  name: string,
  ackWaitMs: number,
): Promise<{ readonly kind: 'ready'; readonly info: ConsumerInfo } | { readonly kind: 'unfit'; readonly end: LinkEnd }> {
  let info: ConsumerInfo
  try {
    info = await manager.consumers.info(stream, name)
  } catch (error) {
    if (!isMissing(error, JetStreamApiCodes.ConsumerNotFound)) throw error
    info = await manager.consumers.add(stream, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: ackWaitMs * nanosPerMs,
      max_ack_pending: consumerLimits.maxAckPending,
      max_deliver: -1,
    })
  }
  const unfit = whyUnfit(info)
  if (unfit === null) return { kind: 'ready', info }
  return {
    kind: 'unfit',
    end: refused(`The consumer ${name} of the stream ${stream} ${unfit}. Name another one, which Tocsin creates as it needs it.`),
  }
}

function whyUnfit({ config }: ConsumerInfo): string | null {
  if (config.deliver_subject !== undefined && config.deliver_subject !== '') return 'pushes, and Tocsin pulls'
  if (config.ack_policy !== AckPolicy.Explicit) return 'does not ask for each message to be acknowledged'
  if (config.max_deliver !== undefined && config.max_deliver > 0) return 'gives up on a message after some tries'
  return null
}

/** Room for messages between the server and the history. */
const pulledBytes = 32 * 1024 * 1024
const mostPulled = 128

/** How many messages may be on their way at a time, so that memory stays bounded whatever they hold; null where one may be too large for that. */
export function pullSize({ config }: StreamInfo, serverMost: number | undefined): number | null {
  const ofServer = serverMost ?? mostPayloadBytes
  const largest = config.max_msg_size > 0 ? Math.min(config.max_msg_size, ofServer) : ofServer
  if (largest > mostPayloadBytes) return null
  return Math.min(mostPulled, Math.floor(pulledBytes / largest))
}

function isMissing(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code
}
