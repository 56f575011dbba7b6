import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  ReplayPolicy,
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

/** Longest time after which a message may be handed out again: what was in flight at a crash is waited for. */
const mostAckWaitMs = 300_000

function whyUnfit({ config }: ConsumerInfo): string | null {
  const isFiltered = (config.filter_subject ?? '') !== '' || (config.filter_subjects ?? []).length > 0
  if (config.deliver_subject !== undefined && config.deliver_subject !== '') return 'pushes, and Tocsin pulls'
  if (config.ack_policy !== AckPolicy.Explicit) return 'does not ask for each message to be acknowledged'
  if (config.max_deliver !== undefined && config.max_deliver > 0) return 'gives up on a message after some tries'
  if (config.headers_only === true) return 'leaves out what the messages hold'
  if (config.deliver_policy !== DeliverPolicy.All) return 'does not begin with what the stream still keeps'
  if (isFiltered) return 'hands out some subjects only, so nobody could tell what is missing'
  if (config.replay_policy === ReplayPolicy.Original) return 'hands out what was kept no faster than it once came'
  if ((config.inactive_threshold ?? 0) > 0) return 'is removed while this computer is away'
  if (ackWaitOf(config) > mostAckWaitMs) return 'waits for more than five minutes before it hands out a message again'
  return null
}

/** After how many ms what was not acknowledged comes again at the latest. */
export function ackWaitOf(config: ConsumerInfo['config']): number {
  return Math.max(config.ack_wait ?? 0, ...(config.backoff ?? [])) / nanosPerMs || consumerLimits.ackWaitMs
}

export type PullSize = {
  /** How many messages may be on their way at a time. */
  readonly messages: number
  /** Of one message, its headers included. */
  readonly largest: number
}

/** Room for messages between the server and the history. */
const pulledBytes = 8 * 1024 * 1024
const mostPulled = 128

/** How much may be on its way at a time, so that memory stays bounded whatever messages hold; null where one may be too large for that. */
export function pullSize({ config }: StreamInfo, serverMost: number | undefined, consumerMost: number | undefined): PullSize | null {
  const ofServer = serverMost ?? mostPayloadBytes
  const largest = config.max_msg_size > 0 ? Math.min(config.max_msg_size, ofServer) : ofServer
  if (largest > mostPayloadBytes) return null
  const most = (consumerMost ?? 0) > 0 ? Math.min(mostPulled, consumerMost ?? 0) : mostPulled
  return { messages: Math.max(1, Math.min(most, Math.floor(pulledBytes / largest))), largest }
}

function isMissing(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code
}
