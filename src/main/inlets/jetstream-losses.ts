import type { ConsumerInfo, JsMsg, StreamInfo } from '@nats-io/jetstream'
import type { Checkpoint } from './inlet.ts'

/** Tells what the stream had to let go before it came to us. */
export type LossWatch = {
  /** A message came, in the order of the server. */
  saw(message: JsMsg): void
  /** All messages up to this one are recorded. Throws where that cannot be written down. */
  settled(message: JsMsg): void
}

/**
 * Every stored message has a number of its own, so what stands between the last one recorded here and the oldest that is left was removed
 * unseen. Nothing is claimed where numbers are missing for another reason: another stream of that name, a consumer that sees some subjects
 * only, a mirror, and what was removed before the consumer existed. Duplicates that the server dropped never had a number.
 */
export function createLossWatch({
  stream,
  consumer,
  checkpoint,
  onLost,
}: {
  readonly stream: StreamInfo
  readonly consumer: ConsumerInfo
  readonly checkpoint: Checkpoint
  readonly onLost: (count: number) => void
}): LossWatch {
  const canTell = stream.config.mirror === undefined && !isFiltered(consumer)
  const since = Date.parse(consumer.created)
  const gone = Math.max(stream.state.first_seq, 1) - 1
  const known = positionOf(checkpoint.read(), stream.created)
  let recorded = known ?? gone
  if (gone > recorded) {
    if (canTell) onLost(gone - recorded)
    recorded = gone
  }
  checkpoint.write(`${stream.created} ${recorded}`)
  let next = Math.max(recorded, consumer.delivered.stream_seq) + 1

  return {
    saw(message) {
      if (message.redelivered) return
      if (canTell && message.seq > next && message.time.getTime() >= since) onLost(message.seq - next)
      next = Math.max(next, message.seq + 1)
    },
    settled(message) {
      recorded = Math.max(recorded, message.seq)
      checkpoint.write(`${stream.created} ${recorded}`)
    },
  }
}

/** Up to where this very stream is recorded; null where nothing is known of it. */
function positionOf(kept: string | null, created: string): number | null {
  const match = /^(\S+) (\d{1,15})$/.exec(kept ?? '')
  return match !== null && match[1] === created ? Number(match[2]) : null
}

function isFiltered({ config }: ConsumerInfo): boolean {
  return (config.filter_subject ?? '') !== '' || (config.filter_subjects ?? []).length > 0
}
