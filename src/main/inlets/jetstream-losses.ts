import type { ConsumerInfo, StreamInfo } from '@nats-io/jetstream'
import type { Checkpoint } from './inlet.ts'
import type { Pulled } from './jetstream-message.ts'

/** Tells what the stream had to let go before it came to us, and up to where everything is recorded. */
export type LossWatch = {
  /** How many that were handed out before this link are still to come. */
  returning(): number
  /** A message came, in the order of the server. `elsewhere`: before it, others were handed out to somebody else. */
  saw(message: Pulled): 'ours' | 'elsewhere'
  /** These are recorded, and all that came before them. Throws where that cannot be written down. */
  settled(messages: readonly Pulled[]): void
}

/** What the checkpoint says, in the order in which it is written. */
type Position = {
  /** When the stream was created: another one of its name counts anew. */
  readonly stream: string
  /** Recorded are all messages up to this one. */
  readonly recorded: number
  /** When the consumer was created. */
  readonly consumer: string
  /** Messages up to this one were handed out before; `again` of those after `recorded` came again and are recorded. */
  readonly highest: number
  readonly again: number
}

type Standing = { readonly stream: StreamInfo; readonly consumer: ConsumerInfo; readonly checkpoint: Checkpoint }

/**
 * Every stored message has a number of its own, so what stands between the last one recorded here and the oldest that is left was removed
 * unseen, and so was what the consumer passed over. Nothing is claimed of a mirror, nor of what was removed before the consumer existed.
 * Duplicates that the server dropped never had a number. A loss is told once the position that has passed it is written, so it is told
 * once.
 */
export function createLossWatch({
  stream,
  consumer,
  checkpoint,
  onLost,
}: Standing & { readonly onLost: (count: number | null) => void }): LossWatch {
  const canTell = stream.config.mirror === undefined
  const since = Date.parse(consumer.created)
  const { delivered, ack_floor: floor, num_ack_pending: outstanding } = consumer
  const gone = goneOf(stream)
  const known = knownOf({ stream, consumer, checkpoint })
  const isNewStream = known === null && readPosition(checkpoint.read()) !== null
  const start = Math.max(gone, floor.stream_seq)
  // Of what was handed out before we knew of it, all but what is outstanding is settled.
  let { recorded, highest, again } = known ?? {
    recorded: start,
    highest: start,
    again: Math.max(0, delivered.stream_seq - start - outstanding),
  }
  /** Distinct ones of this link, of what had been handed out before it. */
  const came = new Set<number>()
  let left = outstanding
  let lostBefore = 0

  function write(): void {
    checkpoint.write(`${stream.created} ${recorded} ${consumer.created} ${highest} ${again}`)
  }

  function passTo(seq: number): void {
    recorded = Math.max(recorded, seq)
    highest = Math.max(highest, recorded)
    again = 0
  }

  function tell(count: number): void {
    if (canTell && count > 0) onLost(count)
  }

  if (known !== null) {
    // What the consumer has passed, and nobody has in hand, is gone as well.
    const passed = outstanding === 0 ? Math.max(gone, delivered.stream_seq, highest) : gone
    if (passed > recorded && passed >= highest) {
      lostBefore = passed - recorded - again
      passTo(passed)
    }
  }
  if (outstanding > 0) highest = Math.max(highest, delivered.stream_seq)
  let next = Math.max(highest, delivered.stream_seq) + 1
  let lastHandedOut = delivered.consumer_seq
  write()
  tell(lostBefore)
  if (isNewStream) onLost(null)
  /** What was passed over before a message that is not settled yet. */
  let passedOver: { readonly before: number; readonly count: number }[] = []

  /** How many turn out to be lost by this one. */
  function pass({ seq }: Pulled): number {
    if (left > 0 && seq <= delivered.stream_seq) {
      if (!came.has(seq) && seq > recorded && seq <= highest) again++
      came.add(seq)
      left = outstanding - came.size
    } else {
      // Newer ones come only after all that was handed out before, so what has not come by now never will.
      left = 0
    }
    if (left > 0) return 0
    const never = Math.max(0, highest - recorded - again)
    passTo(Math.max(highest, seq))
    const unseen = passedOver.filter(({ before }) => before <= seq).reduce((sum, { count }) => sum + count, 0)
    passedOver = passedOver.filter(({ before }) => before > seq)
    return never + unseen
  }

  return {
    returning: () => left,
    saw({ seq, deliverySeq, storedMs }) {
      if (deliverySeq > lastHandedOut + 1) return 'elsewhere'
      lastHandedOut = Math.max(lastHandedOut, deliverySeq)
      if (seq > next && storedMs >= since) passedOver.push({ before: seq, count: seq - next })
      next = Math.max(next, seq + 1)
      return 'ours'
    },
    settled(messages) {
      const lost = messages.reduce((sum, message) => sum + pass(message), 0)
      write()
      tell(lost)
    },
  }
}

/** Whether everything that was handed out before is recorded, so that nothing has to be waited for: its acknowledgements were lost. */
export function isAllRecorded(standing: Standing): boolean {
  const known = knownOf(standing)
  return known !== null && known.recorded === known.highest && standing.consumer.delivered.stream_seq <= known.recorded
}

/** What was handed out, is not outstanding, and never came here: removed from the stream since, or acknowledged by somebody else. */
export function unaccounted(standing: Standing): { readonly count: number; isAmong(seq: number): boolean } {
  const known = knownOf(standing)
  const { delivered, num_ack_pending: outstanding } = standing.consumer
  const from = Math.max(known?.recorded ?? delivered.stream_seq, goneOf(standing.stream))
  return {
    count: delivered.stream_seq - from - (known?.again ?? 0) - outstanding,
    isAmong: (seq) => seq > from && seq <= delivered.stream_seq,
  }
}

function goneOf(stream: StreamInfo): number {
  return Math.max(stream.state.first_seq, 1) - 1
}

/** The position in this very stream; null where nothing is known of it. */
function knownOf({ stream, consumer, checkpoint }: Standing): Position | null {
  const kept = readPosition(checkpoint.read())
  if (kept === null || kept.stream !== stream.created) return null
  // A new consumer hands out everything anew.
  return isSameConsumer(kept.consumer, consumer) ? kept : { ...kept, highest: kept.recorded, again: 0 }
}

/** A server that restarts reads when a consumer was created from a file that it wrote a moment later. */
function isSameConsumer(created: string, consumer: ConsumerInfo): boolean {
  return Math.abs(Date.parse(created) - Date.parse(consumer.created)) < 50
}

function readPosition(kept: string | null): Position | null {
  const match = /^(\S+) (\d{1,15}) (\S+) (\d{1,15}) (\d{1,15})$/.exec(kept ?? '')
  if (match === null) return null
  const [, stream = '', recorded, consumer = '', highest, again] = match
  return { stream, recorded: Number(recorded), consumer, highest: Number(highest), again: Number(again) }
}
