import { createParser, type EventSourceMessage } from 'eventsource-parser'

export type StreamEvent = { readonly event: string | null; readonly id: string | null; readonly data: string }

/** What a stretch of a stream turned out to hold, in order. */
export type StreamPart =
  | ({ readonly kind: 'event' } & StreamEvent)
  /** Larger than it may be: read away. `id` where it came first. */
  | { readonly kind: 'too-large'; readonly id: string | null }

export type EventLimits = {
  /** Of one event, comments aside. */
  readonly eventBytes: number
  /** Between the end of one event and that of the next, whatever they are: more of them, and there will be none. */
  readonly bytesBetween: number
}

/**
 * An event is at most a body of 256 KiB as base64 in JSON, in a box that is base64 in JSON, with its headers. What is read away, comments
 * among it, becomes garbage sooner than it is collected, so it counts as memory.
 */
export const eventLimits: EventLimits = { eventBytes: 768 * 1024, bytesBetween: 24 * 1024 * 1024 }

export type EventBytes = {
  /** Takes the next bytes of the stream, as far as what it gives is asked for: an event becomes text no sooner than that. */
  push(chunk: Uint8Array): Iterable<StreamPart>
  /** The event at hand is too large, or its line is, and its bytes are being read away. */
  isDiscarding(): boolean
  /** So much came without an event in it that there will be none. */
  isHopeless(): boolean
}

const LF = 10
const CR = 13
const colon = 58
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Cuts a stream into whole events before any of it becomes text: the parser never holds more than one, and none that is larger than
 * allowed. Where the chunks begin and end makes no difference.
 */
export function createEventBytes(limits: EventLimits = eventLimits): EventBytes {
  /** Grows to the largest event there was, and is used for all of them: a new one each would cost a flood of memory. */
  let buffer = Buffer.allocUnsafe(4 * 1024)
  /** Of the event at hand: what is kept of it, and where its current line begins. */
  let length = 0
  let lineStart = 0
  let isFirstLine = true
  /** The last byte ended a line as CR; an LF that follows belongs to it. */
  let isAfterCr = false
  /** null, or what is being read away: a comment up to its line's end, an event up to an empty line. */
  let discarding: 'comment' | 'event' | null = null
  let bytesSinceEvent = 0
  let isLineEmpty = true

  let parsed: EventSourceMessage | null = null
  const parser = createParser({ onEvent: (event) => (parsed = event) })

  function* push(chunk: Uint8Array): Iterable<StreamPart> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    // Where the next CR is, looked for again only once it lies behind: there is hardly ever one.
    let cr = bytes.indexOf(CR)
    let from = 0
    if (isAfterCr && bytes[0] === LF) from = 1
    if (bytes.length > 0) isAfterCr = false
    while (from < bytes.length) {
      if (cr !== -1 && cr < from) cr = bytes.indexOf(CR, from)
      const lf = bytes.indexOf(LF, from)
      const end = cr !== -1 && (lf === -1 || cr < lf) ? cr : lf
      bytesSinceEvent += (end === -1 ? bytes.length : end) + 1 - from
      const tooLarge = take(bytes, from, end === -1 ? bytes.length : end)
      if (tooLarge !== null) yield tooLarge
      if (end === -1) return
      const event = endLine()
      if (event !== null) yield event
      from = end + 1
      if (end === cr) {
        if (from === bytes.length) isAfterCr = true
        else if (bytes[from] === LF) from++
      }
    }
  }

  /** Takes bytes of one line. */
  function take(bytes: Buffer, from: number, to: number): StreamPart | null {
    const size = to - from
    if (size === 0) return null
    isLineEmpty = false
    if (discarding !== null) return null
    // One more for the end of the line.
    if (length + size + 1 > limits.eventBytes) return overflow(bytes[from])
    reserve(length + size + 1)
    bytes.copy(buffer, length, from, to)
    length += size
    return null
  }

  function overflow(first: number | undefined): StreamPart | null {
    const begins = length > lineStart ? buffer[lineStart] : first
    if (begins === colon) {
      discarding = 'comment'
      length = lineStart
      return null
    }
    discarding = 'event'
    const id = idSoFar()
    reset()
    return { kind: 'too-large', id }
  }

  function endLine(): StreamPart | null {
    const wasEmpty = isLineEmpty
    isLineEmpty = true
    if (discarding === 'comment') discarding = null
    else if (discarding === 'event') {
      if (wasEmpty) endEvent()
    } else if (wasEmpty) {
      return dispatch()
    } else {
      if (isFirstLine && buffer.subarray(0, 3).equals(byteOrderMark) && length >= 3) {
        buffer.copy(buffer, 0, 3, length)
        length -= 3
      }
      isFirstLine = false
      // Comments are not gathered: a far end may send nothing else for days, and never an empty line.
      if (buffer[lineStart] === colon || length === lineStart) length = lineStart
      else buffer[length++] = LF
      lineStart = length
    }
    return null
  }

  function dispatch(): StreamPart | null {
    isFirstLine = false
    if (length === 0) return null
    reserve(length + 1)
    buffer[length++] = LF
    const event = parse(buffer.toString('utf8', 0, length))
    reset()
    endEvent()
    return event === null ? null : { kind: 'event', event: event.event ?? null, id: event.id ?? null, data: event.data }
  }

  function endEvent(): void {
    discarding = null
    bytesSinceEvent = 0
  }

  /** The id among the whole lines of an event that has become too large. */
  function idSoFar(): string | null {
    return parse(`${buffer.toString('utf8', 0, lineStart)}data\n\n`)?.id ?? null
  }

  function parse(text: string): EventSourceMessage | null {
    parsed = null
    parser.feed(text)
    return parsed
  }

  function reset(): void {
    length = 0
    lineStart = 0
  }

  function reserve(needed: number): void {
    if (needed <= buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, Math.min(limits.eventBytes, buffer.length * 2)))
    buffer.copy(larger, 0, 0, length)
    buffer = larger
  }

  return {
    push,
    isDiscarding: () => discarding !== null,
    isHopeless: () => bytesSinceEvent > limits.bytesBetween,
  }
}
