import type { Instant } from '../../shared/detection.ts'
import type { InletSetUp } from '../../shared/inlets.ts'
import { createConnection, type Link, type LinkEnd, type LinkReport } from './connection.ts'
import type { StreamEvent, StreamPart } from './event-bytes.ts'
import { openEventStream } from './event-stream.ts'
import { createFeed, feedLimits } from './feed.ts'
import type { FetchingInlet, FetchingParts, NotTaken } from './inlet.ts'
import { keptHeaders } from './kept-headers.ts'

/** What one event means in its server's format. */
export type Reading =
  | { readonly kind: 'delivery'; readonly body: Uint8Array; readonly headers: Headers; readonly isBacklog: boolean }
  /** The server has let us in. */
  | { readonly kind: 'greeting' }
  | { readonly kind: 'history-lost' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'not-taken'; readonly because: NotTaken }
type Headers = Iterable<readonly [name: string, value: string]>

/** How to subscribe, decided anew for every connection. */
export type Subscription = {
  readonly kind: 'subscription'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly far: string
  readonly secretWord: string | null
  /** `liveAt` is when this connection began, by the server's own clock where it tells it, epoch ms. */
  read(event: StreamEvent, liveAt: number): Reading
  /** What to resume from after the event of this id; null where the server keeps nothing. */
  positionOf(id: string | null): string | null
}

/** What becomes of the position once something is settled: another one, none any more, or, where this is null, what it was. */
type Mark = { readonly id: string | null } | null

/** A flood of the largest deliveries costs several times what is in flight, as text and as garbage; ordinary ones are far below. */
const limits = { ...feedLimits, bytes: 2 * 1024 * 1024 }

/** How long what is in flight may take to be recorded once its connection is gone. */
const settleMs = 2_000

/** What gosmee and smee have in common: deliveries are events of one endless answer, and a position, where there is one, is an event's id. */
export function createEventInlet(parts: FetchingParts<InletSetUp>, subscribe: () => Subscription | LinkEnd): FetchingInlet {
  const { setUp, ingest, checkpoint, onTurnedAway, onLost, onBug, onState, now, random, schedule } = parts
  return createConnection({ open, onState, onBug, now, random, schedule })

  function open(report: LinkReport): Link {
    const subscription = subscribe()
    if (subscription.kind !== 'subscription') return { ended: Promise.resolve(subscription), close() {} }
    const { read, positionOf, ...request } = subscription
    const marker = createMarker()
    let liveAt = now()
    let isLive = false
    let isResumable = false
    let isKept = checkpoint.read() !== null

    const feed = createFeed<Mark>({ ingest, onSettled: marker.move, onFailed, onBug, limits })
    const stream = openEventStream({
      ...request,
      onOpen: (farNow) => (liveAt = farNow ?? liveAt),
      onHeard: report.heard,
      onPart,
      onBug,
    })
    return { ended: end(), close: () => stream.close() }

    async function onPart(part: StreamPart): Promise<void> {
      const id = positionOf(part.id)
      isResumable ||= id !== null
      const position: Mark = id === null ? null : { id }
      const reading: Reading = part.kind === 'event' ? read(part, liveAt) : { kind: 'not-taken', because: 'too-large' }
      if (reading.kind === 'not-taken') onTurnedAway(reading.because)
      else becomeLive()
      if (reading.kind === 'history-lost') onLost(null)
      if (reading.kind !== 'delivery') {
        feed.skip(position)
        return feed.room()
      }
      // It gave ids once, and does no more: what it had kept for us may be gone, and from now on it keeps nothing.
      const isForgotten = isKept && id === null
      if (isForgotten) {
        isKept = false
        onLost(null)
      }
      const { body, isBacklog } = reading
      const receivedAt = new Date(now()).toISOString() as Instant
      await feed.push(
        { body, headers: keptHeaders(reading.headers), inlet: setUp.id, receivedAt, isBacklog },
        isForgotten ? { id: null } : position,
      )
    }

    function becomeLive(): void {
      if (isLive) return
      isLive = true
      report.live(null)
    }

    function onFailed(): void {
      if (!isResumable) onLost(null)
      stream.close(isResumable ? sentAgain : notSentAgain)
    }

    async function end(): Promise<LinkEnd> {
      const ended = await stream.ended
      await new Promise<void>((resolve) => {
        const cancel = schedule(resolve, settleMs)
        void feed.idle().then(() => {
          cancel()
          resolve()
        })
      })
      marker.finish()
      return ended
    }
  }

  /** Writes positions down, the newest of those that come together: a commit settles hundreds of deliveries at once. */
  function createMarker() {
    let newest: Mark = null
    let planned: NodeJS.Immediate | null = null
    let isFinished = false

    function write(): void {
      planned = null
      if (newest === null) return
      try {
        checkpoint.write(newest.id)
        newest = null
      } catch (error) {
        // What was passed is in the history; at worst it comes once more.
        onBug(error)
      }
    }

    return {
      move(mark: Mark): void {
        if (isFinished || mark === null) return
        newest = mark
        planned ??= setImmediate(write)
      },
      finish(): void {
        isFinished = true
        if (planned !== null) clearImmediate(planned)
        write()
      },
    }
  }
}

const sentAgain: LinkEnd = {
  kind: 'lost',
  detail: 'The history could not keep what arrived. Nothing is lost: the server keeps it and sends it again once it can be kept.',
}
const notSentAgain: LinkEnd = {
  kind: 'lost',
  detail:
    'The history could not keep what arrived, and this server sends nothing twice: what came at this moment is lost. See what the history says of its trouble.',
}
